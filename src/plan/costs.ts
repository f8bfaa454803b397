/**
 * What a feed's windows cost a month under each engine: what computes them, what carries quotes to it, what brings rows
 * into BigQuery, and what keeps them there. What has nothing to do with windows is left out: the poller, the archive; and
 * queries.
 *
 * Caveat: an estimate by list prices (`PRICES`) and these assumptions, never held against a bill. Workers are those that a
 * job takes at least (`leastWorkers`), whether `maxWorkers` allows them or not; Dataflow may well add more.
 */
import type { StockFeedSpec } from "../api/stockfeed.ts";
import { windowSpecs } from "../api/window-specs.ts";
import { hoursOf } from "../quotes/session.ts";
import { WINDOWS_TABLE } from "../views/bigquery-schema.ts";
import { slotsPerWindow } from "../windows/window-spec.ts";
import { PRICES } from "./prices.ts";
import { leastWorkers, WORKER_CORES } from "./throughput.ts";
import { dailyVolume } from "./volume.ts";

export type Engine = StockFeedSpec["engine"];

/** A part of the costs. */
export interface CostLine {
  readonly what: string;
  /** US dollars a month. */
  readonly usd: number;
}

/** What the windows cost under one engine. */
export interface EngineCosts {
  readonly engine: Engine;
  readonly lines: readonly CostLine[];
  /** US dollars a month. */
  readonly usd: number;
}

/** Of a month. */
export const HOURS = 730;
const DAYS = 365 / 12;
/** Of the New York Stock Exchange, in a year and a twelfth of it. */
const TRADING_DAYS = 252 / 12;
const GB = 1e9;
const TIB = 2 ** 40;
/** A Pod of the engine, as GKE Autopilot rounds its requests up. */
const POD = { cpu: 0.25, gb: 0.5 };
/** A worker of Streaming Engine where no machine is named: n1-standard-2, with its boot disk. */
const WORKER = { cpu: WORKER_CORES, gb: 7.5, diskGb: 30 };
/** What that costs, US dollars an hour. */
export const WORKER_USD_AN_HOUR =
  WORKER.cpu * PRICES.workerCpu.usd + WORKER.gb * PRICES.workerMemory.usd + WORKER.diskGb * PRICES.workerDisk.usd;
/** Bytes of a message, with attributes, ID and time. */
const QUOTE_BYTES = 300;
const ROW_BYTES = 550;
/** What Pub/Sub takes a request for at least; a poller sends the quotes of a slot in one. */
const LEAST_REQUEST_BYTES = 1000;
/** Bytes of a quote in a window, on its way through Streaming Engine: a guess, and much where bundles combine first. */
const SHUFFLED_BYTES = 100;
/** Bytes of a row as BigQuery takes a streamed one for. */
const INSERTED_BYTES = 1024;
/** Bytes of a row's columns as BigQuery bills them, a text being of a dozen letters: https://cloud.google.com/bigquery/pricing#data */
const COLUMN_BYTES = { STRING: 2 + 12, INT64: 8, NUMERIC: 16, TIMESTAMP: 8 } as const;
const STORED_BYTES = WINDOWS_TABLE.columns.reduce((sum, { type }) => sum + COLUMN_BYTES[type], 0);
/** A job reads its messages twice: Dataflow follows event times by a second subscription. */
const READS_OF_A_JOB = 2;

/** The costs under each engine, the cheaper first. */
export function monthlyCosts(spec: StockFeedSpec): readonly EngineCosts[] {
  const days = hoursOf(spec.polling) === undefined ? DAYS : TRADING_DAYS;
  const { slots, quotes, rows } = dailyVolume(spec);
  const rowCount = rows.reduce((sum, each) => sum + each.rows, 0) * days;
  const published = days * slots * Math.max(LEAST_REQUEST_BYTES, (quotes / slots) * QUOTE_BYTES);
  const both = [embedded(published, rowCount), dataflow(spec, { published, quotes: quotes * days, rows: rowCount })];
  return both.sort((a, b) => a.usd - b.usd);
}

function embedded(quoteBytes: number, rows: number): EngineCosts {
  return total("Embedded", [
    { what: "1 Pod", usd: HOURS * (POD.cpu * PRICES.podCpu.usd + POD.gb * PRICES.podMemory.usd) },
    { what: "Pub/Sub, quotes in and out", usd: (2 * quoteBytes * PRICES.pubsub.usd) / TIB },
    { what: "BigQuery inserts", usd: ((rows * INSERTED_BYTES) / (200 * 2 ** 20)) * PRICES.bigQueryInserts.usd },
    storage(rows),
  ]);
}

function dataflow(
  spec: StockFeedSpec,
  month: { readonly published: number; readonly quotes: number; readonly rows: number },
): EngineCosts {
  const windows = windowSpecs(spec);
  const { streamingEngine, pubsub, pubsubToBigQuery } = PRICES;
  const windowsOfAQuote = windows.reduce((sum, window) => sum + slotsPerWindow(window), 0);
  const shuffled = month.quotes * windowsOfAQuote * SHUFFLED_BYTES;
  const rowBytes = month.rows * ROW_BYTES;
  const workers = leastWorkers(spec).reduce((sum, each) => sum + each.workers, 0);
  return total("Dataflow", [
    { what: jobsText(windows.length, workers), usd: workers * HOURS * WORKER_USD_AN_HOUR },
    { what: "Streaming Engine", usd: (shuffled / GB) * streamingEngine.usd },
    {
      what: "Pub/Sub, quotes in and out",
      usd: ((1 + READS_OF_A_JOB * windows.length) * month.published * pubsub.usd) / TIB,
    },
    { what: "Pub/Sub, rows to BigQuery", usd: (rowBytes * (pubsub.usd + pubsubToBigQuery.usd)) / TIB },
    storage(month.rows),
  ]);
}

function jobsText(jobs: number, workers: number): string {
  const of = workers === jobs ? "of 1 worker" : `of ${workers} workers together`;
  return `${jobs} ${jobs === 1 ? "job" : "jobs"} ${of}`;
}

/** Of a month's rows, for a month; each further month that they are kept costs as much, and half after the third. */
function storage(rows: number): CostLine {
  return { what: "BigQuery storage of a month's rows", usd: ((rows * STORED_BYTES) / GB) * PRICES.bigQueryStorage.usd };
}

function total(engine: Engine, lines: readonly CostLine[]): EngineCosts {
  return { engine, lines, usd: lines.reduce((sum, { usd }) => sum + usd, 0) };
}
