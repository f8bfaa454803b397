import { done, type Outcome } from "../outcome.ts";
import type { Step } from "../run.ts";

/** Keeps a feed that is deleted until its cloud objects are gone. */
export const FINALIZER = "stockfeed.dev/cloud-objects";

/** Sees that the feed can't go without its cloud objects, before there are any. */
export const keepFinalizer: Step = {
  name: "keep-finalizer",
  otherwise: "stop",
  async run({ object, ports }): Promise<Outcome> {
    if (object.metadata.finalizers?.includes(FINALIZER) !== true) await ports.cluster.setFinalizer(object, true);
    return done;
  },
};
