import { type AlertCase, A, B, FEED, polledEach, published } from "./alert-case.ts";

const lag = `stockfeed_watermark_lag_seconds{${FEED},pod="tech-stream-0"}`;
const dead = (pod: string) => `stockfeed_quotes_total{${FEED},outcome="dead_letter",pod="${pod}"}`;
const refused = `stockfeed_sink_rows_total{${FEED},outcome="failed",pod="tech-stream-0"}`;
const jobFailures = (window: string) => `stockfeed_job_failures{${FEED},resolution="${window}",${A}}`;
const errors = (labels: string) => `stockfeed_reconcile_errors_total{${labels}}`;
const leader = (labels: string) => `stockfeed_leader{${labels}}`;

const noLeader = {
  summary: "No operator looks after StockFeeds.",
  description:
    "No replica of the operator leads, or none is there. Feeds poll on; nothing is mended, changed, deleted or counted.",
};

export const ROW_CASES: readonly AlertCase[] = [
  {
    alert: "StockFeedWatermarkLag",
    behaves: "fires where the watermark stands",
    series: { [lag]: "0+30x60" },
    at: "15m",
    fires: {
      summary: "Windows of feed markets/tech close late.",
      description: "The watermark of feed markets/tech has been 10m 0s behind or more.",
    },
  },
  {
    alert: "StockFeedWatermarkLag",
    behaves: "does not fire for a feed that is polled each ten minutes, whose watermark moves that often",
    series: { [lag]: "0+30x19 0+30x19 0+30x19 0+30x19" },
    at: "39m30s",
  },
  {
    alert: "StockFeedWatermarkLag",
    behaves: "does not fire for a feed that is polled each half hour",
    series: { ...polledEach(1800), [lag]: "0+30x59 0+30x59 0+30x59" },
    at: "59m30s",
  },
  {
    alert: "StockFeedWatermarkLag",
    behaves: "fires where the watermark of a feed that is polled each 20 minutes stands for longer",
    series: { ...polledEach(1200), [lag]: "0+30x120" },
    at: "40m",
    fires: {
      summary: "Windows of feed markets/tech close late.",
      description: "The watermark of feed markets/tech has been 35m 0s behind or more.",
    },
  },
  {
    alert: "StockFeedWatermarkLag",
    behaves: "does not fire where a new stream catches up within minutes",
    series: { [lag]: "5+0x10 _x3 900-90x9 5+0x40" },
    at: "11m",
  },
  {
    alert: "StockFeedWatermarkLag",
    behaves: "ends when the feed is suspended or deleted, whose stream is gone",
    series: { [lag]: "900+0x30 stale" },
    at: "21m",
  },
  {
    alert: "StockFeedDeadLetters",
    behaves: "fires for quotes that poller and stream could not use, added up",
    series: { [dead("stockfeed-operator-a")]: "0+1x40", [dead("tech-stream-0")]: "0+1x40" },
    at: "20m",
    fires: {
      summary: "Quotes of feed markets/tech go to the dead letter.",
      description:
        "About 60 quotes of feed markets/tech went to the dead letter in the last 15 minutes, and into no window.",
    },
  },
  {
    alert: "StockFeedDeadLetters",
    behaves: "does not fire for other outcomes, nor for a counter that a restart begins at zero",
    series: { [published]: "0+9x60", [dead("tech-stream-0")]: "12+0x20 0+0x40" },
    at: "20m",
  },
  {
    alert: "StockFeedDeadLetters",
    behaves: "ends a quarter of an hour after the last",
    series: { [dead("tech-stream-0")]: "0+0x4 3+0x60" },
    at: "19m",
  },
  {
    alert: "StockFeedSinkFailing",
    behaves: "fires where rows are refused for ten minutes",
    series: { [refused]: "0+30x40" },
    at: "12m",
    fires: {
      summary: "BigQuery takes no rows of feed markets/tech.",
      description:
        "Rows of feed markets/tech are refused again and again, 300 in the last 5 minutes. Quotes wait on the topic, for 7 days.",
    },
  },
  {
    alert: "StockFeedSinkFailing",
    behaves: "does not fire for an outage of four minutes",
    series: { [refused]: "0+0x4 0+30x8 240+0x40" },
    at: "11m",
  },
  {
    alert: "StockFeedSinkFailing",
    behaves: "does not fire where a new stream begins at zero",
    series: { [refused]: "500+0x20 0+0x40" },
    at: "20m",
  },
  {
    alert: "StockFeedJobFailed",
    behaves: "fires once for a feed, however many of its windows have no job",
    series: { [jobFailures("1m")]: "1+0x10 2+0x30", [jobFailures("5m")]: "1+0x40" },
    at: "12m",
    fires: {
      summary: "A Dataflow job of feed markets/tech failed.",
      description:
        "2 Dataflow jobs in a row failed for a window of feed markets/tech. It is tried five times; after that a person has to look.",
    },
  },
  {
    alert: "StockFeedJobFailed",
    behaves: "gives the next job five minutes to run",
    series: { [jobFailures("1m")]: "1+0x8 stale" },
    at: "4m",
  },
  {
    alert: "StockFeedReconcileErrors",
    behaves: "fires where one feed always fails, though it comes back each 1,000 s alone",
    series: { [errors(A)]: "0+1x9 10+0x32 11+0x32 12+0x32 13+0x32" },
    at: "60m",
    fires: {
      summary: "Reconciles of StockFeeds fail.",
      description:
        "For half an hour calls of the Kubernetes API or of Google Cloud have failed, 1 reconciles with them in the last 20 minutes. Feeds poll on as they are.",
    },
  },
  {
    alert: "StockFeedReconcileErrors",
    behaves: "does not fire for an outage of five minutes",
    series: { [errors(A)]: "0+0x4 0+20x10 200+0x100" },
    at: "31m",
  },
  {
    alert: "StockFeedReconcileErrors",
    behaves: "takes a restart for no error, and leaves other releases to their own alerts",
    series: {
      [errors(A)]: "30+0x40 0+0x100",
      [errors('namespace="other",job="other/stockfeed-operator",pod="x"')]: "0+1x140",
    },
    at: "60m",
  },
  {
    alert: "StockFeedNoLeader",
    behaves: "fires where the operator is gone altogether",
    series: { [leader(A)]: "1+0x10 stale" },
    at: "11m",
    fires: noLeader,
  },
  {
    alert: "StockFeedNoLeader",
    behaves: "fires where nothing was ever scraped",
    series: {},
    at: "6m",
    fires: noLeader,
  },
  {
    alert: "StockFeedNoLeader",
    behaves: "fires where two replicas stand by, and another release has its leader",
    series: {
      [leader(A)]: "0+0x40",
      [leader(B)]: "0+0x40",
      [leader('namespace="other",job="other/stockfeed-operator",pod="x"')]: "1+0x40",
    },
    at: "6m",
    fires: noLeader,
  },
  {
    alert: "StockFeedNoLeader",
    behaves: "does not fire where one of two leads",
    series: { [leader(A)]: "1+0x40", [leader(B)]: "0+0x40" },
    at: "15m",
  },
  {
    alert: "StockFeedNoLeader",
    behaves: "does not fire where one hands over to the other within two minutes",
    series: { [leader(A)]: "1+0x20 stale", [leader(B)]: "0+0x24 1+0x40" },
    at: "12m",
  },
];
