/**
 * What Google Cloud asks, for a feed's windows: list prices in US dollars of region us-central1, without
 * free tiers, discounts and taxes. Nothing is looked up at run time.
 *
 * Caveat: the figures are of the month that the table is dated; `seen` says which were read on the page that is named.
 * The others were looked up in November 2026 in public tables of other people's that quote that page: those of Pods were
 * dated September 2026, the others not at all. They agreed, but for one of five that has 0.00439 for a worker's memory. The
 * page itself gives its figures to a browser alone.
 */

/** A price and where it stands. */
export interface Price {
  readonly usd: number;
  readonly per: string;
  readonly source: string;
  /** Whether the figure was read there, or in a copy of it; else where others quote it. */
  readonly seen: "there" | "quoted";
}

const DATAFLOW = "https://cloud.google.com/dataflow/pricing";
const PUBSUB = "https://cloud.google.com/pubsub/pricing";
const BIGQUERY = "https://cloud.google.com/bigquery/pricing";
const GKE = "https://cloud.google.com/kubernetes-engine/pricing";

/** When the prices held, and where. */
export const PRICES_OF = { month: "2025-08", region: "us-central1" } as const;

export const PRICES = {
  podCpu: { usd: 0.0445, per: "vCPU and hour, requested by a Pod of GKE Autopilot", source: GKE, seen: "quoted" },
  podMemory: { usd: 0.0049225, per: "GB and hour, requested by a Pod of GKE Autopilot", source: GKE, seen: "quoted" },
  workerCpu: { usd: 0.069, per: "vCPU and hour of a streaming worker", source: DATAFLOW, seen: "quoted" },
  workerMemory: { usd: 0.003557, per: "GB and hour of a worker", source: DATAFLOW, seen: "quoted" },
  workerDisk: { usd: 0.000054, per: "GB and hour of a worker's standard disk", source: DATAFLOW, seen: "quoted" },
  streamingEngine: { usd: 0.018, per: "GB that Streaming Engine processes", source: DATAFLOW, seen: "quoted" },
  pubsub: { usd: 40, per: "TiB published or delivered", source: PUBSUB, seen: "there" },
  pubsubToBigQuery: { usd: 50, per: "TiB delivered to a BigQuery subscription", source: PUBSUB, seen: "quoted" },
  bigQueryInserts: { usd: 0.01, per: "200 MB streamed, a row being 1 KB at least", source: BIGQUERY, seen: "there" },
  bigQueryStorage: { usd: 0.02, per: "GB and month, of tables that change", source: BIGQUERY, seen: "there" },
} as const satisfies Readonly<Record<string, Price>>;
