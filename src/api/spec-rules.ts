import { celIsDuration, celMessage } from "./cel.ts";
import { durationMs } from "./duration.ts";
import type { SpecRule } from "./spec-rule.ts";
import { WINDOW_RULES } from "./window-rules.ts";

const EXTENDED_FIX = "Write session: NYSE, or remove extendedHours.";

const extendedHoursNeedASession: SpecRule = {
  reads: ["polling"],
  violations({ polling }) {
    if (!polling.extendedHours || polling.session === "NYSE") return [];
    return [
      {
        path: ["polling", "extendedHours"],
        value: true,
        rule: `needs session NYSE, not ${polling.session}`,
        fix: EXTENDED_FIX,
      },
    ];
  },
  cel: [
    {
      rule: "!self.polling.extendedHours || self.polling.session == 'NYSE'",
      message: celMessage({ rule: "needs session NYSE", fix: EXTENDED_FIX }),
      fieldPath: ".polling.extendedHours",
    },
  ],
};

/** The exchange's trading hours, both ends included: 09:30 to 16:00, or 04:00 to 20:00 with the extended ones. */
const SESSION_LENGTH = { regular: "6h30m", extended: "16h" } as const;

const NO_LONGER = "must be at most the session's length";
const SLOT_FIX = "Shorten it, or write session: Always; some days would go by without a slot.";

const everySessionHasASlot: SpecRule = {
  reads: ["polling"],
  violations({ polling }) {
    const longest = SESSION_LENGTH[polling.extendedHours ? "extended" : "regular"];
    if (polling.session !== "NYSE" || durationMs(polling.interval) <= durationMs(longest)) return [];
    return [
      {
        path: ["polling", "interval"],
        value: polling.interval,
        rule: `${NO_LONGER} (${longest})`,
        fix: SLOT_FIX,
      },
    ];
  },
  cel: [
    {
      rule:
        `self.polling.session != 'NYSE' || !${celIsDuration("self.polling.interval")} || ` +
        `duration(self.polling.interval) <= duration(self.polling.extendedHours ? ` +
        `'${SESSION_LENGTH.extended}' : '${SESSION_LENGTH.regular}')`,
      message: celMessage({
        rule: `${NO_LONGER} (${SESSION_LENGTH.regular}, or ${SESSION_LENGTH.extended} with extendedHours)`,
        fix: SLOT_FIX,
      }),
      fieldPath: ".polling.interval",
    },
  ],
};

const NO_MORE = "must be at most the number of symbols";
const IDLE = "a shard without symbols would be a Pod without work";

const shardsHaveSymbols: SpecRule = {
  reads: ["symbols", "polling"],
  violations({ symbols, polling }) {
    if (polling.shards <= symbols.length) return [];
    return [
      {
        path: ["polling", "shards"],
        value: polling.shards,
        rule: `${NO_MORE} (${symbols.length})`,
        fix: `Write ${symbols.length} or fewer; ${IDLE}.`,
      },
    ];
  },
  cel: [
    {
      rule: "self.polling.shards <= self.symbols.size() || self.symbols.size() == 0",
      message: celMessage({ rule: NO_MORE, fix: `Write fewer; ${IDLE}.` }),
      fieldPath: ".polling.shards",
    },
  ],
};

const DATAFLOW_PARTS = {
  dataflow: "Add dataflow: {projectIds: [acme], region: europe-west2, tempLocation: gs://acme/tmp}.",
  pubsub: "Add pubsub: {projectId: acme}, the project of the topics that the jobs read.",
  sink: "Add sink: {bigQuery: {projectId: acme, dataset: markets}}, where the jobs' rows land.",
} as const;

const partWording = (field: keyof typeof DATAFLOW_PARTS) => ({
  rule: "is required under engine Dataflow",
  fix: `${DATAFLOW_PARTS[field]} Or write engine: Embedded.`,
});

const partNames = Object.keys(DATAFLOW_PARTS) as (keyof typeof DATAFLOW_PARTS)[];

const dataflowHasItsParts: SpecRule = {
  reads: ["engine", ...partNames],
  violations(spec) {
    if (spec.engine !== "Dataflow") return [];
    return partNames
      .filter((field) => spec[field] === undefined)
      .map((field) => ({ path: [field], value: undefined, ...partWording(field) }));
  },
  cel: partNames.map((field) => ({
    rule: `self.engine != 'Dataflow' || has(self.${field})`,
    message: celMessage(partWording(field)),
    fieldPath: `.${field}`,
    reason: "FieldValueRequired",
  })),
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
  // A rule over pairs of 5,000 symbols would cost too much; the list's type says it.
  cel: [],
};

/** Every rule over several fields of a spec. */
export const SPEC_RULES: readonly SpecRule[] = [
  symbolsAreASet,
  ...WINDOW_RULES,
  extendedHoursNeedASession,
  everySessionHasASlot,
  shardsHaveSymbols,
  dataflowHasItsParts,
];
