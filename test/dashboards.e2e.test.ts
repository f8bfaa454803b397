/**
 * Every query of every board, as it is committed, on the real thing: PromQL on a Prometheus that scrapes the operator, a
 * poller and engines under load, GoogleSQL on Google's engine over the rows that they wrote. Only the rows of Dataflow are
 * rows of the embedded engine under its name, since no Dataflow can be had.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutZetasql } from "./bigquery/require-zetasql.ts";
import { BoardsWorld, MINUTES, msOf, soon, TICKS } from "./grafana/boards-world.ts";
import { committedBoards, panelsOf, type BoardFile, type Target } from "./grafana/committed-boards.ts";
import { choicesIn } from "./grafana/variable-choices.ts";
import { gainOf, lastOfParts, newestOf, rankOf, type Window, windowsIn } from "./grafana/expected-rows.ts";
import { googleSql, promql, type Shown, type Values } from "./grafana/interpolate.ts";
import { prometheusMissing, SCRAPE_MS } from "./grafana/prometheus-server.ts";
import { withoutPart } from "./missing-part.ts";
import { operatorWorldMissing } from "./operator-world.ts";

const missing = (await operatorWorldMissing()) ?? prometheusMissing();
const without = withoutPart(missing) || withoutZetasql();
const boards = [...committedBoards()];
const INTERVAL_MS = 5_000;
/** Of the feed, as rows have them: 2 s, 10 s and 30 s. */
const RESOLUTIONS = [0.033333333, 0.166666667, 0.5];
/** Of the names of a resolution as boards show it. */
const named = (minutes: number) => (minutes < 1 ? `${Math.round(60 * minutes)} s` : `${minutes} min`);

/** A query without the zero that it shows where there is nothing. */
const withoutFallback = (expr: string) =>
  expr.replaceAll(/ or (?:on \(\) label_replace\(vector\(0\)(?:, "\w*"){4}\)|vector\(0\))/g, "");

type Answer = Readonly<Record<string, unknown>>;

