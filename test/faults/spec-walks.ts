/** Walks of one feed from spec to spec: specs of all kinds, by the names that a failure tells them by. */
import fc from "fast-check";

/** Specs by their names, for a feed of a namespace. */
type Specs = Readonly<Record<string, (namespace: string) => object>>;

const finnhub = { type: "Finnhub", credentialsSecretRef: { name: "there" } };
const onDataflow = (namespace: string, more: object = {}) => ({
  engine: "Dataflow",
  resolutions: [{ window: "1m" }],
  dataflow: { projectIds: [namespace], region: "europe-west2", tempLocation: "gs://acme/tmp" },
  ...more,
});
/** Specs that a cluster can run, by namespace. */
const VALID: Specs = {
  plain: () => ({}),
  unarchived: () => ({ archive: false }),
  suspended: () => ({ suspend: true }),
  sharded: () => ({ symbols: ["A", "B", "C"], polling: { interval: "30s", shards: 3, workload: "Deployment" } }),
  "of the session": () => ({
    polling: { session: "NYSE", interval: "5m" },
    resolutions: [{ window: "15m" }, { window: "1h" }],
  }),
  "with a Secret": () => ({ provider: finnhub }),
  labelled: () => ({ podTemplate: { nodeSelector: { pool: "feeds" }, labels: { team: "a" } } }),
  "on Dataflow": (namespace) => onDataflow(namespace),
  "on Dataflow, with other symbols": (namespace) => onDataflow(namespace, { symbols: ["IBM"] }),
  "on Dataflow, suspended": (namespace) => onDataflow(namespace, { suspend: true }),
};
/** What the API server takes and the operator does not run. */
const STALLED: Specs = {
  "of a project that is not allowed": () => ({ sink: { bigQuery: { projectId: "not-allowed", dataset: "markets" } } }),
  "without its Secret": () => ({ provider: { ...finnhub, credentialsSecretRef: { name: "missing" } } }),
  "over the provider's limit": () => ({ provider: finnhub, symbols: Array.from({ length: 99 }, (_, i) => `S${i}`) }),
  "of no address": () => ({ provider: { ...finnhub, baseUrl: "http://[::1]:8080" } }),
};
/** What the API server refuses. */
export const REFUSED: Specs = {
  "without symbols": () => ({ symbols: [] }),
  "of a window that no interval fits": () => ({ resolutions: [{ window: "15s" }] }),
};
/** All of them. */
export const SPECS: Specs = { ...VALID, ...STALLED, ...REFUSED };

const aValid = fc.constantFrom(...Object.keys(VALID));
const aSpec = fc.oneof(
  { weight: 4, arbitrary: aValid },
  { weight: 2, arbitrary: fc.constantFrom(...Object.keys(STALLED)) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(REFUSED)) },
);
/**
 * Whether a spec has jobs launched. What comes before a launch is over holds up what comes after by two minutes, for the
 * job may yet come to run: that is walked on virtual time, in src/reconcile/jobs.
 */
export function launches(spec: string): boolean {
  return spec.startsWith("on Dataflow") && !spec.endsWith("suspended");
}

/** Specs, each with whether it is waited for before the next one comes. */
export const aWalk = fc.record({
  /** Whether it begins where it ends: A → B → A. */
  returns: fc.boolean(),
  steps: fc.array(fc.tuple(aSpec, fc.boolean()), { minLength: 1, maxLength: 4 }),
  last: aValid,
});
export type Walk = typeof aWalk extends fc.Arbitrary<infer T> ? T : never;
