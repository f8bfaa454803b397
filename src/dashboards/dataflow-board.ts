import { HOURS, WORKER_USD_AN_HOUR } from "../plan/costs.ts";
import { PRICES_REGION } from "../plan/prices.ts";
import type { Board, Section } from "./board.ts";
import { bars, colored, lines, number } from "./panels.ts";
import * as sql from "./sql.ts";
import { bigQuerySource, datasetNames, labelValues, prometheusSource } from "./variables.ts";

const JOBS = `resolution=~"$resolution"`;
/** Jobs that have a worker. */
const AT_WORK = `stockfeed_jobs{${JOBS},state=~"Running|Updating|Draining|Cancelling"}`;
const PRICE = Number(WORKER_USD_AN_HOUR.toFixed(4));
const ESTIMATE = `one worker a job at USD ${PRICE} an hour by the list prices of ${PRICES_REGION} that stockfeed plan uses`;

const glance: Section = {
  title: "At a glance",
  panels: [
    number({
      title: "Jobs running",
      description: "Dataflow jobs of feeds that run: one a feed and resolution.",
      unit: "none",
      queries: [{ expr: `sum(stockfeed_jobs{${JOBS},state="Running"}) or vector(0)` }],
    }),
    number({
      title: "Jobs that don't run",
      description:
        "Jobs that are neither running nor suspended. For minutes it is a launch or an update; for longer see the feed's conditions.",
      unit: "none",
      limits: { warn: 1, bad: 5 },
      queries: [{ expr: `sum(stockfeed_jobs{${JOBS},state!~"Running|Suspended"}) or vector(0)` }],
    }),
    number({
      title: "Jobs failed",
      description:
        "Jobs whose last state is Failed. They are tried five times, and then the feed stalls until its spec changes.",
      unit: "none",
      limits: { bad: 1 },
      queries: [{ expr: `sum(stockfeed_jobs{${JOBS},state="Failed"}) or vector(0)` }],
    }),
    number({
      title: "Restarts after a failure",
      description: "Jobs that were launched again since the one before them failed, in the time shown.",
      unit: "none",
      decimals: 0,
      limits: { warn: 1, bad: 5 },
      queries: [
        { expr: `sum(increase(stockfeed_job_launches_total{${JOBS},cause="failure"}[$__range])) or vector(0)` },
      ],
    }),
    number({
      title: "Workers an hour, at least",
      description: `What the jobs at work cost an hour at least: ${ESTIMATE}. Under load Dataflow adds workers, up to maxWorkers.`,
      unit: "currencyUSD",
      decimals: 2,
      queries: [{ expr: `(sum(${AT_WORK}) or vector(0)) * ${PRICE}` }],
    }),
    number({
      title: "Workers a month, at least",
      description: `What they would cost in a month of ${HOURS} hours: ${ESTIMATE}. Pub/Sub and Streaming Engine come on top: stockfeed plan reckons them for a feed.`,
      unit: "currencyUSD",
      decimals: 0,
      queries: [{ expr: `(sum(${AT_WORK}) or vector(0)) * ${PRICE} * ${HOURS}` }],
    }),
  ],
};

const jobs: Section = {
  title: "Jobs",
  panels: [
    lines({
      title: "Jobs by state",
      description:
        "As the feeds' statuses say it. An update in place takes minutes; a drain as long as drainTimeout at most.",
      unit: "none",
      stacked: true,
      steps: true,
      overrides: [
        colored("Running", "green"),
        colored("Failed", "red"),
        colored("Updating", "yellow"),
        colored("Launching", "yellow"),
        colored("Suspended", "blue"),
        colored("Draining", "purple"),
      ],
      queries: [{ expr: `sum by (state) (stockfeed_jobs{${JOBS}})`, legend: "{{state}}" }],
    }),
    lines({
      title: "Launches in the last hour",
      description:
        "Jobs that were launched in the hour before: for the spec, which is a new feed or a change, or since the job before failed, which is a restart.",
      unit: "none",
      decimals: 0,
      overrides: [colored("for failure", "red"), colored("for spec", "blue")],
      queries: [
        { expr: `sum by (cause) (increase(stockfeed_job_launches_total{${JOBS}}[1h]))`, legend: "for {{cause}}" },
      ],
    }),
    lines({
      title: "Jobs by resolution",
      description:
        "Jobs at work by the length of their windows. Each has a worker of its own, however little it has to do.",
      unit: "none",
      stacked: true,
      steps: true,
      queries: [{ expr: `sum by (resolution) (${AT_WORK})`, legend: "{{resolution}}" }],
    }),
    lines({
      title: "Cost of workers, at least",
      description: `Dollars an hour of the jobs at work: ${ESTIMATE}.`,
      unit: "currencyUSD",
      decimals: 2,
      stacked: true,
      steps: true,
      queries: [{ expr: `sum by (resolution) (${AT_WORK}) * ${PRICE}`, legend: "{{resolution}}" }],
    }),
    lines({
      title: "Failures in a row",
      description:
        "Jobs of a feed's window that failed one after the other, until one runs. At five the feed stalls until its spec changes.",
      unit: "none",
      decimals: 0,
      width: 24,
      limits: { bad: 5 },
      queries: [
        {
          expr: `max by (feed, resolution) (stockfeed_job_failures{${JOBS}}) or on () label_replace(vector(0), "feed", "none", "", "")`,
          legend: "{{feed}} {{resolution}}",
        },
      ],
    }),
  ],
};

const lag: Section = {
  title: "Lag, as BigQuery has it",
  panels: [
    bars({
      title: "Age of the newest window",
      description:
        "How long ago the newest window ended that Dataflow wrote. It grows while nothing comes: outside a session that is as it should be.",
      unit: "s",
      limits: { warn: 60, bad: 300 },
      queries: [{ sql: sql.NEWEST_WINDOW_AGE }],
    }),
    lines({
      title: "Delay of rows",
      description:
        "The longest time from a window's end until its first row was written. Dataflow's own system lag is in Cloud Monitoring.",
      unit: "s",
      limits: { warn: 60, bad: 300 },
      queries: [{ sql: sql.ROW_DELAY }],
    }),
    lines({
      title: "Windows written",
      description: "Windows that Dataflow wrote in each part of the chart, and those of them that lack quotes.",
      unit: "none",
      width: 24,
      overrides: [colored("windows", "blue"), colored("incomplete", "orange")],
      queries: [{ sql: sql.WINDOWS_WRITTEN }],
    }),
  ],
};

/** How the Dataflow jobs of feeds are. */
export const DATAFLOW_BOARD: Board = {
  name: "dataflow",
  title: "Dataflow",
  description: "Do the jobs run, are they behind, do they restart, and what do they cost at least?",
  from: "now-6h",
  variables: [
    prometheusSource(),
    bigQuerySource(),
    ...datasetNames(),
    labelValues({
      name: "resolution",
      label: "Resolution",
      description: "Lengths of the jobs' windows.",
      series: "stockfeed_jobs",
      of: "resolution",
    }),
  ],
  sections: [glance, jobs, lag],
};