describe.skipIf(without)("the boards of a feed under load", { timeout: 240_000 }, () => {
  let world: BoardsWorld;
  /** Up to a moment at which every window was written. */
  let shown: Shown;
  /** What counts of the feed that is looked at, and what Dataflow is said to have written. */
  let windows: readonly Window[];
  let beam: readonly Window[];
  const chosen: Record<string, string> = { feed: TICKS };

  beforeAll(async () => {
    world = await BoardsWorld.start();
    await world.run();
  }, 300_000);
  afterAll(async () => {
    await world.stop();
  });

  const now = (): Shown => {
    return { from: world.startedAt, to: Date.now(), intervalMs: SCRAPE_MS, scrapeMs: SCRAPE_MS };
  };
  const everything = (board: BoardFile): Values =>
    Object.fromEntries(board.templating.list.map(({ name }) => [name, ".*"]));

  /** When the windows of a length ended that there are rows of. */
  const endsOf = (minutes: number) =>
    world
      .rows()
      .filter((row) => row.feed === TICKS && Number(row.resolution_minutes) === minutes)
      .map((row) => msOf(row.window_end));

  /** Whether a query's answer has a number in it at some time, other than one that it has whatever it asks for. */
  async function answers(board: BoardFile, target: Target, values: Values = everything(board)): Promise<boolean> {
    const time = now();
    const query = promql(withoutFallback(target.expr ?? ""), values, time);
    const series = await world.prometheus.range(query, time);
    return series.some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
  }

  it("have data for every query of Prometheus", async () => {
    const open = boards.flatMap(([name, board]) =>
      panelsOf(board).flatMap(({ title, targets = [] }) =>
        targets.filter(({ expr }) => expr !== undefined).map((target) => ({ name, board, title, target })),
      ),
    );
    expect(open.length).toBeGreaterThan(40);
    for (const { target } of open) expect(withoutFallback(target.expr ?? "")).not.toMatch(/vector\(|absent/);
    let left = open;
    const done = await soon(async () => {
      const had = await Promise.all(left.map(({ board, target }) => answers(board, target)));
      left = left.filter((_, index) => had[index] !== true);
      return left.length === 0 ? true : undefined;
    }, "data for all queries").catch(() => false);
    if (!done) console.log(await world.logs());
    expect(left.map(({ name, title, target }) => `${name}: ${title}: ${target.expr}`)).toEqual([]);
  });

  it("say how things are", async () => {
    const value = async (name: string, title: string) => {
      const board = new Map(boards).get(name);
      const panel = board && panelsOf(board).find((each) => each.title === title);
      const expr = panel?.targets?.[0]?.expr;
      if (board === undefined || expr === undefined) throw new Error(`There is no panel ${title}.`);
      const series = await world.prometheus.instant(promql(expr, everything(board), now()));
      return series[0]?.points[0]?.[1];
    };
    // What was applied: ticks, minutes, beam, keyless, asleep, of which keyless has no key.
    expect(await value("operator", "Feeds")).toBe(5);
    expect(await value("operator", "Leaders")).toBe(1);
    expect(await value("operator", "Feeds not ready")).toBeGreaterThanOrEqual(1);
    await soon(async () => (Number(await value("dataflow", "Jobs running")) > 0 ? true : undefined), "job that runs");
    const jobs = world.dataflow.jobs.all().filter(({ currentState }) => currentState === "JOB_STATE_RUNNING");
    expect(await value("dataflow", "Jobs running")).toBeLessThanOrEqual(jobs.length);
    // The Job that was made by hand came late, and says so when it ends.
    await soon(async () => (Number(await value("feed", "Slots missed")) > 0 ? true : undefined), "slot missed");
  });

  it("offer choices for every variable of Prometheus", async () => {
    const variables = boards.flatMap(([, { templating }]) => templating.list.filter(({ type }) => type === "query"));
    for (const { name, query, regex } of variables) {
      if (typeof query !== "string") continue;
      const [, series = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
      const values = await world.prometheus.labelValues(promql(series, { namespace: ".*", feed: ".*" }, now()), label);
      const pattern = new RegExp(regex?.slice(1, -1) ?? "(.+)");
      const offered = values.map((value) => pattern.exec(value)?.[1]);
      const some = { namespace: "markets", feed: TICKS, job: "stockfeed-operator", resolution: "m|s" }[name] ?? name;
      expect(offered.join(" "), query).toMatch(new RegExp(some));
    }
  });

  it("offer feed, resolution and symbol out of BigQuery", async () => {
    // Rows are written in the order of their windows' ends, and again for quotes of the two seconds before: what ended
    // ten seconds before the newest is as it stays. Whole seconds, as macros have them.
    const to = await soon(() => {
      const ends = RESOLUTIONS.map((minutes) => endsOf(minutes));
      const last = Math.floor(Math.min(...ends.map((each) => Math.max(...each))) / 1000) * 1000 - 10_000;
      return Promise.resolve(ends.every((each) => Math.min(...each) < last - 15_000) ? last : undefined);
    }, "quarter of a minute of windows of each resolution");
    const own = world.rows().filter(({ feed, window_end: end }) => feed === TICKS && msOf(end) <= to);
    await world.writeAsDataflow(own.slice(-200));
    shown = { from: to - 60_000, to, intervalMs: INTERVAL_MS, scrapeMs: SCRAPE_MS };
    const all = windowsIn(world.rows(), shown.from, shown.to);
    windows = all.filter(({ feed }) => feed === TICKS);
    beam = all.filter(({ engine }) => engine === "Dataflow");
    expect(windows.length).toBeGreaterThan(100);
    expect(beam.length).toBeGreaterThan(10);

    Object.assign(chosen, { project: world.operator.bigQuery.project, dataset: "markets" });
    const board = new Map(boards).get("market");
    const offered = async (name: string) => {
      const query = board?.templating.list.find((each) => each.name === name)?.query;
      if (typeof query !== "object") throw new Error(`The variable ${name} asks nothing.`);
      return choicesIn(await world.operator.bigQuery.query(googleSql(query.rawSql, chosen, shown)));
    };
    expect((await offered("feed")).map(({ value }) => value)).toContain(TICKS);
    const resolutions = await offered("minutes");
    expect(resolutions.map(({ text }) => text)).toEqual(["2 s", "10 s", "30 s"]);
    chosen.minutes = resolutions[1]?.value ?? "";
    const symbols = (await offered("symbol")).map(({ value }) => value);
    expect(symbols).toEqual([...new Set(windows.map(({ symbol }) => symbol))].sort());
    chosen.symbol = "NVDA";
  });

  it("answer every query of BigQuery with what its rows say", async () => {
    const answered = new Map<string, Answer[]>();
    const asked = Date.now();
    for (const [, board] of boards) {
      for (const { title, targets = [] } of panelsOf(board)) {
        for (const { rawSql } of targets) {
          if (rawSql === undefined) continue;
          const rows = await world.operator.bigQuery.query(googleSql(rawSql, chosen, shown));
          expect(rows.length, title).toBeGreaterThan(0);
          answered.set(title, rows);
        }
      }
    }
    const expected = expectedAnswers();
    expect([...answered.keys()].toSorted()).toEqual([...Object.keys(expected), AGE].toSorted());
    for (const [title, rows] of Object.entries(expected)) {
      expect(answered.get(title)?.map(plain), title).toEqual(rows.map((row) => Object.values(row).map(rounded)));
    }
    const ages = answered.get(AGE)?.map(({ resolution, seconds }) => [resolution, Number(seconds)]) ?? [];
    const newest = newestOf(beam).toSorted((a, b) => a.minutes - b.minutes);
    const ends = new Map(newest.map(({ minutes, end }) => [named(minutes), end]));
    expect(ages.map(([resolution]) => resolution)).toEqual([...ends.keys()]);
    for (const [resolution, seconds] of ages) {
      const end = ends.get(String(resolution)) ?? NaN;
      expect(seconds).toBeGreaterThanOrEqual(Math.floor((asked - end) / 1000));
      expect(seconds).toBeLessThanOrEqual((Date.now() - end) / 1000);
    }
  });

  it.each([
    ["a Deployment", TICKS],
    ["CronJobs", MINUTES],
  ])("say how long the provider takes to answer pollers of %s", async (_, feed) => {
    const board = new Map(boards).get("feed");
    const panel = board && panelsOf(board).find(({ title }) => title === "Provider latency");
    if (board === undefined || panel?.targets?.length !== 2) throw new Error("There is no panel of two lines.");
    for (const target of panel.targets) {
      const told = async () => ((await answers(board, target, { ...everything(board), feed })) ? true : undefined);
      await soon(told, `data of ${feed} for ${target.expr ?? ""}`);
    }
  });

  const AGE = "Age of the newest window";

  /** By panel, each row's values in the order of its columns. */
  function expectedAnswers(): Record<string, Answer[]> {
    const minutes = Number(chosen.minutes);
    const byName = (a: Window, b: Window) => (a.symbol < b.symbol ? -1 : 1);
    const inOrder = (a: Window, b: Window) =>
      a.minutes - b.minutes || rankOf(a, windows) - rankOf(b, windows) || byName(a, b);
    const ofMinutes = windows.filter((window) => window.minutes === minutes);
    const newest = newestOf(windows);
    const gains = newestOf(ofMinutes).toSorted((a, b) => gainOf(b) - gainOf(a) || byName(a, b));
    const bySymbol = lastOfParts(ofMinutes, INTERVAL_MS, ({ symbol }) => symbol);
    const onTop = ofMinutes.filter((window) => rankOf(window, windows) <= 3);
    const own = windows.filter(({ symbol }) => symbol === chosen.symbol);
    const timely = (a: Window, b: Window) => a.end - b.end || a.minutes - b.minutes || byName(a, b);
    return {
      "Top stocks, every resolution": newest
        .filter((window) => rankOf(window, windows) <= 3)
        .toSorted(inOrder)
        .map((window) => ({
          resolution: named(window.minutes),
          rank: rankOf(window, windows),
          symbol: window.symbol,
          mean: window.mean,
          complete: (100 * window.count) / window.expected,
          end: window.end * 1000,
        })),
      "Greatest gain and loss, every resolution": [...new Set(newest.map((window) => window.minutes))]
        .toSorted((a, b) => a - b)
        .map((each) => {
          const sorted = newest.filter((window) => window.minutes === each).toSorted(byName);
          const best = sorted.toSorted((a, b) => gainOf(b) - gainOf(a))[0]!;
          const worst = sorted.toSorted((a, b) => gainOf(a) - gainOf(b))[0]!;
          return [named(each), best.symbol, gainOf(best), worst.symbol, gainOf(worst)];
        })
        .map((row) => Object.fromEntries(row.entries())),
      "Percentage gain in the newest window of ${minutes:text}": gains.map((window) => ({
        symbol: window.symbol,
        gain: gainOf(window),
      })),
      "Mean price of the top stocks": lastOfParts(onTop, INTERVAL_MS, ({ symbol }) => symbol)
        .toSorted(timely)
        .map(({ end, symbol, mean }) => ({ time: end * 1000, symbol, mean })),
      "Percentage gain by symbol": bySymbol
        .toSorted(timely)
        .map((window) => ({ time: window.end * 1000, symbol: window.symbol, gain: gainOf(window) })),
      "Prices of $symbol in windows of ${minutes:text}": lastOfParts(
        own.filter((window) => window.minutes === minutes),
        INTERVAL_MS,
        () => "",
      ).map(({ end, min, max, mean, last }) => ({ time: end * 1000, min, max, mean, last })),
      "Mean price of $symbol by resolution": lastOfParts(own, INTERVAL_MS, (window) => String(window.minutes))
        .toSorted(timely)
        .map((window) => ({ time: window.end * 1000, resolution: named(window.minutes), mean: window.mean })),
      "Slots with a quote": parts(windows, ({ minutes: each }) => each).map(([time, each, group]) => ({
        time,
        resolution: named(each),
        complete: (100 * sum(group, ({ count }) => count)) / sum(group, (window) => window.expected),
      })),
      "Delay of rows": parts(beam, ({ minutes: each }) => each).map(([time, each, group]) => ({
        time,
        resolution: named(each),
        delay: Math.max(...group.map(({ firstWrittenAt, end }) => firstWrittenAt - end)) / 1000,
      })),
      "Windows written": parts(beam, () => 0).map(([time, , group]) => ({
        time,
        windows: group.length,
        incomplete: group.filter(({ count, expected }) => count < expected).length,
      })),
    };
  }
});

const sum = (windows: readonly Window[], of: (window: Window) => number) =>
  windows.reduce((total, window) => total + of(window), 0);

/** Windows by parts of the chart, whose time is in microseconds, and by a number of theirs. */
function parts(windows: readonly Window[], by: (window: Window) => number): [number, number, Window[]][] {
  const groups = new Map<string, [number, number, Window[]]>();
  for (const window of windows) {
    const [time, each] = [Math.floor(window.end / INTERVAL_MS) * INTERVAL_MS * 1000, by(window)];
    const group = groups.get(`${time} ${each}`) ?? [time, each, []];
    groups.set(`${time} ${each}`, group);
    group[2].push(window);
  }
  return [...groups.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/** A row's values, numbers to six places. */
const plain = (row: Answer) => Object.values(row).map(rounded);
function rounded(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "number") return Number(Number(value).toFixed(4));
  return typeof value === "string" && /^-?[0-9]+(\.[0-9]+)?$/.test(value) ? Number(Number(value).toFixed(4)) : value;
}
