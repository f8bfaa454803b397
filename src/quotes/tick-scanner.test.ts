import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SymbolTable } from "./symbol-table.ts";
import { MAX_LINE_BYTES, TickScanner } from "./tick-scanner.ts";
import { parseTickLine, type BadLineReason, type Tick } from "./ticks.ts";

/** A tick of the scanner with its symbol written out; volume NaN where there is none. */
type Row = readonly [symbol: string, price: number, time: number, volume: number];

/** Scans the bytes in chunks that end at the given places. */
function scan(bytes: Uint8Array, cuts: readonly number[] = []) {
  const symbols = new SymbolTable();
  const rows: Row[] = [];
  const scanner = new TickScanner(symbols, (block) => {
    for (let i = 0; i < block.length; i++) {
      rows.push([symbols.names[block.symbol[i]!]!, block.price[i]!, block.time[i]!, block.volume[i]!]);
    }
  });
  const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
  ends.forEach((end, i) => {
    scanner.write(bytes.subarray(ends[i - 1] ?? 0, end));
  });
  scanner.end();
  return { rows, badLines: scanner.badLines(), lines: scanner.lines, ticks: scanner.ticks };
}

const encode = (text: string) => new TextEncoder().encode(text);
const rowOf = ({ symbol, price, time, volume = NaN }: Tick): Row => [symbol, price, time, volume];

/** What a scan must give, line by line through the validating parser alone. */
function expected(bytes: Uint8Array) {
  const rows: Row[] = [];
  const reasons = new Map<BadLineReason, number[]>();
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const unterminated = lines.pop()!;
  const note = (reason: BadLineReason, line: number) => reasons.set(reason, [...(reasons.get(reason) ?? []), line]);
  [...lines, ...(unterminated === "" ? [] : [unterminated])].forEach((line, i) => {
    if (line.length > MAX_LINE_BYTES) {
      note("LineTooLong", i + 1);
      return;
    }
    let text = Buffer.from(line, "latin1").toString("utf8");
    if (i === 0 && text.startsWith("\uFEFF")) text = text.slice(1);
    if (text.split("").every((c) => c === " " || c === "\t" || c === "\r")) return;
    const tick = parseTickLine(text);
    if ("symbol" in tick) rows.push(rowOf(tick));
    else note(tick.reason === "Malformed" && i === lines.length ? "Truncated" : tick.reason, i + 1);
  });
  return { rows, reasons };
}

const TICK = '{"symbol":"AIG","latestPrice":49.18,"latestUpdate":1381132800000,"volume":300}';
const AIG: Row = ["AIG", 49_180_000, 1_381_132_800_000, 300];

const usualLine = fc
  .record({
    symbol: fc.stringMatching(/^[A-Z][A-Z0-9.-]{0,9}$/),
    price: fc.oneof(
      fc.stringMatching(/^(0|[1-9][0-9]{0,6})(\.[0-9]{1,6})?$/),
      fc.double({ min: 0, max: 2e7, noNaN: true }).map(String),
      fc.constantFrom("0", "0.0", "0.000001", "0.0000004", "9999999.999999", "10000000", "012.5", "-3", "1e2", "5."),
    ),
    time: fc.oneof(
      fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }).map(String),
      fc.constantFrom("0", "-1", "1381132800", "99999999999999", "1381132800000.0", "1.5", "0381132800000", '"x"'),
    ),
    volume: fc.oneof(
      fc.nat().map(String),
      fc.constantFrom("0", "00", "12.5", "-1", "null", "1e3", "99999999999", '"many"'),
    ),
  })
  .map((t) => `{"symbol":"${t.symbol}","latestPrice":${t.price},"latestUpdate":${t.time},"volume":${t.volume}}`);
const unusualLine = fc.oneof(
  usualLine.map((line) => line.replaceAll(":", ": ").replaceAll(",", ", ")),
  usualLine.map((line) => line.replace('"symbol":"', '"symbol":"\\u0041').replace("}", ',"note":"é"}')),
  fc.constantFrom(
    '{"latestUpdate":1381132800000,"latestPrice":49.18,"symbol":"AIG"}',
    '{"symbol":"AIG","latestPrice":49.18,"latestUpdate":1381132800000}',
    '{"symbol":"aig","latestPrice":49.18,"latestUpdate":1381132800000,"volume":300}',
    '{"symbol":"ABCDEFGHIJK","latestPrice":49.18,"latestUpdate":1381132800000,"volume":300}',
    '{"symbol":"AIG","latestPrice":"49.18","latestUpdate":1381132800000,"volume":300}',
    '{"symbol":"AIG","latestPrice":NaN,"latestUpdate":1381132800000,"volume":300}',
    "",
    "  \t",
    "null",
    "[]",
    "7",
  ),
);
const file = fc
  .array(fc.tuple(fc.oneof({ weight: 3, arbitrary: usualLine }, unusualLine), fc.constantFrom("\n", "\n", "\r\n")), {
    maxLength: 12,
  })
  .chain((lines) => fc.tuple(fc.constant(lines.flat().join("")), fc.nat({ max: 3 })))
  .map(([text, cut]) => encode(text.slice(0, text.length - cut)));
