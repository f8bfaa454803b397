import { durationMs, formatDuration } from "./duration.ts";
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
}

/**
 * What one (symbol, slot) cell may cost is bounded by their number. Both the longest window and the longest lateness
 * stay under it, so a feed's windows stay within what one Pod can hold.
 */
export const CELL_LIMIT = 50_000_000;

const windowsAreMultiples: SpecRule = {
  reads: ["polling", "resolutions"],
  violations(spec) {
    const interval = durationMs(spec.polling.interval);
    return spec.resolutions.flatMap(({ window }, index) => {
      const ms = durationMs(window);
      if (ms % interval === 0) return [];
      const below = Math.floor(ms / interval) * interval;
      const near = [below, below + interval].filter((candidate) => candidate > 0).map(formatDuration);
      return {
        path: ["resolutions", index, "window"],
        value: window,
        rule: `must be a whole multiple of polling.interval (${spec.polling.interval})`,
        fix: `Write ${near.join(" or ")}, or change the interval.`,
      };
    });
  },
};

const windowsAreUnique: SpecRule = {
  reads: ["resolutions"],
  violations(spec) {
    const sizes = spec.resolutions.map(({ window }) => durationMs(window));
    return spec.resolutions.flatMap(({ window }, index) => {
      const first = sizes.indexOf(durationMs(window));
      if (first === index) return [];
      return {
        path: ["resolutions", index, "window"],
        value: window,
        rule: "must differ from the other windows",
        fix: `Remove it: resolutions[${first}] is as long.`,
      };
    });
  },
};

const offsetsAreBelowTheInterval: SpecRule = {
  reads: ["polling", "resolutions"],
  violations(spec) {
    const interval = durationMs(spec.polling.interval);
    return spec.resolutions.flatMap(({ offset }, index) => {
      if (offset === undefined || durationMs(offset) < interval) return [];
      return {
        path: ["resolutions", index, "offset"],
        value: offset,
        rule: `must be below polling.interval (${spec.polling.interval})`,
        fix: `Write ${formatDuration(durationMs(offset) % interval)}, which starts windows at the same moments.`,
      };
    });
  },
};

const stateIsBounded: SpecRule = {
  reads: ["symbols", "polling", "resolutions"],
  violations(spec) {
    const interval = durationMs(spec.polling.interval);
    const most = Math.ceil(CELL_LIMIT / spec.symbols.length) - 1;
    return (["window", "allowedLateness"] as const).flatMap((field) => {
      const lengths = spec.resolutions.map((resolution) => durationMs(resolution[field]));
      const longest = Math.max(...lengths);
      const slots = Math.ceil(longest / interval);
      if (slots <= most) return [];
      const index = lengths.indexOf(longest);
      return {
        path: ["resolutions", index, field],
        value: spec.resolutions[index]?.[field],
        rule:
          `must keep symbols x slots under ${count(CELL_LIMIT)}, ` +
          `but ${count(spec.symbols.length)} symbols x ${count(slots)} slots are ${count(spec.symbols.length * slots)}`,
        fix: `Write at most ${formatDuration(most * interval)}, or take fewer symbols or a longer interval.`,
      };
    });
  },
};

const extendedHoursNeedASession: SpecRule = {
  reads: ["polling"],
  violations({ polling }) {
    if (!polling.extendedHours || polling.session === "NYSE") return [];
    return [
      {
        path: ["polling", "extendedHours"],
        value: true,
        rule: `needs session NYSE, not ${polling.session}`,
        fix: "Write session: NYSE, or remove extendedHours.",
      },
    ];
  },
};

/** The exchange's trading hours, both ends included: 09:30 to 16:00, or 04:00 to 20:00 with the extended ones. */
const SESSION_LENGTH = { regular: "6h30m", extended: "16h" } as const;

const everySessionHasASlot: SpecRule = {
  reads: ["polling"],
  violations({ polling }) {
    const longest = SESSION_LENGTH[polling.extendedHours ? "extended" : "regular"];
    if (polling.session !== "NYSE" || durationMs(polling.interval) <= durationMs(longest)) return [];
    return [
      {
        path: ["polling", "interval"],
        value: polling.interval,
        rule: `must be at most the session's length (${longest})`,
        fix: "Shorten it, or write session: Always; some days would go by without a slot.",
      },
    ];
  },
};

const shardsHaveSymbols: SpecRule = {
  reads: ["symbols", "polling"],
  violations({ symbols, polling }) {
    if (polling.shards <= symbols.length) return [];
    return [
      {
        path: ["polling", "shards"],
        value: polling.shards,
        rule: `must be at most the number of symbols (${symbols.length})`,
        fix: `Write ${symbols.length} or fewer; a shard without symbols would be a Pod without work.`,
      },
    ];
  },
};

const dataflowHasItsParts: SpecRule = {
  reads: ["engine", "dataflow", "pubsub", "sink"],
  violations(spec) {
    if (spec.engine !== "Dataflow") return [];
    const fixes = {
      dataflow: "Add dataflow: {projectIds: [acme], region: europe-west2, tempLocation: gs://acme/tmp}.",
      pubsub: "Add pubsub: {projectId: acme}, the project of the topics that the jobs read.",
      sink: "Add sink: {bigQuery: {projectId: acme, dataset: markets}}, where the jobs' rows land.",
    };
    return (["dataflow", "pubsub", "sink"] as const)
      .filter((field) => spec[field] === undefined)
      .map((field) => ({
        path: [field],
        value: undefined,
        rule: "is required under engine Dataflow",
        fix: `${fixes[field]} Or write engine: Embedded.`,
      }));
  },
};

const symbolsAreASet: SpecRule = {
  reads: ["symbols"],
  violations({ symbols }) {
    const first = new Map<string, number>();
    return symbols.flatMap((symbol, index) => {
      const earlier = first.get(symbol);
      if (earlier === undefined) {
        first.set(symbol, index);
        return [];
      }
      return {
        path: ["symbols", index],
        value: symbol,
        rule: "must be there once",
        fix: `Remove it: symbols[${earlier}] is the same.`,
      };
    });
  },
};

/** Every rule over several fields of a spec. */
export const SPEC_RULES: readonly SpecRule[] = [
  symbolsAreASet,
  windowsAreMultiples,
  windowsAreUnique,
  offsetsAreBelowTheInterval,
  stateIsBounded,
  extendedHoursNeedASession,
  everySessionHasASlot,
  shardsHaveSymbols,
  dataflowHasItsParts,
];

function count(value: number): string {
  return value.toLocaleString("en-US");
}
