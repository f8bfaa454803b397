import { durationMs } from "../api/duration.ts";
import type { StockFeedSpec } from "../api/stockfeed.ts";
import { resolutionLabel, windowSpecs } from "../api/window-specs.ts";
import { hoursOf } from "../quotes/session.ts";
import { slotsPerWindow } from "../windows/window-spec.ts";

/** How much a feed makes on a day of its session, every symbol answering in every slot. */
export interface DailyVolume {
  readonly slots: number;
  readonly quotes: number;
  /** Rows by resolution, each counted once however often late quotes write it again. */
  readonly rows: readonly { readonly resolution: string; readonly rows: number }[];
  /** Pub/Sub messages, one a quote, and one a row from Dataflow. */
  readonly messagesPublished: number;
  /** The same, once for each subscription that gets them. */
  readonly messagesDelivered: number;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * What a feed makes a day. A window has a row where it holds a quote, so n slots in a row make n + k - 1 windows of k
 * slots: in a session, the windows that reach over its ends count too.
 */
export function dailyVolume(spec: StockFeedSpec): DailyVolume {
  const intervalMs = durationMs(spec.polling.interval);
  const hours = hoursOf(spec.polling);
  const slotsOfADay = DAY_MS / intervalMs;
  const slots = hours === undefined ? Math.round(slotsOfADay) : slotsBetween(hours.open, hours.close, intervalMs);
  const symbols = spec.symbols.length;
  const rows = windowSpecs(spec).map((window) => {
    const windows = hours === undefined ? slots : Math.min(slots + slotsPerWindow(window) - 1, Math.round(slotsOfADay));
    return { resolution: resolutionLabel(window), rows: windows * symbols };
  });
  const quotes = slots * symbols;
  const rowMessages = spec.engine === "Dataflow" ? rows.reduce((sum, each) => sum + each.rows, 0) : 0;
  const readers = spec.engine === "Dataflow" ? spec.resolutions.length : 1;
  return {
    slots,
    quotes,
    rows,
    messagesPublished: quotes + rowMessages,
    messagesDelivered: quotes * (readers + (spec.archive ? 1 : 0)) + rowMessages,
  };
}

/** Slots of a session, both ends polled; the open is a slot for every interval that divides half an hour. */
function slotsBetween(open: string, close: string, intervalMs: number): number {
  const ms = Date.parse(`1970-01-01T${close}Z`) - Date.parse(`1970-01-01T${open}Z`);
  return Math.floor(ms / intervalMs) + 1;
}
