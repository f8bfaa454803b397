import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commandsOf, isLook, pageBlock, runPageBlock, untold } from "./page-commands.ts";

const directory = mkdtempSync(join(tmpdir(), "stockfeed-page-"));
const page = join(directory, "page.md");
writeFileSync(
  page,
  [
    "```sh cluster show",
    "echo shown; false || echo on",
    "```",
    "```text output",
    "ten-stocks   True   12s",
    "   1  NFLX   457.51  6",
    "96s  Normal  Ready  All is well.",
    "…",
    "Created topic … of acme",
    "```",
    "```sh cluster broken",
    "false",
    "echo after",
    "```",
    "",
  ].join("\n"),
);
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("a page's blocks", () => {
  it("are found by their marks, and run to their first failure", async () => {
    expect(await pageBlock(page, "cluster", "show")).toContain("echo shown");
    await expect(pageBlock(page, "cluster", "none")).rejects.toThrow('has no block "cluster none"');
    expect(await runPageBlock(page, "cluster", "show", { env: process.env })).toBe("shown\non\n");
    await expect(runPageBlock(page, "cluster", "broken", { env: process.env })).rejects.toThrow();
  });

  it("promise lines that came with other figures, and name those that did not come", async () => {
    const came = [
      "ten-stocks True 1m3s",
      "   1  AMZN   99.5  6",
      "3s (x2 over 5m) Normal Ready All is well.",
      "Created topic a, topic b of acme",
    ];
    expect(await untold(page, "show", came.join("\n"))).toEqual([]);
    expect(await untold(page, "show", came.slice(1).join("\n"))).toEqual(["ten-stocks   True   12s"]);
    expect(await untold(page, "show", came.slice(0, 3).join("\n"))).toEqual(["Created topic … of acme"]);
    expect(await untold(page, "broken", "")).toEqual([]);
  });

  it("are commands, a line each, of which some only look", () => {
    expect(commandsOf("# why\nhelm upgrade a b \\\n  --wait   # and wait\n\nls\n")).toEqual([
      "helm upgrade a b --wait",
      "ls",
    ]);
    expect(isLook("kubectl get pods -n markets")).toBe(true);
    expect(isLook("kubectl get pods && kubectl delete pods --all")).toBe(false);
    expect(isLook("kubectl delete pods --all")).toBe(false);
    expect(isLook("stockfeed deadletter redrive --project acme")).toBe(false);
  });
});
