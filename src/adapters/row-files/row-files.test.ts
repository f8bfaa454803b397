import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { meanHalfEven } from "../../../test/oracles/windows.ts";
import { allocateRows } from "../../windows/row-columns.ts";
import { isRowFile, openRowFile, rowStream } from "./open-row-file.ts";
import type { RowFile } from "./row-file.ts";
import { ROW_FIELDS } from "./row-layout.ts";
import { openTableFile } from "./table-file.ts";
import { RowFileError } from "./target.ts";

/** A row of the input: what the columns of one batch hold, by the names of the output. */
interface InputRow {
  readonly symbol: number;
  readonly window: number;
  readonly end: number;
  readonly firstSlot: number;
  readonly lastSlot: number;
  readonly prices: readonly number[];
}

const NAMES = {
  symbols: ["A", "BRK.B", "ABCDEFGHIJ"],
  windows: [30_000, 60_000, 86_400_000].map((sizeMs) => ({
    sizeMs,
    periodMs: 10_000,
    offsetMs: 5_000,
    allowedLatenessMs: 0,
  })),
};
const BASE = Date.UTC(2013, 9, 7, 13, 30);

function write(file: RowFile, rows: readonly InputRow[]): void {
  for (const { symbol, window, end, firstSlot, lastSlot, prices } of rows) {
    const columns = allocateRows(1);
    columns.windowIndex = window;
    columns.windowEnd = end;
    columns.length = 1;
    columns.symbol[0] = symbol;
    columns.firstSlot[0] = firstSlot;
    columns.lastSlot[0] = lastSlot;
    columns.firstPrice[0] = prices[0]!;
    columns.lastPrice[0] = prices.at(-1)!;
    columns.minPrice[0] = Math.min(...prices);
    columns.maxPrice[0] = Math.max(...prices);
    columns.sum[0] = prices.reduce((a, b) => a + b);
    columns.count[0] = prices.length;
    file.write(columns);
  }
}

/** The row as a program that reads the file should find it. */
function expected({ symbol, window, end, firstSlot, lastSlot, prices }: InputRow) {
  const { sizeMs, periodMs } = NAMES.windows[window]!;
  return {
    symbol: NAMES.symbols[symbol],
    resolution_minutes: sizeMs / 60_000,
    window_start: end - sizeMs,
    window_end: end,
    event_time: lastSlot,
    first_event_time: firstSlot,
    first_price: prices[0]! / 1e6,
    last_price: prices.at(-1)! / 1e6,
    min_price: Math.min(...prices) / 1e6,
    max_price: Math.max(...prices) / 1e6,
    mean_price: Number(meanHalfEven(prices)),
    quote_count: prices.length,
    expected_count: sizeMs / periodMs,
  };
}

/** The same of a record that was read, with times as RFC 3339 texts. */
function parsed(record: Record<string, unknown>) {
  const times = ["window_start", "window_end", "event_time", "first_event_time"];
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, times.includes(name) ? Date.parse(String(value)) : value]),
  );
}

const price = fc.oneof(
  fc.integer({ min: 1, max: 9_999_999_999_999 }),
  fc.integer({ min: 1, max: 99_999 }).map((cents) => cents * 10_000),
  fc.constantFrom(1, 10, 999_999, 1_000_000, 10_000_000, 9_999_999_999_999),
);
const row = fc.record({
  symbol: fc.nat({ max: 2 }),
  window: fc.nat({ max: 2 }),
  end: fc.integer({ min: 0, max: 100_000_000 }).map((ms) => BASE + ms),
  firstSlot: fc.nat({ max: 10 }).map((slot) => BASE + slot * 10_000),
  lastSlot: fc.nat({ max: 10 }).map((slot) => BASE + slot * 10_000),
  prices: fc.array(price, { minLength: 1, maxLength: 9 }),
});

