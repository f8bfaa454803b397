/**
 * What Artifact Hub reads of the charts, in the form that it reads: https://artifacthub.io/docs/topics/annotations/helm/.
 * It drops a package whose annotation it can't parse, and says so to nobody but its owner.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { parseManifests } from "../src/api/parse.ts";
import { FEEDS, OPERATOR } from "./rendered-chart.ts";

const list = <T extends z.ZodType>(item: T) =>
  z
    .string()
    .transform((text): unknown => parse(text))
    .pipe(z.array(item).min(1));
const flag = z.enum(["true", "false"]);
const link = z.strictObject({ name: z.string(), url: z.url() });
const crd = z.strictObject({
  kind: z.string(),
  version: z.string(),
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
});
const change = z.strictObject({
  kind: z.enum(["added", "changed", "deprecated", "removed", "fixed", "security"]),
  description: z.string(),
  links: z.array(link).optional(),
});

const annotations = z.strictObject({
  "artifacthub.io/category": z.enum([
    "ai-machine-learning",
    "database",
    "integration-delivery",
    "monitoring-logging",
    "networking",
    "security",
    "storage",
    "streaming-messaging",
  ]),
  "artifacthub.io/changes": list(change),
  "artifacthub.io/crds": list(crd).optional(),
  "artifacthub.io/crdsExamples": list(z.record(z.string(), z.unknown())).optional(),
  "artifacthub.io/license": z.literal("Apache-2.0"),
  "artifacthub.io/operator": flag.optional(),
  "artifacthub.io/operatorCapabilities": z
    .enum(["Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"])
    .optional(),
  "artifacthub.io/prerelease": flag,
  "artifacthub.io/recommendations": list(z.strictObject({ url: z.url() })).optional(),
});

const chart = z.looseObject({
  name: z.string(),
  version: z.string(),
  icon: z.string(),
  kubeVersion: z.string(),
  annotations,
});
const chartOf = (directory: string) => chart.parse(parse(readFileSync(`${directory}/Chart.yaml`, "utf8")));

describe.each([OPERATOR, FEEDS])("%s", (directory) => {
  const read = chartOf(directory);

  it("has the console's icon in itself, since neither is at an address", () => {
    const [head, body = ""] = read.icon.split(",");
    expect(head).toBe("data:image/svg+xml;base64");
    expect(Buffer.from(body, "base64").toString()).toBe(readFileSync("src/console/client/icon.svg", "utf8"));
  });

  it("is of the program's version, runs where Jobs count failures by index, and is a pre-release", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(read.version).toBe(version);
    expect(read.kubeVersion).toBe(">=1.29.0-0");
    expect(read.annotations["artifacthub.io/prerelease"]).toBe("true");
  });
});

describe("the operator's chart", () => {
  const read = chartOf(OPERATOR).annotations;

  it("names the CRD that it has, and shows a feed that is valid", () => {
    const [named] = read["artifacthub.io/crds"] ?? [];
    const committed = parse(readFileSync("crds/stockfeeds.stockfeed.dev.yaml", "utf8"), { version: "1.1" }) as {
      metadata: { name: string };
      spec: { names: { kind: string }; versions: { name: string }[] };
    };
    expect(named).toMatchObject({
      name: committed.metadata.name,
      kind: committed.spec.names.kind,
      version: committed.spec.versions[0]?.name,
    });
    const [example] = read["artifacthub.io/crdsExamples"] ?? [];
    expect(parseManifests([{ source: "Chart.yaml", text: stringify(example) }])).toMatchObject({ ok: true });
  });
});
