import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "../../../test/bigquery/bigquery-server.ts";
import type { Fault } from "../../../test/bigquery/faults.ts";
import { withoutZetasql } from "../../../test/bigquery/require-zetasql.ts";
import { WINDOW_END, WINDOW_ROW } from "../../../test/bigquery/window-rows.ts";
import { writeUntilTaken } from "../../stream/write-until-taken.ts";
import { createTableSql, createViewSql, VIEWS, WINDOWS_TABLE } from "../../views/bigquery-schema.ts";
import type { WindowRow } from "../../windows/window-row.ts";
import { bigQuerySink } from "./sink.ts";

/** Versions of a few windows: the content of one follows from its rank, so that equal ranks are equal rows. */
const version = fc
  .record({
    symbol: fc.constantFrom("A", "B", "C"),
    slot: fc.nat(3),
    quoteCount: fc.integer({ min: 1, max: 4 }),
    writtenAt: fc.nat(5),
  })
  .map(({ symbol, slot, quoteCount, writtenAt }): WindowRow => ({
    ...WINDOW_ROW,
    symbol,
    windowEnd: WINDOW_END + slot * 10_000,
    quoteCount,
    writtenAt: WINDOW_END + writtenAt,
    lastPrice: 1_000_000 * quoteCount + writtenAt,
  }));

const fault = fc.constantFrom<Fault>(
  { kind: "lostAnswer", calls: ["insertAll"], times: 1 },
  { kind: "unavailable", calls: ["insertAll"], times: 2 },
  { kind: "quota", calls: ["insertAll"], times: 1 },
  { kind: "rowErrors", reason: "timeout", pick: ({ symbol }) => symbol === "B", times: 2 },
);

describe.skipIf(withoutZetasql())("rows that were written through faults", () => {
  let server: BigQueryServer;
  let datasets = 0;
  let now = 0;

  beforeAll(async () => {
    server = await startBigQuery({ now: () => now });
  });
  afterAll(async () => server.stop());

  const sleepFor = (more: number) => async (time: number) => {
    now = Math.max(now, time + more);
    return Promise.resolve();
  };
  const shortSleep = sleepFor(0);
  const longSleep = sleepFor(90_000);

  it("win as if nothing had failed, and every window has one winner", async () => {
    const writes = fc.array(
      fc.record({
        rows: fc.array(version, { minLength: 1, maxLength: 12 }),
        faults: fc.array(fault, { maxLength: 3 }),
        // Longer than insert IDs help.
        pauses: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(writes, async (batches) => {
        const dataset = `d${datasets++}`;
        const id = { projectId: server.project, dataset };
        const views = VIEWS.filter(({ table }) => table === "windows").map((view) => createViewSql(id, view));
        await server.query([`CREATE SCHEMA ${dataset}`, createTableSql(id, WINDOWS_TABLE), ...views].join(";\n"));
        const sink = bigQuerySink({ ...id, endpoint: server.url });
        for (const { rows, faults, pauses } of batches) {
          for (const each of faults) server.fail(each);
          await writeUntilTaken(rows, {
            sink,
            machineClock: { now: () => now, sleepUntil: pauses ? longSleep : shortSleep },
            signal: new AbortController().signal,
            onRefused: () => undefined,
          });
          server.mend();
        }
        const found = await server.query(
          "SELECT symbol, window_end, quote_count, written_at, last_price FROM winning_windows",
          dataset,
        );
        expect(found.map((row) => Object.values(row).map(String).join(" ")).sort()).toEqual(
          winners(batches.flatMap(({ rows }) => rows)),
        );
      }),
      { numRuns: 40 },
    );
  });
});

/** The greatest (quoteCount, writtenAt) of each key, as texts. */
function winners(rows: readonly WindowRow[]): string[] {
  const best = new Map<string, WindowRow>();
  for (const row of rows) {
    const key = `${row.symbol} ${row.windowEnd}`;
    const other = best.get(key);
    const isBetter =
      other === undefined ||
      row.quoteCount > other.quoteCount ||
      (row.quoteCount === other.quoteCount && row.writtenAt > other.writtenAt);
    if (isBetter) best.set(key, row);
  }
  const micros = (ms: number) => String(BigInt(ms) * 1000n);
  const price = (millionths: number) => String(millionths / 1e6);
  return [...best.values()]
    .map((row) =>
      [row.symbol, micros(row.windowEnd), row.quoteCount, micros(row.writtenAt), price(row.lastPrice)].join(" "),
    )
    .sort();
}