describe("row files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stockfeed-rows-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const ROW: InputRow = {
    symbol: 1,
    window: 1,
    end: BASE + 65_000,
    firstSlot: BASE,
    lastSlot: BASE,
    prices: [49_180_000],
  };

  async function writeFile(name: string, rows: readonly InputRow[]) {
    const path = join(folder, name);
    const file = await openRowFile(path, NAMES);
    write(file, rows);
    await file.close();
    return path;
  }

  it("are NDJSON that any parser reads as the rows that were written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row), async (rows) => {
        const stream = new PassThrough();
        const file = rowStream(stream, NAMES);
        const written = text(stream);
        write(file, rows);
        await file.close();
        stream.end();
        const lines = (await written).split("\n");
        expect(lines.pop()).toBe("");
        const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(records.map(parsed)).toEqual(rows.map(expected));
        for (const record of records) expect(Object.keys(record)).toEqual(ROW_FIELDS);
      }),
      { numRuns: 300 },
    );
  });

  it("have numbers without zeros at their ends, and times without milliseconds where there are none", async () => {
    const path = await writeFile("rows.ndjson", [
      ROW,
      { ...ROW, end: BASE + 60_500, prices: [10_000_000, 10_000_001, 10_000_001] },
    ]);
    expect(readFileSync(path, "utf8")).toBe(
      '{"symbol":"BRK.B","resolution_minutes":1,"window_start":"2013-10-07T13:30:05Z","window_end":"2013-10-07T13:31:05Z",' +
        '"event_time":"2013-10-07T13:30:00Z","first_event_time":"2013-10-07T13:30:00Z","first_price":49.18,"last_price":49.18,' +
        '"min_price":49.18,"max_price":49.18,"mean_price":49.18,"quote_count":1,"expected_count":6}\n' +
        '{"symbol":"BRK.B","resolution_minutes":1,"window_start":"2013-10-07T13:30:00.500Z","window_end":"2013-10-07T13:31:00.500Z",' +
        '"event_time":"2013-10-07T13:30:00Z","first_event_time":"2013-10-07T13:30:00Z","first_price":10,"last_price":10.000001,' +
        '"min_price":10,"max_price":10.000001,"mean_price":10.000000667,"quote_count":3,"expected_count":6}\n',
    );
  });

  it("are CSV with a header", async () => {
    const path = await writeFile("rows.csv", [ROW, { ...ROW, symbol: 0, window: 0 }]);
    expect(readFileSync(path, "utf8")).toBe(
      `${ROW_FIELDS.join(",")}\n` +
        "BRK.B,1,2013-10-07T13:30:05Z,2013-10-07T13:31:05Z,2013-10-07T13:30:00Z,2013-10-07T13:30:00Z,49.18,49.18,49.18,49.18,49.18,1,6\n" +
        "A,0.5,2013-10-07T13:30:35Z,2013-10-07T13:31:05Z,2013-10-07T13:30:00Z,2013-10-07T13:30:00Z,49.18,49.18,49.18,49.18,49.18,1,3\n",
    );
  });

  it("are Parquet with exact decimals and instants", async () => {
    const rows = fc.sample(row, { numRuns: 500, seed: 7 });
    const path = await writeFile("it's [rows].parquet", rows);
    const copy = join(folder, "copy.parquet");
    writeFileSync(copy, readFileSync(path));
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const times = ["window_start", "window_end", "event_time", "first_event_time"];
    const columns = ROW_FIELDS.map((name) => {
      if (times.includes(name)) return `epoch_ms(${name}) AS ${name}`;
      return name === "mean_price" ? "mean_price::VARCHAR AS mean_price" : name;
    });
    const reader = await connection.runAndReadAll(`SELECT ${columns.join(", ")} FROM '${copy}'`);
    const types = await connection.runAndReadAll(
      `SELECT DISTINCT typeof(mean_price), typeof(window_end) FROM '${copy}'`,
    );
    expect(types.getRows()).toEqual([["DECIMAL(16,9)", "TIMESTAMP WITH TIME ZONE"]]);
    const found = reader.getRowObjectsJS().map((record) => ({
      ...Object.fromEntries(Object.entries(record).map(([name, value]) => [name, Number(value)])),
      symbol: record.symbol,
      mean_price: record.mean_price,
    }));
    expect(found).toEqual(rows.map((input) => ({ ...expected(input), mean_price: meanHalfEven(input.prices) })));
    instance.closeSync();
    expect(readdirSync(folder).sort()).toEqual(["copy.parquet", "it's [rows].parquet"]);
  });

  it("write on while rows come, and wait for the disk then", async () => {
    const path = join(folder, "rows.ndjson");
    const file = await openRowFile(path, NAMES);
    const waits: boolean[] = [];
    for (let i = 0; i < 8_000; i++) {
      write(file, [ROW]);
      const drained = file.drain();
      waits.push(drained !== undefined);
      await drained;
    }
    await file.close();
    expect(waits.filter(Boolean)).toHaveLength(2);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(8_001);
  });

  it.each(["rows.ndjson", "rows.csv", "rows.parquet"])(
    "keep the earlier %s until the new one is whole",
    async (name) => {
      const path = join(folder, name);
      writeFileSync(path, "earlier");
      const file = await openRowFile(path, NAMES);
      write(file, [ROW]);
      expect(readFileSync(path, "utf8")).toBe("earlier");
      await file.discard();
      expect(readdirSync(folder)).toEqual([name]);
      expect(readFileSync(path, "utf8")).toBe("earlier");
      await writeFile(name, [ROW]);
      expect(readFileSync(path, "utf8")).not.toBe("earlier");
      expect(readdirSync(folder)).toEqual([name]);
    },
  );

  it("know their formats by the ending", async () => {
    expect(["a.ndjson", "b/c.csv", "d.x.parquet"].map(isRowFile)).toEqual([true, true, true]);
    expect(["a.json", "ndjson", "", "constructor", ".csv"].map(isRowFile)).toEqual([false, false, false, false, false]);
    await expect(openRowFile(join(folder, "a.json"), NAMES)).rejects.toThrow("must end in .ndjson, .csv, .parquet");
  });

  it.each(["rows.ndjson", "rows.parquet"])("say at once when %s can't be made", async (name) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, "file"), "");
    const fails = async (path: string) => openRowFile(path, NAMES).catch((error: unknown) => error);
    for (const [path, message] of [
      [join(folder, "missing", name), "its directory does not exist"],
      [join(folder, "file", name), "what should be its directory is a file"],
      [join(folder, name), "is no file"],
      [join("/proc", name), "cannot be"],
    ] as const) {
      const error = await fails(path);
      expect(error).toBeInstanceOf(RowFileError);
      expect((error as Error).message).toContain(message);
      expect((error as Error).message).toContain(path);
    }
    expect(readdirSync(folder).sort()).toEqual(["file", name]);
  });

  it("leave nothing behind when there is no place for temporary files", async () => {
    const missing = join(folder, "missing");
    vi.stubEnv("TMPDIR", missing);
    try {
      const opening = openRowFile(join(folder, "rows.parquet"), NAMES);
      await expect(opening).rejects.toThrow(`${join(missing, "stockfeed-XXXXXX")} cannot be made: its directory does`);
    } finally {
      vi.unstubAllEnvs();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(["rows.csv", "rows.parquet"])("leave nothing of %s behind when its header can't be written", async (name) => {
    const scratch = join(folder, "scratch");
    mkdirSync(scratch);
    const handle = await open(join(folder, "any"), "w");
    await handle.close();
    rmSync(join(folder, "any"));
    const full = Object.assign(new Error("write"), { code: "ENOSPC" });
    const prototype = Object.getPrototypeOf(handle) as typeof handle;
    const writes = vi.spyOn(prototype, "write").mockRejectedValueOnce(full);
    vi.stubEnv("TMPDIR", scratch);
    try {
      const opening = openTableFile(join(folder, name), [{ name: "symbol", type: "VARCHAR" }]);
      await expect(opening).rejects.toThrow("no space is left");
    } finally {
      writes.mockRestore();
      vi.unstubAllEnvs();
    }
    expect(readdirSync(folder)).toEqual(["scratch"]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/full"))("say that no space is left", async () => {
    const file = rowStream(createWriteStream("/dev/full"), NAMES);
    write(file, [ROW]);
    await expect(file.close()).rejects.toThrow("standard output cannot be written: no space is left on its disk");
  });

  it("survive a reader that goes away", async () => {
    const stream = new PassThrough();
    const file = rowStream(stream, NAMES);
    stream.destroy();
    write(file, [ROW]);
    await expect(file.close()).rejects.toThrow("standard output was closed by its reader");
  });
});
