import { celIsDuration, celMs } from "./cel.ts";
import { durationMs, formatDuration } from "./duration.ts";
import { celIsInterval } from "./polling-spec.ts";
import type { SpecRule } from "./spec-rule.ts";

/**
 * What one (symbol, slot) cell may cost is bounded by their number. Both the longest window and the longest lateness
 * stay under it, so a feed's windows stay within what one Pod can hold.
 */
export const CELL_LIMIT = 50_000_000;

const INTERVAL = "self.polling.interval";
const PERIOD = celMs(INTERVAL);

/** That the durations which a rule counts with are durations; in `all`, a resolution is `r`. */
function durationsAreGood(...fields: ("interval" | "window" | "offset" | "allowedLateness")[]): string {
  const good = fields.map((field) => {
    if (field === "interval") return celIsInterval(INTERVAL);
    return `self.resolutions.all(r, ${ifThere(field)}${celIsDuration(`r.${field}`)})`;
  });
  return good.join(" && ");
}

/** Before a condition on a resolution's field: true of one without it. The default of a lateness breaks no rule. */
function ifThere(field: "window" | "offset" | "allowedLateness"): string {
  return field === "window" ? "" : `!has(r.${field}) || `;
}

const MULTIPLE = "must be a whole multiple of polling.interval";

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
        rule: `${MULTIPLE} (${spec.polling.interval})`,
        fix: `Write ${near.join(" or ")}, or change the interval.`,
      };
    });
  },
  cel: [
    {
      rule: `!(${durationsAreGood("interval", "window")}) || self.resolutions.all(r, ${celMs("r.window")} % ${PERIOD} == 0)`,
      message: `each window ${MULTIPLE}. Write a multiple, or change the interval.`,
      messageExpression: `'each window ${MULTIPLE} (' + ${INTERVAL} + '). Write a multiple, or change the interval.'`,
      fieldPath: ".resolutions",
    },
  ],
};

const DIFFERENT = "must differ from the other windows";

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
        rule: DIFFERENT,
        fix: `Remove it: resolutions[${first}] is as long.`,
      };
    });
  },
  cel: [
    {
      rule:
        `!(${durationsAreGood("window")}) || ` +
        `self.resolutions.all(r, self.resolutions.exists_one(q, ${celMs("q.window")} == ${celMs("r.window")}))`,
      message: `each window ${DIFFERENT}, however it is written. Remove one of those as long.`,
      fieldPath: ".resolutions",
    },
  ],
};

const BELOW = "must be below polling.interval";

const offsetsAreBelowTheInterval: SpecRule = {
  reads: ["polling", "resolutions"],
  violations(spec) {
    const interval = durationMs(spec.polling.interval);
    return spec.resolutions.flatMap(({ offset }, index) => {
      if (offset === undefined || durationMs(offset) < interval) return [];
      return {
        path: ["resolutions", index, "offset"],
        value: offset,
        rule: `${BELOW} (${spec.polling.interval})`,
        fix: `Write ${formatDuration(durationMs(offset) % interval)}, which starts windows at the same moments.`,
      };
    });
  },
  cel: [
    {
      rule:
        `!(${durationsAreGood("interval", "offset")}) || ` +
        `self.resolutions.all(r, !has(r.offset) || ${celMs("r.offset")} < ${PERIOD})`,
      message: `each offset ${BELOW}. Write what is left of it modulo the interval.`,
      messageExpression: `'each offset ${BELOW} (' + ${INTERVAL} + '). Write what is left of it modulo the interval.'`,
      fieldPath: ".resolutions",
    },
  ],
};

const BOUNDED = `must keep symbols x slots under ${count(CELL_LIMIT)}`;

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
          `${BOUNDED}, ` +
          `but ${count(spec.symbols.length)} symbols x ${count(slots)} slots are ${count(spec.symbols.length * slots)}`,
        fix: `Write at most ${formatDuration(most * interval)}, or take fewer symbols or a longer interval.`,
      };
    });
  },
  cel: (["window", "allowedLateness"] as const).map((field) => {
    const slots = `(${celMs(`r.${field}`)} + ${PERIOD} - 1) / ${PERIOD}`;
    return {
      rule:
        `!(${durationsAreGood("interval", field)}) || ` +
        `self.resolutions.all(r, ${ifThere(field)}self.symbols.size() * (${slots}) < ${CELL_LIMIT})`,
      message: `${field} ${BOUNDED}. Shorten it, or take fewer symbols or a longer interval.`,
      fieldPath: ".resolutions",
    };
  }),
};

/** The rules over windows and what is beside them. */
export const WINDOW_RULES: readonly SpecRule[] = [
  windowsAreMultiples,
  windowsAreUnique,
  offsetsAreBelowTheInterval,
  stateIsBounded,
];

function count(value: number): string {
  return value.toLocaleString("en-US");
}
