import { PaneInfoCoder, type WindowedValue } from "./beam-sdk.ts";
import { CombinePerKeyPrecombineOperator, OperatorContext, type Receiver } from "apache-beam/worker/operators";
import { ProcessBundleDescriptor } from "apache-beam/proto/beam_fn_api";
import type { Instant, IntervalWindow } from "apache-beam/values";
import Long from "long";
import { describe, expect, it } from "vitest";
import { streamingGraph } from "../pipeline/graph.ts";
import { pipelineFunctions } from "../pipeline/pipeline-functions.ts";
import { mergeSlots, type SlotQuotes } from "../windows/slot-quotes.ts";
import { Precombine } from "./precombine.ts";

type Sent = WindowedValue<{ readonly key: string; readonly value: SlotQuotes }>;

const WINDOW = { sizeMs: 900_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 0 };
const START = Date.UTC(2024, 0, 2, 14, 30);

describe("elements that are put together before they leave a worker", () => {
  it("are those of the SDK's own operator", async () => {
    const elements = [...quotesOf("A", 20), ...quotesOf("BRK.B", 3), ...quotesOf("A", 7)];
    const [sent, wanted] = [
      await sentBy(Precombine, elements),
      await sentBy(CombinePerKeyPrecombineOperator, elements),
    ];
    expect(sent).toHaveLength(new Set(sent.map(keyOf)).size);
    const inOrder = (all: readonly Sent[]) => all.map(shown).sort();
    expect(inOrder(sent)).toEqual(inOrder(wanted));
  });

  it("begin anew with every bundle", async () => {
    const sent: Sent[] = [];
    const operator = operatorOf(Precombine, sent);
    for (const symbol of ["A", "B"]) {
      await operator.startBundle();
      for (const element of quotesOf(symbol, 1)) await operator.process(element);
      await operator.finishBundle();
    }
    expect(sent.map(({ value }) => value.key)).toEqual([
      ...Array<string>(90).fill("A"),
      ...Array<string>(90).fill("B"),
    ]);
  });

  it("go on in parts where a bundle has more than can be held, and come to the same", async () => {
    class Small<In, Acc, Out> extends Precombine<In, Acc, Out> {
      override readonly mostHeld = 100;
    }
    const elements = [...quotesOf("A", 1), ...quotesOf("B", 1), ...quotesOf("A", 1, 1), ...quotesOf("B", 1, 1)];
    const sent = await sentBy(Small, elements);
    const merged = Map.groupBy(sent, keyOf);
    expect(sent.length).toBeGreaterThan(merged.size);
    expect(merged.size).toBe(2 * 91);
    const slots = [...merged.values()].map((parts) => Object.keys(mergeSlots(parts.map(({ value }) => value.value))));
    expect(slots.filter(({ length }) => length === 2)).toHaveLength(2 * 89);
  });
});

/** Quotes of a symbol in so many slots. */
function quotesOf(symbol: string, count: number, firstSlot = 0): WindowedValue<unknown>[] {
  return Array.from({ length: count }, (_, i) => {
    const slot = START + (firstSlot + i) * WINDOW.periodMs;
    const time: unknown = Long.fromNumber(slot);
    const timestamp = time as Instant;
    const windows = pipelineFunctions.assignWindows.call(WINDOW, timestamp);
    const value = { key: symbol, value: { symbol, slot, price: 1_000_000 + i, providerTime: slot } };
    return { value, windows, timestamp, pane: PaneInfoCoder.ONE_AND_ONLY_FIRING };
  });
}

async function sentBy(
  operator: typeof CombinePerKeyPrecombineOperator,
  elements: readonly WindowedValue<unknown>[],
): Promise<Sent[]> {
  const sent: Sent[] = [];
  const made = operatorOf(operator, sent);
  await made.startBundle();
  for (const element of elements) await made.process(element);
  await made.finishBundle();
  return sent;
}

/** The combining step of a job's graph, as a worker makes it. */
function operatorOf(Operator: typeof CombinePerKeyPrecombineOperator, sent: Sent[]) {
  const none = { subscription: "s", windowsTopic: "w", deadLetterTopic: "d", workerImage: "i" };
  const { components } = streamingGraph({ feed: "a/b", symbols: ["A"], window: WINDOW, ...none });
  const transform = Object.values(components?.transforms ?? {}).find(({ uniqueName }) => uniqueName === "Combine");
  if (components === undefined || transform === undefined) throw new Error("The graph has no Combine.");
  const { coders, pcollections, windowingStrategies, environments } = components;
  const descriptor = ProcessBundleDescriptor.create({ coders, pcollections, windowingStrategies, environments });
  const receiver = { receive: (element: Sent) => (sent.push(element), null) };
  const unused = () => {
    throw new Error("A combine asks for none of these.");
  };
  const context = new OperatorContext(
    descriptor,
    () => receiver as unknown as Receiver,
    unused,
    unused,
    unused,
    { transformId: undefined, instructionId: undefined },
    undefined as never,
  );
  return new Operator<unknown, unknown, unknown>("combine", transform, context);
}

function keyOf({ value, windows }: Sent): string {
  return `${value.key} ${String(windows[0]?.maxTimestamp())}`;
}

/** All that a runner would see of an element. */
function shown(element: Sent): string {
  const { value, windows, timestamp, pane } = element;
  const window = windows[0] as IntervalWindow | undefined;
  return JSON.stringify(
    [keyOf(element), value.value, String(window?.start), String(window?.end), String(timestamp), pane],
    (_, part: unknown) => (typeof part === "bigint" ? String(part) : part),
  );
}
