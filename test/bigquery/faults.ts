import { RestError } from "./rest-error.ts";

/** A call as faults and rights know it. */
export type CallName = "insertAll" | "query" | "look" | "change";

/**
 * What goes wrong, until it is mended or has happened `times` times, with the calls named or with every call:
 * unavailable is 503, quota 403 with reason rateLimitExceeded; with lostAnswer the work is done and the connection cut.
 */
export type Fault = { readonly calls?: readonly CallName[]; readonly times?: number } & (
  | { readonly kind: "unavailable" }
  | { readonly kind: "quota" }
  | { readonly kind: "lostAnswer" }
  | { readonly kind: "slow"; readonly ms: number }
  | {
      /** The caller lacks these permissions. */
      readonly kind: "forbidden";
      readonly permissions: readonly string[];
    }
  | {
      /** Rows that are picked are refused with the reason; the others of their request are taken. */
      readonly kind: "rowErrors";
      readonly reason: string;
      readonly pick: (json: Readonly<Record<string, unknown>>) => boolean;
    }
);

interface Active {
  readonly fault: Fault;
  left: number;
}

/** The faults that are on. */
export class Faults {
  readonly #active: Active[] = [];

  /** Switches a fault on; the function switches it off. */
  add(fault: Fault): () => void {
    const active = { fault, left: fault.times ?? Infinity };
    this.#active.push(active);
    return () => {
      const index = this.#active.indexOf(active);
      if (index >= 0) this.#active.splice(index, 1);
    };
  }

  clear(): void {
    this.#active.length = 0;
  }

  /** The first fault of a kind that meets the call; counts as having happened. */
  take<K extends Fault["kind"]>(kind: K, call: CallName): Extract<Fault, { readonly kind: K }> | undefined {
    const active = this.#active.find(
      ({ fault, left }) => fault.kind === kind && left > 0 && (fault.calls?.includes(call) ?? true),
    );
    if (!active) return undefined;
    active.left--;
    return active.fault as Extract<Fault, { readonly kind: K }>;
  }

  /** @throws RestError where the caller lacks the permission */
  demand(permission: string, resource: string): void {
    const lacks = ({ fault }: { readonly fault: Fault }) =>
      fault.kind === "forbidden" && fault.permissions.includes(permission);
    if (!this.#active.some(lacks)) return;
    const message = `Access Denied: ${resource}: Permission ${permission} denied on ${resource} (or it may not exist).`;
    throw new RestError(403, "accessDenied", message);
  }
}
