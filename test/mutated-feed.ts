import fc from "fast-check";
import { arbitraryManifest, type Manifest } from "./arbitrary-feed.ts";

/** Values that are right in one place or another, and next to right. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, -1, 0, 0.5, 1, 1.5, 2, 3, 100, 101, 50_001, 100_001, 4_294_967_296, [], {}],
  ...["", " ", "a", "AAPL", "aapl", "BRK.B", "-", "a.b", "a/b", "a/b/c", "A".repeat(11), "a".repeat(64), "é", "😀"],
  ...[
    "0s",
    "0h",
    "500ms",
    "1s",
    "1.5s",
    "-1s",
    "5s",
    "7s",
    "10s",
    "010s",
    "15s",
    "60s",
    "90s",
    "1m",
    "2m",
    "5m",
    "5m1s",
  ],
  ...[
    "1h",
    "6h30m",
    "7h",
    "16h",
    "17h",
    "24h",
    "1440m",
    "24h1ms",
    "25h",
    "1d",
    "999999999h",
    "99999999m",
    "1s".repeat(11),
  ],
  ...["NYSE", "Always", "CronJob", "Simulated", "Replay", "IEX", "Alpaca", "Tiingo", "Embedded", "Dataflow", "Drain"],
  ...["http://a.b", "HTTP://a.b", "https://a.b:65535/x", "https://a.b:65536", "http://me:key@a.b", "http://a.b/?k=v"],
  ...[
    "http://a.b?",
    "http://a.b#",
    "ftp://a.b",
    "http://",
    "//a.b",
    "http://a b",
    "http://1.2.3.4",
    "http://1.2.3.256",
  ],
  ...[
    "gs://acme",
    "gs://acme/a b",
    "gs://a",
    "europe-west2",
    "europe-west2-a",
    "acme-feeds",
    "acme-",
    "Acme",
    "a".repeat(31),
  ],
  ...[
    "Exists",
    "Equal",
    "NoExecute",
    "NoSchedule",
    "100m",
    "512Mi",
    "0",
    "1e3",
    "+1",
    "stockfeed.dev/feed",
    "x.stockfeed.dev/a",
  ],
  ...[["AAPL"], ["AAPL", "AAPL"], ["AAPL", null], ["a"]],
  ...[[{ window: "1m" }], [{ window: "1m" }, { window: "60s" }], [{ window: "10s", allowedLateness: "24h" }]],
  [{ key: "a", operator: "Exists", value: "b" }],
  [{ operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 }],
  ...[{ type: "Simulated" }, { type: "Replay", file: "a" }, { type: "IEX", baseUrl: "http://a.b" }],
  ...[{ type: "Alpaca", credentialsSecretRef: { name: "a" } }, { name: "a" }, { projectId: "acme" }],
  ...[{ team: "a" }, { "a b": "c" }, { "stockfeed.dev/feed": "x" }, { [`${"a".repeat(254)}/b`]: "c" }],
  ...[{ interval: "1s" }, { interval: "8h", session: "NYSE" }, { extendedHours: true }],
];

/** Names that are fields somewhere, and some that are nowhere. */
const NAMES = [
  ...[
    "symbols",
    "provider",
    "polling",
    "resolutions",
    "engine",
    "archive",
    "pubsub",
    "sink",
    "dataflow",
    "podTemplate",
  ],
  ...[
    "deletionPolicy",
    "suspend",
    "type",
    "seed",
    "file",
    "speed",
    "baseUrl",
    "credentialsSecretRef",
    "name",
    "interval",
  ],
  ...[
    "session",
    "extendedHours",
    "staleAfter",
    "shards",
    "workload",
    "startLead",
    "window",
    "offset",
    "allowedLateness",
  ],
  ...[
    "projectId",
    "bigQuery",
    "dataset",
    "template",
    "projectIds",
    "region",
    "tempLocation",
    "maxWorkers",
    "drainTimeout",
  ],
  ...[
    "serviceAccountName",
    "poller",
    "stream",
    "resources",
    "requests",
    "limits",
    "cpu",
    "nodeSelector",
    "tolerations",
    "labels",
    "annotations",
  ],
  ...["key", "operator", "value", "effect", "tolerationSeconds", "other", "Symbols"],
];

type Container = Record<string, unknown> | unknown[];

/** Every mapping and list of a value, itself among them. */
function containers(value: unknown): Container[] {
  if (typeof value !== "object" || value === null) return [];
  return [value as Container, ...Object.values(value).flatMap(containers)];
}

/** One change: a value set, added or taken away, wherever there is room. */
interface Change {
  readonly where: number;
  readonly which: number;
  readonly kind: "set" | "add" | "remove";
  readonly name: string;
  readonly value: unknown;
}

function change(manifest: { spec: unknown }, { where, which, kind, name, value }: Change): void {
  const all = containers(manifest.spec);
  const container = all[where % all.length];
  if (container === undefined) return;
  const keys = Object.keys(container);
  const key = keys[which % keys.length];
  if (Array.isArray(container)) {
    if (kind === "add") container.push(structuredClone(value));
    else if (key !== undefined) container.splice(Number(key), 1, ...(kind === "set" ? [structuredClone(value)] : []));
  } else if (kind === "add") {
    // An unknown field without a value is one of the differences: a manifest's reader takes it for missing.
    if (value !== null) container[name] = structuredClone(value);
  } else if (key !== undefined && kind === "set") container[key] = structuredClone(value);
  else if (key !== undefined) Reflect.deleteProperty(container, key);
}

const changes = fc.array(
  fc.record<Change>({
    where: fc.nat(1_000),
    which: fc.nat(1_000),
    kind: fc.constantFrom("set", "set", "add", "remove"),
    name: fc.constantFrom(...NAMES),
    value: fc.constantFrom(...VALUES),
  }),
  { minLength: 1, maxLength: 3 },
);

/** A manifest that was valid before one to three changes of its spec. Most are refused, some still valid. */
export const mutatedManifest: fc.Arbitrary<Manifest> = fc.tuple(arbitraryManifest, changes).map(([manifest, list]) => {
  const copy = structuredClone(manifest);
  for (const each of list) change(copy, each);
  return copy;
});
