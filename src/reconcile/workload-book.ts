import type { KubeObject } from "../api/kube-object.ts";
import type { StockFeed } from "../api/stockfeed.ts";
import { type Component, COMPONENT_LABEL, ownerReference } from "./kube-ownership.ts";
import { partSharing } from "./part-sharing.ts";
import type { ControllerPorts, ControllerSettings } from "./ports.ts";

/** How much of a feed's workloads must not run. */
export type Hold = "nothing" | "poller" | "everything";

interface Entry {
  readonly feed: StockFeed;
  readonly restart: string | undefined;
  readonly hold: Hold;
  readonly objects: readonly KubeObject[];
  hash?: string;
}

/** Workloads as they are wanted, rendered anew only where something that they are made of has changed. */
export class WorkloadBook {
  readonly #render: ControllerPorts["render"];
  readonly #settings: ControllerSettings["workloads"];
  readonly #share = partSharing();
  readonly #entries = new Map<string, Entry>();

  constructor(render: ControllerPorts["render"], settings: ControllerSettings["workloads"]) {
    this.#render = render;
    this.#settings = settings;
  }

  /**
   * The objects, which nobody may change.
   * @param feed from the feed book, which gives the same one until its spec changes
   * @param hold what of it must not run
   */
  objects(object: KubeObject, feed: StockFeed, hold: Hold, restart: string | undefined): readonly KubeObject[] {
    const { uid = "" } = object.metadata;
    const entry = this.#entries.get(uid);
    if (entry?.feed === feed && entry.hold === hold && entry.restart === restart) return entry.objects;
    const settings = { ...this.#settings, owner: ownerReference(object), ...(restart !== undefined && { restart }) };
    const objects = this.#share(held(feed, hold, (each) => this.#render(each, settings)));
    this.#entries.set(uid, { feed, restart, hold, objects });
    return objects;
  }

  /** A hash of what was asked for last, computed once for it. */
  hashOf({ metadata: { uid = "" } }: KubeObject, compute: () => string): string {
    const entry = this.#entries.get(uid);
    const hash = entry?.hash ?? compute();
    if (entry !== undefined) entry.hash = hash;
    return hash;
  }

  /** Forgets a feed that is gone. */
  forget(uid: string): void {
    this.#entries.delete(uid);
  }
}

/** Whether an object is of this component. */
export function isOf(component: Component, { metadata }: KubeObject): boolean {
  return metadata.labels?.[COMPONENT_LABEL] === component;
}

/** What is held is rendered as of a suspended feed. */
function held(feed: StockFeed, hold: Hold, render: (feed: StockFeed) => readonly KubeObject[]): readonly KubeObject[] {
  if (hold === "nothing") return render(feed);
  const suspended = render({ ...feed, spec: { ...feed.spec, suspend: true } });
  if (hold === "everything") return suspended;
  return [
    ...suspended.filter((object) => isOf("poller", object)),
    ...render(feed).filter((object) => !isOf("poller", object)),
  ];
}
