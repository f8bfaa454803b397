import {
  CombinePerKeyPrecombineOperator,
  type OperatorContext,
  PaneInfoCoder,
  ProcessResultBuilder,
  type PTransform,
  registerOperator,
  type Window,
  type WindowedValue,
} from "./beam-sdk.ts";

interface Keyed<In> {
  readonly key: unknown;
  readonly value: In;
}

interface Group<Acc> {
  readonly window: Window;
  accumulator: Acc;
}

/**
 * A bundle's elements, put together by key and window before they leave the worker, as the SDK's own operator does it. That
 * one writes the window and the key as base64 for each element and each of its windows, of which a quote has up to 90, and
 * reads them again as accumulators go on; here a window is known by its last moment.
 *
 * Caveats: keys are strings or numbers, and of two windows that end at once one is taken for the other. Neither is otherwise
 * in a pipeline with windows of one size.
 */
export class Precombine<In, Acc, Out> extends CombinePerKeyPrecombineOperator<In, Acc, Out> {
  /** Accumulators that are held at most; beyond that all of them go on, and the bundle's next elements begin anew. */
  readonly mostHeld: number = 100_000;
  readonly #byKey = new Map<unknown, Map<number, Group<Acc>>>();
  #held = 0;

  constructor(transformId: string, transform: PTransform, context: OperatorContext) {
    super(transformId, transform, context);
    this.transformId = transformId;
  }

  override startBundle(): Promise<void> {
    this.#clear();
    return Promise.resolve();
  }

  override process({ value: element, windows }: WindowedValue<unknown>): Promise<void> | null {
    const { key, value } = element as Keyed<In>;
    const groups = this.#byKey.get(key) ?? new Map<number, Group<Acc>>();
    this.#byKey.set(key, groups);
    for (const window of windows) {
      const end = window.maxTimestamp().toNumber();
      let group = groups.get(end);
      if (group === undefined) {
        groups.set(end, (group = { window, accumulator: this.combineFn.createAccumulator() }));
        this.#held += 1;
      }
      group.accumulator = this.combineFn.addInput(group.accumulator, value);
    }
    return this.#held > this.mostHeld ? this.#sendAll() : null;
  }

  override async finishBundle(): Promise<void> {
    await this.#sendAll();
  }

  #sendAll(): Promise<void> | null {
    const sent = new ProcessResultBuilder();
    for (const [key, groups] of this.#byKey) {
      for (const { window, accumulator } of groups.values()) {
        const timestamp = window.maxTimestamp();
        const pane = PaneInfoCoder.ONE_AND_ONLY_FIRING;
        sent.add(this.receiver.receive({ value: { key, value: accumulator }, windows: [window], timestamp, pane }));
      }
    }
    this.#clear();
    return sent.build();
  }

  #clear(): void {
    this.#byKey.clear();
    this.#held = 0;
  }
}

/** Has every bundle that comes from now on be put together by a `Precombine`. */
export function usePrecombine(): void {
  registerOperator("beam:transform:combine_per_key_precombine:v1", Precombine);
}
