/**
 * What Google Cloud asks, for a feed's windows: list prices in US dollars of region us-central1, without
 * free tiers, discounts and taxes. Nothing is looked up at run time.
 *
 * Caveat: three were read on Google's page, or in a copy of it. The page gives its figures to a browser alone, so the others
 * were looked up in November 2026 in public tables of other people's that quote it; each price has the month that it was
 * dated there, if it was. The tables agreed, but for one of five that has 0.00439 for a worker's memory.
 */

/** A price, when it held, and where it was read. */
export interface Price {
  readonly usd: number;
  readonly per: string;
  /** Google's page, which has the last word. */
  readonly page: string;
  /** On that page, or in tables of others that quote it. */
  readonly read: "there" | "quoted";
  /** When it held by what was read, `2025-08`; undefined where that bore no date. */
  readonly month?: string;
}

const DATAFLOW = "https://cloud.google.com/dataflow/pricing";
const PUBSUB = "https://cloud.google.com/pubsub/pricing";
const BIGQUERY = "https://cloud.google.com/bigquery/pricing";
const GKE = "https://cloud.google.com/kubernetes-engine/pricing";

/** Whose prices they are. */
export const PRICES_REGION = "us-central1";

export const PRICES = {
  podCpu: {
    usd: 0.0445,
    per: "vCPU and hour, requested by a Pod of GKE Autopilot",
    page: GKE,
    read: "quoted",
    month: "2026-09",
  },
  podMemory: {
    usd: 0.0049225,
    per: "GB and hour, requested by a Pod of GKE Autopilot",
    page: GKE,
    read: "quoted",
    month: "2026-09",
  },
  workerCpu: { usd: 0.069, per: "vCPU and hour of a streaming worker", page: DATAFLOW, read: "quoted" },
  workerMemory: { usd: 0.003557, per: "GB and hour of a worker", page: DATAFLOW, read: "quoted" },
  workerDisk: { usd: 0.000054, per: "GB and hour of a worker's standard disk", page: DATAFLOW, read: "quoted" },
  streamingEngine: { usd: 0.018, per: "GB that Streaming Engine processes", page: DATAFLOW, read: "quoted" },
  pubsub: { usd: 40, per: "TiB published or delivered", page: PUBSUB, read: "there", month: "2025-08" },
  pubsubToBigQuery: { usd: 50, per: "TiB delivered to a BigQuery subscription", page: PUBSUB, read: "quoted" },
  bigQueryInserts: {
    usd: 0.01,
    per: "200 MB streamed, a row being 1 KB at least",
    page: BIGQUERY,
    read: "there",
    month: "2025-08",
  },
  bigQueryStorage: {
    usd: 0.02,
    per: "GB and month, of tables that change",
    page: BIGQUERY,
    read: "there",
    month: "2025-08",
  },
} as const satisfies Readonly<Record<string, Price>>;

/** When the prices of a table held, as far as that is known. */
export function priceDates(prices: Readonly<Record<string, Price>>): string {
  const months = [...new Set(Object.values(prices).map(({ month }) => month))].sort();
  const known = months.filter((month) => month !== undefined);
  return [...known, ...(known.length < months.length ? ["no date"] : [])].join(", ");
}
