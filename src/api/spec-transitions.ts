import { type CelRule, celMessage } from "./cel.ts";

/**
 * What of a spec must not change once it is there, since the change can't be honoured. Only the API server knows what
 * was there before, so a manifest on a laptop is never refused for it.
 *
 * The list is short on purpose: everything else can be carried over. The project of the topic can't. The log of seven
 * days lives in the old topic, from which a killed engine rebuilds its windows, and the operator finds what a feed owns
 * by its labels in the project that the spec names: under another name it would leave topic and subscriptions behind.
 */
export const SPEC_TRANSITIONS: readonly CelRule[] = [
  {
    rule: "!has(oldSelf.pubsub) || (has(self.pubsub) && self.pubsub.projectId == oldSelf.pubsub.projectId)",
    message: celMessage({
      rule: "must stay as it is: the log of quotes can't move to another project",
      fix: "Write it back, or delete the feed and apply it again.",
    }),
    fieldPath: ".pubsub",
    reason: "FieldValueForbidden",
  },
];