const cuts = fc.array(fc.nat({ max: 1500 }), { maxLength: 8 });

describe("scanning a tick file", () => {
  it("gives what the validating parser gives, on usual and unusual lines, however they are cut", () => {
    fc.assert(
      fc.property(file, cuts, (bytes, places) => {
        const { rows, reasons } = expected(bytes);
        const scanned = scan(bytes, places);
        expect(scanned.rows).toEqual(rows);
        expect(new Map(scanned.badLines.map((bad) => [bad.reason, bad.count]))).toEqual(
          new Map(Array.from(reasons, ([reason, lines]) => [reason, lines.length])),
        );
        for (const bad of scanned.badLines) expect(bad.lines).toEqual(reasons.get(bad.reason)!.slice(0, 5));
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the same when any byte is another", () => {
    const mutation = fc.record({
      at: fc.nat({ max: 400 }),
      byte: fc.oneof(fc.nat(255), fc.nat(255), fc.integer({ min: 44, max: 57 })),
    });
    fc.assert(
      fc.property(file, fc.array(mutation, { minLength: 1, maxLength: 4 }), cuts, (bytes, mutations, places) => {
        for (const { at, byte } of mutations) if (at < bytes.length) bytes[at] = byte;
        const { rows, reasons } = expected(bytes);
        const scanned = scan(bytes, places);
        expect(scanned.rows).toEqual(rows);
        expect(scanned.badLines.map((bad) => [bad.reason, bad.count])).toEqual(
          Array.from(reasons, ([reason, lines]) => [reason, lines.length]),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it("gives the same for every value of every byte of a line", () => {
    for (let at = 0; at <= TICK.length; at++) {
      const line = encode(`${TICK}\n`);
      const bytes = new Uint8Array(256 * line.length);
      for (let byte = 0; byte < 256; byte++) {
        bytes.set(line, byte * line.length);
        bytes[byte * line.length + at] = byte;
      }
      expect(scan(bytes).rows, `byte ${at}`).toEqual(expected(bytes).rows);
    }
  });

  it("reads a tick with every field", () => {
    expect(scan(encode(`${TICK}\n`))).toEqual({ rows: [AIG], badLines: [], lines: 1, ticks: 1 });
  });

  it("reads a last line without a line feed, lines that CRLF ends, and skips blank ones", () => {
    expect(scan(encode(`${TICK}\r\n\n \r\n${TICK}`))).toMatchObject({ rows: [AIG, AIG], badLines: [], lines: 4 });
  });

  it("skips a byte order mark at the start, and there alone", () => {
    const scanned = scan(encode(`\uFEFF${TICK}\n\uFEFF${TICK}\n`));
    expect(scanned).toMatchObject({ rows: [AIG], badLines: [{ reason: "Malformed", lines: [2] }] });
  });

  it("finds nothing in an empty file", () => {
    expect(scan(new Uint8Array(0))).toEqual({ rows: [], badLines: [], lines: 0, ticks: 0 });
  });

  it("counts a last line that is cut off as Truncated, wherever the cut is", () => {
    for (let length = 1; length < TICK.length; length++) {
      const scanned = scan(encode(`${TICK}\n${TICK.slice(0, length)}`));
      expect(scanned).toMatchObject({ rows: [AIG], badLines: [{ reason: "Truncated", count: 1, lines: [2] }] });
    }
  });

  it("keeps the first five line numbers of a reason and counts all", () => {
    const [bad] = scan(encode("junk\n".repeat(8))).badLines;
    expect(bad).toMatchObject({ reason: "Malformed", count: 8, lines: [1, 2, 3, 4, 5] });
    expect(bad?.detail).toContain("junk");
  });

  it("counts lines that are too long, and reads on behind them", () => {
    const long = "x".repeat(MAX_LINE_BYTES + 1);
    const bytes = encode(`${long}\n${TICK}\n${long}${long}\n${TICK}\n${long}`);
    for (const places of [[], [10], [MAX_LINE_BYTES, MAX_LINE_BYTES + 2], [90_000, 100_000, 160_000, 190_000]]) {
      expect(scan(bytes, places)).toMatchObject({
        rows: [AIG, AIG],
        badLines: [{ reason: "LineTooLong", count: 3, lines: [1, 3, 5] }],
      });
    }
  });

  it("reads a line of exactly the longest length", () => {
    const line = `${TICK.slice(0, -1)},"pad":"`;
    const padded = `${line}${"x".repeat(MAX_LINE_BYTES - line.length - 2)}"}\n`;
    for (const places of [[], [1], [40_000], [MAX_LINE_BYTES]])
      expect(scan(encode(padded), places).rows).toEqual([AIG]);
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), cuts, (bytes, places) => {
        const { lines, ticks } = scan(bytes, places);
        expect(ticks).toBe(0);
        expect(lines).toBeLessThanOrEqual(bytes.filter((byte) => byte === 10).length + 1);
      }),
    );
  });

  it("hands over more ticks than one block holds, in order", () => {
    const bytes = encode(Array.from({ length: 10_000 }, (_, i) => `${TICK.replace("300", String(i))}\n`).join(""));
    expect(scan(bytes).rows.map(([, , , volume]) => volume)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });
});
