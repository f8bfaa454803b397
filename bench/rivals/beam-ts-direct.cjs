/**
 * Apache Beam's TypeScript SDK on its DirectRunner: parse, sliding windows, combine per symbol, one pipeline a size.
 * A process of its own, since the SDK patches the console. Reads a workload as JSON from standard input; prints, as one
 * JSON line, the totals of all rows and the seconds that the pipelines took.
 */
const util = require("node:util");
// The SDK's closure serializer asks for a function that Node removed in version 23.
util.isPrimitive ??= (value) => value === null || (typeof value !== "object" && typeof value !== "function");
console.debug = () => undefined;

require("apache-beam");
const Long = require("long");
const { directRunner } = require("apache-beam/runners/direct_runner");
const { requireForSerialization } = require("apache-beam/serialization");
const { create } = require("apache-beam/transforms/create");
const { combinePerKey } = require("apache-beam/transforms/internal");
const { windowParam } = require("apache-beam/transforms/pardo");
const { assignTimestamps, windowInto } = require("apache-beam/transforms/window");
const { slidingWindows } = require("apache-beam/transforms/windowings");

let quotes = [];
let total = [];
const lastEnd = { value: 0 };

const fns = {
  generate: () => quotes,
  timestamp: (quote) => Long.fromNumber(quote.time),
  bySymbol: (quote) => ({ key: quote.symbol, value: quote }),
  createAccumulator: () => ({}),
  addInput(slots, { time, price, providerTime }) {
    const held = slots[time];
    if (!held || providerTime > held.providerTime || (providerTime === held.providerTime && price > held.price)) {
      slots[time] = { price, providerTime };
    }
    return slots;
  },
  mergeAccumulators(all) {
    const merged = {};
    for (const slots of all) {
      for (const [time, quote] of Object.entries(slots)) fns.addInput(merged, { time: Number(time), ...quote });
    }
    return merged;
  },
  extractOutput: (slots) => slots,
  emit({ value }, { window }) {
    if (window.lookup().end.toNumber() > lastEnd.value) return;
    const times = Object.keys(value)
      .map(Number)
      .sort((a, b) => a - b);
    const prices = times.map((time) => value[time].price);
    const sum = prices.reduce((a, b) => a + b);
    const row = [
      1,
      prices.length,
      prices[0],
      prices.at(-1),
      Math.min(...prices),
      Math.max(...prices),
      sum / prices.length,
    ];
    row.forEach((figure, column) => (total[column] += figure));
  },
};
const combine = {
  createAccumulator: fns.createAccumulator,
  addInput: fns.addInput,
  mergeAccumulators: fns.mergeAccumulators,
  extractOutput: fns.extractOutput,
};
requireForSerialization("stockfeed-bench", { ...fns, combine });

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const work = JSON.parse(Buffer.concat(chunks).toString());
  quotes = work.quotes;
  // The last window to close is the last slot's; the runner fires the ones after it too.
  lastEnd.value = work.lastEnd;
  const bySize = [];
  const started = performance.now();
  for (const seconds of work.sizes) {
    total = [0, 0, 0, 0, 0, 0, 0];
    await directRunner().run((root) => {
      root
        .apply(create([0]))
        .flatMap(fns.generate)
        .apply(assignTimestamps(fns.timestamp))
        .apply(windowInto(slidingWindows(seconds, work.periodSeconds, Long.fromNumber(work.offsetSeconds))))
        .map(fns.bySymbol)
        .apply(combinePerKey(combine))
        .map(fns.emit, { window: windowParam() });
    });
    bySize.push(total);
  }
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000, bySize }) + "\n");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
