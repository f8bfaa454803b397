import { IntervalWindowCoder } from "apache-beam/coders/standard_coders";
import type { Pipeline } from "apache-beam/internal/pipeline";
import { serializeFn } from "apache-beam/internal/serialize";
import { JS_WINDOW_INTO_DOFN_URN } from "apache-beam/internal/urns";
import * as proto from "apache-beam/proto/beam_runner_api";
import { SlidingWindowsPayload } from "apache-beam/proto/standard_window_fns";
import type { PCollection } from "apache-beam/pvalue";
import { parDo } from "apache-beam/transforms/pardo";
import { createWindowingStrategyProto, type WindowFn } from "apache-beam/transforms/window";
import type { IntervalWindow } from "apache-beam/values";
import type { WindowSpec } from "../windows/window-spec.ts";
import { pipelineFunctions } from "./pipeline-functions.ts";

/**
 * Puts elements into the sliding windows of a spec. In place of the SDK's own, which says that an element has one window,
 * rounds to whole seconds, and has neither lateness nor accumulating panes.
 *
 * A pane is fired when the watermark passes a window's end, and another for each late element within the lateness, with
 * all that came before (the default trigger). The end of the lateness fires none.
 */
export function slidingWindows<T>(spec: WindowSpec) {
  return (input: PCollection<T>, pipeline: Pipeline, transform: proto.PTransform): PCollection<T> => {
    const windowFn = { ...spec, assignWindows: pipelineFunctions.assignWindows };
    const doFn = { urn: JS_WINDOW_INTO_DOFN_URN, payload: serializeFn({ windowFn }) };
    transform.spec = {
      urn: parDo.urn,
      payload: proto.ParDoPayload.toBinary(proto.ParDoPayload.create({ doFn })),
    };
    const coder = pipeline.context.getPCollectionCoderId(input);
    return pipeline.createPCollectionInternal<T>(coder, windowingStrategy(pipeline, spec));
  };
}

function windowingStrategy(pipeline: Pipeline, spec: WindowSpec): proto.WindowingStrategy {
  const { sizeMs, periodMs, offsetMs, allowedLatenessMs } = spec;
  const windowFn: WindowFn<IntervalWindow> = {
    // Only what describes it is asked for here; what assigns is in the transform.
    assignWindows: () => [],
    windowCoder: () => new IntervalWindowCoder(),
    toProto: () => ({
      urn: "beam:window_fn:sliding_windows:v1",
      payload: SlidingWindowsPayload.toBinary({
        size: duration(sizeMs),
        period: duration(periodMs),
        offset: duration(offsetMs),
      }),
    }),
    isMerging: () => false,
    assignsToOneWindow: () => false,
  };
  return {
    ...createWindowingStrategyProto(pipeline, windowFn),
    accumulationMode: proto.AccumulationMode_Enum.ACCUMULATING,
    closingBehavior: proto.ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
    allowedLateness: BigInt(allowedLatenessMs),
  };
}

function duration(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
