import type { CelRule } from "./cel.ts";
import type { StockFeedSpec } from "./spec-fields.ts";

/** A cross-field rule that a spec breaks. */
export interface Violation {
  /** Inside the spec. */
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  readonly rule: string;
  readonly fix: string;
}

/** A rule over several fields of a spec. */
export interface SpecRule {
  /** Fields of the spec that the rule looks at; while one of them is wrong in itself, the rule has nothing to say. */
  readonly reads: readonly (keyof StockFeedSpec)[];
  /** What breaks the rule; durations are well-formed, every default is filled in. */
  readonly violations: (spec: StockFeedSpec) => readonly Violation[];
  /** The same for the API server, each true of a spec that keeps the rule; none where the schema says it. */
  readonly cel: readonly CelRule[];
}
