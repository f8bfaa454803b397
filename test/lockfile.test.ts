/**
 * The packages that were exchanged under others because of known weaknesses, as the lock file has them. What else is
 * known of a package only `npm audit` tells, which asks a registry's service.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

interface Locked {
  readonly version?: string;
}

const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

/** Every version of a package in the tree, wherever it lies. */
function versionsOf(name: string): string[] {
  const places = Object.entries(packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
  return places.map(([, { version = "" }]) => version);
}

describe("the lock file", () => {
  it.each([
    ["protobufjs", [7, 5]],
    ["@grpc/grpc-js", [1, 14]],
    ["@google-cloud/pubsub", [5, 3]],
    ["uuid", [11, 1]],
    ["@protobuf-ts/plugin", [2, 11]],
  ] as const)("has one %s, of %j or later, also under apache-beam", (name, [leastMajor, leastMinor]) => {
    const versions = versionsOf(name);
    expect(versions).toHaveLength(1);
    const [major = 0, minor = 0] = versions[0]!.split(".").map(Number);
    expect(major).toBe(leastMajor);
    expect(minor).toBeGreaterThanOrEqual(leastMinor);
  });

  it("has an empty package for backport, and so no axios and no octokit", () => {
    const backport = Object.keys(packages).find((path) => path.endsWith("node_modules/backport"));
    expect(packages[backport!]).toMatchObject({ name: "@favware/skip-dependency" });
    expect(versionsOf("axios")).toEqual([]);
    expect(Object.keys(packages).filter((path) => path.includes("node_modules/@octokit/"))).toEqual([]);
  });
});
