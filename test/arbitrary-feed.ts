import fc from "fast-check";
import type { z } from "zod";
import { formatDuration } from "../src/api/duration.ts";
import { API_VERSION, KIND, SYMBOL_PATTERN, type stockFeedSchema } from "../src/api/stockfeed.ts";

/** A manifest as people write it: what has a default may be missing. */
export type Manifest = z.input<typeof stockFeedSchema>;

const SECOND = 1_000;
const DAY = 24 * 3_600 * SECOND;

const duration = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((s) => formatDuration(s * SECOND));
const secret = fc.record({ name: fc.stringMatching(/^[a-z]{1,20}$/) });
const baseUrl = fc.constantFrom("https://quotes.example.com", "http://127.0.0.1:8081/v1");
const optional = { requiredKeys: ["type" as const, "credentialsSecretRef" as const] };

const provider: fc.Arbitrary<Manifest["spec"]["provider"]> = fc.oneof(
  fc.record({ type: fc.constant("Simulated" as const), seed: fc.nat() }, { requiredKeys: ["type"] }),
  fc.record(
    {
      type: fc.constant("Replay" as const),
      file: fc.constant("ticks.ndjson.gz"),
      speed: fc.integer({ min: 1, max: 600 }),
    },
    { requiredKeys: ["type", "file"] },
  ),
  fc.record(
    { type: fc.constant("IEX" as const), baseUrl, credentialsSecretRef: secret },
    { requiredKeys: ["type", "baseUrl"] },
  ),
  fc.record({ type: fc.constant("Alpaca" as const), baseUrl, credentialsSecretRef: secret }, optional),
  fc.record({ type: fc.constant("Finnhub" as const), baseUrl, credentialsSecretRef: secret }, optional),
  fc.record({ type: fc.constant("Tiingo" as const), baseUrl, credentialsSecretRef: secret }, optional),
);

const intervalMs = fc
  .oneof(
    fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60),
    fc.integer({ min: 1, max: 60 }).map((m) => m * 60),
  )
  .map((seconds) => seconds * SECOND);

const resolutions = (interval: number) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: Math.min(Math.floor(DAY / interval), 9_000) }), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((multiples) =>
      fc.tuple(
        ...multiples.map((multiple) =>
          fc.record(
            {
              window: fc.constant(formatDuration(multiple * interval)),
              offset: fc.integer({ min: 0, max: interval - 1 }).map(formatDuration),
              allowedLateness: duration(0, 600),
            },
            { requiredKeys: ["window"] },
          ),
        ),
      ),
    );

const polling = (interval: number) =>
  fc.record(
    {
      interval: fc.constant(formatDuration(interval)),
      session: fc.constantFrom("Always" as const, "NYSE" as const),
      staleAfter: duration(1, 3_600),
      shards: fc.constant(1),
      workload: fc.constantFrom("CronJob" as const, "Deployment" as const),
      startLead: duration(0, 300),
    },
    { requiredKeys: ["interval"] },
  );

const cloud = fc.record({
  pubsub: fc.constant<Manifest["spec"]["pubsub"]>({ projectId: "acme-feeds" }),
  sink: fc.constant<Manifest["spec"]["sink"]>({ bigQuery: { projectId: "acme-data", dataset: "markets" } }),
  dataflow: fc.record(
    {
      template: fc.constantFrom("TypeScript" as const, "BeamYaml" as const),
      projectIds: fc.constant<string[]>(["acme-feeds"]),
      region: fc.constantFrom("europe-west2", "northamerica-northeast1"),
      tempLocation: fc.constantFrom("gs://acme", "gs://acme-tmp/stockfeed/"),
      maxWorkers: fc.integer({ min: 1, max: 1_000 }),
      updatePolicy: fc.constantFrom("Replace" as const, "DrainThenStart" as const, "Overlap" as const),
    },
    { requiredKeys: ["projectIds", "region", "tempLocation"] },
  ),
});

const podTemplate: fc.Arbitrary<Manifest["spec"]["podTemplate"]> = fc.record(
  {
    serviceAccountName: fc.constant("feeds"),
    poller: fc.record({ serviceAccountName: fc.constant("feed-poller") }, { requiredKeys: [] }),
    stream: fc.record({ serviceAccountName: fc.constant("feed-stream") }, { requiredKeys: [] }),
    resources: fc.constant<{ requests: Record<string, string>; limits: Record<string, string | number> }>({
      requests: { cpu: "100m" },
      limits: { memory: "256Mi", cpu: 1 },
    }),
    nodeSelector: fc.constant<Record<string, string>>({ "cloud.google.com/gke-spot": "true" }),
    tolerations: fc.constant<{ operator: "Exists" }[]>([{ operator: "Exists" }]),
    labels: fc.constant<Record<string, string>>({ team: "markets" }),
    annotations: fc.constant<Record<string, string>>({ "example.com/note": "prices: hourly, at :00" }),
  },
  { requiredKeys: [] },
);

const spec = intervalMs.chain((interval) =>
  fc
    .tuple(
      fc.record(
        {
          symbols: fc.uniqueArray(fc.stringMatching(SYMBOL_PATTERN), { minLength: 1, maxLength: 30 }),
          provider,
          polling: polling(interval),
          resolutions: resolutions(interval),
          archive: fc.boolean(),
          podTemplate,
          deletionPolicy: fc.constantFrom("Drain" as const, "Cancel" as const, "Orphan" as const),
          suspend: fc.boolean(),
        },
        { requiredKeys: ["symbols", "provider", "polling", "resolutions"] },
      ),
      fc.oneof(
        fc.constant({}),
        cloud.map((parts) => ({ ...parts, engine: "Dataflow" as const })),
      ),
    )
    .map(([fields, parts]) => ({ ...fields, ...parts })),
);

/** Any valid manifest, with and without each optional part. */
export const arbitraryManifest: fc.Arbitrary<Manifest> = fc.record({
  apiVersion: fc.constant(API_VERSION),
  kind: fc.constant(KIND),
  metadata: fc.record(
    {
      name: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?(\.[a-z0-9]{1,20})?$/),
      namespace: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
      labels: fc.constant<Record<string, string>>({ team: "markets" }),
    },
    { requiredKeys: ["name"] },
  ),
  spec,
});
