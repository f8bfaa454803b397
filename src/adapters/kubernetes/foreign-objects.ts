import type { KubeObject, ObjectRef } from "../../api/kube-object.ts";
import type { Clock } from "../../ports.ts";

/** How long what was read of somebody else's object is taken for true. */
const FRESH_MS = 30_000;

/**
 * Objects of somebody else's that have the name of one of ours. The watches don't cover them, since they lack our label;
 * each is here since an apply met it. Whoever asks for one gets it as it was read last; where that was a while ago it is
 * read again in the background, and left out once it is gone. So a conflict costs a request when it is looked at, and
 * nothing else.
 */
export class ForeignObjects {
  readonly #objects = new Map<string, { readonly object: KubeObject; readAt: number }>();
  readonly #clock: Pick<Clock, "now">;
  readonly #read: (object: KubeObject) => Promise<KubeObject | undefined>;
  readonly #onGone: (object: KubeObject) => void;

  constructor(
    clock: Pick<Clock, "now">,
    read: (object: KubeObject) => Promise<KubeObject | undefined>,
    onGone: (object: KubeObject) => void,
  ) {
    this.#clock = clock;
    this.#read = read;
    this.#onGone = onGone;
  }

  put(object: KubeObject): void {
    const { name, namespace = "" } = object.metadata;
    this.#objects.set(keyOf({ kind: object.kind, namespace, name }), { object, readAt: this.#clock.now() });
  }

  /** The object is ours now, or its place is. */
  drop(ref: ObjectRef): void {
    this.#objects.delete(keyOf(ref));
  }

  get(ref: ObjectRef): KubeObject | undefined {
    const key = keyOf(ref);
    const entry = this.#objects.get(key);
    if (entry === undefined) return undefined;
    if (this.#clock.now() - entry.readAt > FRESH_MS) {
      entry.readAt = this.#clock.now();
      void this.#readAgain(key, entry.object);
    }
    return entry.object;
  }

  async #readAgain(key: string, object: KubeObject): Promise<void> {
    try {
      const latest = await this.#read(object);
      if (latest?.metadata.uid === object.metadata.uid || !this.#objects.delete(key)) return;
      this.#onGone(object);
    } catch {
      // Asked for again, it is tried again.
    }
  }
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}
