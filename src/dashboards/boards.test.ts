import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BoardFile, committedBoards, panelsOf } from "../../test/grafana/committed-boards.ts";
import { promql, type Values } from "../../test/grafana/interpolate.ts";
import { withoutPart } from "../../test/missing-part.ts";
import { createControllerTelemetry } from "../adapters/telemetry/controller-telemetry.ts";
import { createTelemetry } from "../adapters/telemetry/telemetry.ts";
import { BOARDS, boardFile } from "./boards.ts";

const boards = [...committedBoards()];
const noPromtool =
  spawnSync("promtool", ["--version"]).error && "no promtool on this machine: Debian's prometheus has it";
const SHOWN = { from: 0, to: 3_600_000, intervalMs: 15_000, scrapeMs: 30_000 };

/** All that a board says in texts: queries, links, titles. */
const textsOf = (board: BoardFile) => JSON.stringify(board);
const namesOf = (board: BoardFile) => board.templating.list.map(({ name }) => name);
const expressionsOf = (board: BoardFile) =>
  panelsOf(board).flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => (expr === undefined ? [] : [expr])));
/** Everything chosen. */
const everything = (board: BoardFile): Values => Object.fromEntries(namesOf(board).map((name) => [name, ".*"]));

/** Names of metrics in PromQL: what is no function, no keyword, no label and no text. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, "")
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right) ?\([^)]*\)/g, "");
  return [...bare.matchAll(/\b([a-z_:][a-z0-9_:]*)\b(?!\s*\()/gi)]
    .map(([, name = ""]) => name)
    .filter((name) => !["or", "and", "unless", "bool", "by"].includes(name));
}

/** Labels that a query speaks of. */
function labelsIn(expr: string): string[] {
  const matched = [...expr.matchAll(/([a-z_]+)(?:=~|!~|!=|=)"/g)].map(([, label = ""]) => label);
  const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/, */));
  return [...matched, ...grouped].filter((label) => label !== "");
}

describe("the boards", () => {
  it("are committed as their source makes them, and no others are", () => {
    expect(new Map(boards).size).toBe(BOARDS.length);
    for (const board of BOARDS) {
      const path = new URL(`../../charts/stockfeed-operator/dashboards/${board.name}.json`, import.meta.url);
      expect(readFileSync(path, "utf8")).toBe(boardFile(board));
    }
  });

  it.each(boards)("say of every panel of %s what it shows, in which unit, and lie on no other", (_, board) => {
    const taken = new Set<string>();
    for (const { title, description = "", gridPos, fieldConfig, targets = [] } of panelsOf(board)) {
      expect(title).not.toBe("");
      expect(description, title).toMatch(/^[A-Z0-9].{20,}\.$/);
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(targets.length, title).toBeGreaterThan(0);
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          expect(taken, title).not.toContain(`${column} ${row}`);
          taken.add(`${column} ${row}`);
        }
      }
    }
    const ids = board.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(boards)("explain every variable of %s and use no other", (_, board) => {
    for (const { label, description } of board.templating.list) {
      expect(label).not.toBe("");
      expect(description).toMatch(/\.$/);
    }
    const text = textsOf(board).replaceAll(/var-\w+=\$\{(\w+)\}/g, "$$$1");
    const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = ""]) => name);
    for (const name of used.filter((each) => !each.startsWith("__"))) expect(namesOf(board)).toContain(name);
    for (const name of namesOf(board)) expect(used).toContain(name);
  });

  it.each(boards)("lead from %s to boards that there are, with variables that these have", (_, board) => {
    const urls = [...textsOf(board).matchAll(/"\/d\/([a-z-]+)\?([^"]*)"/g)];
    expect(board.links.map(({ url }) => /^\/d\/([a-z-]+)/.exec(url)?.[1]).toSorted()).toEqual(
      boards
        .map(([, { uid }]) => uid)
        .filter((uid) => uid !== board.uid)
        .toSorted(),
    );
    for (const [, uid, query = ""] of urls) {
      const target = boards.find(([, each]) => each.uid === uid)?.[1];
      expect(target, uid).toBeDefined();
      if (target === undefined) continue;
      const sources = board.links.some(({ url }) => url.includes(`/${uid}?${query}`));
      const set = [...query.matchAll(/var-(\w+)=/g)].map(([, name = ""]) => name);
      // A link between boards hands over what the other may have none of: data sources, project and dataset.
      if (!sources) for (const name of set) expect(namesOf(target), query).toContain(name);
    }
  });

  it("hand over which rows they read", () => {
    const rows = ["bigquery", "project", "dataset"].map((name) => `var-${name}=\${${name}}`);
    const linkOf = (from: string, to: string) =>
      new Map(boards).get(from)?.links.find(({ url }) => url.startsWith(`/d/stockfeed-${to}?`));
    for (const link of [linkOf("market", "dataflow"), linkOf("dataflow", "market")]) {
      for (const row of rows) expect(link?.url).toContain(row);
    }
  });

  it("say where rows have to be chosen after a link, since metrics name no dataset", () => {
    const feed = new Map(boards).get("feed");
    const links = (feed === undefined ? [] : panelsOf(feed)).flatMap(
      ({ fieldConfig }) => fieldConfig?.defaults.links ?? [],
    );
    const toMarket = links.filter(({ url }) => url.startsWith("/d/stockfeed-market?"));
    expect(toMarket.length).toBeGreaterThan(0);
    for (const { title } of toMarket) expect(title).toContain("choose project and dataset there");
  });

  it("have no link in a menu, where nobody sees it", () => {
    for (const [, board] of boards) expect(textsOf(board)).not.toContain("inControlsMenu");
  });

  it.each(boards)("ask of %s only for metrics that the processes have, by labels that they have", async (_, board) => {
    const { registry } = createTelemetry();
    createControllerTelemetry(registry);
    const known = (await registry.getMetricsAsJSON()).map(({ name, type }) => ({ name, type: String(type) }));
    const labels = new Set(["job", "instance", "le"]);
    for (const name of known.map((each) => each.name)) {
      const metric = registry.getSingleMetric(name) as unknown as { readonly labelNames: readonly string[] };
      for (const label of metric.labelNames) labels.add(label);
    }
    const exported = known.flatMap(({ name, type }) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name],
    );
    const series = board.templating.list.flatMap(({ query }) => {
      const inside = typeof query === "string" ? /^label_values\((.*), (\w+)\)$/.exec(query) : null;
      return inside === null ? [] : [{ selector: inside[1] ?? "", label: inside[2] ?? "" }];
    });
    for (const expr of [...expressionsOf(board), ...series.map(({ selector }) => selector)]) {
      for (const name of metricsIn(expr)) expect(exported, expr).toContain(name);
      for (const label of labelsIn(expr)) expect(labels, expr).toContain(label);
    }
    for (const { label } of series) expect(labels).toContain(label);
  });

  it.skipIf(withoutPart(noPromtool))("ask Prometheus nothing that it can't parse", () => {
    const directory = mkdtempSync(join(tmpdir(), "stockfeed-boards-"));
    const rules = boards.flatMap(([, board]) =>
      expressionsOf(board).map((expr, index) => ({
        record: `board:${board.uid.replaceAll("-", "_")}:${index}`,
        expr: promql(expr, everything(board), SHOWN),
      })),
    );
    writeFileSync(join(directory, "rules.json"), JSON.stringify({ groups: [{ name: "boards", rules }] }));
    const check = spawnSync("promtool", ["check", "rules", join(directory, "rules.json")], { encoding: "utf8" });
    rmSync(directory, { recursive: true });
    expect(check.stdout + check.stderr).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});
