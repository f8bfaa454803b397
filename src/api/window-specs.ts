import { defaultOffsetMs, type WindowSpec } from "../windows/window-spec.ts";
import { durationMs, formatDuration } from "./duration.ts";
import type { StockFeedSpec } from "./spec-fields.ts";

/** The sliding windows that a spec asks for, in its order; the offset's default filled in. */
export function windowSpecs(spec: Pick<StockFeedSpec, "polling" | "resolutions">): WindowSpec[] {
  const periodMs = durationMs(spec.polling.interval);
  return spec.resolutions.map(({ window, offset, allowedLateness }) => ({
    sizeMs: durationMs(window),
    periodMs,
    offsetMs: offset === undefined ? defaultOffsetMs(periodMs) : durationMs(offset),
    allowedLatenessMs: durationMs(allowedLateness),
  }));
}

/**
 * What a resolution is called, in metrics and to people: the window's length in its shortest notation.
 * @example resolutionLabel({ sizeMs: 60_000 }) === "1m"
 */
export function resolutionLabel(window: Pick<WindowSpec, "sizeMs">): string {
  return formatDuration(window.sizeMs);
}
