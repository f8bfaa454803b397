import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readTickFile, TickFileError } from "./tick-file.ts";

const TEXT = Array.from({ length: 50_000 }, (_, i) => `{"symbol":"A${i % 7}","latestPrice":${i + 0.25}}\n`).join("");

describe("reading a tick file", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "stockfeed-ticks-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, bytes: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const read = async (path: string, options = {}) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readTickFile(path, options)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it("gives the bytes of a plain file", async () => {
    expect(await read(write("plain.ndjson", TEXT))).toBe(TEXT);
  });

  it("gives nothing of an empty file", async () => {
    expect(await read(write("empty.ndjson", ""))).toBe("");
  });

  it("unpacks gzip data, whatever the file is called", async () => {
    expect(await read(write("packed.ndjson.gz", gzipSync(TEXT)))).toBe(TEXT);
    expect(await read(write("packed.ndjson", gzipSync(TEXT)))).toBe(TEXT);
  });

  it("unpacks one gzip member after the other", async () => {
    const members = Buffer.concat([gzipSync("one\n"), gzipSync(TEXT), gzipSync("three\n")]);
    expect(await read(write("members.ndjson.gz", members))).toBe(`one\n${TEXT}three\n`);
  });

  it("reads a pipe", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const text = read(path);
    const writer = createWriteStream(path);
    writer.end(gzipSync(TEXT));
    await once(writer, "close");
    expect(await text).toBe(TEXT);
  });

  it("says how far it has come, in the file's own bytes", async () => {
    const packed = gzipSync(TEXT);
    const seen: number[] = [];
    await read(write("progress.gz", packed), { onRead: (bytes: number) => seen.push(bytes) });
    expect(seen.at(-1)).toBe(packed.length);
  });

  it("stops with the signal's reason", async () => {
    const path = write("aborted.ndjson", TEXT);
    await expect(read(path, { signal: AbortSignal.abort(new Error("stopped by hand")) })).rejects.toThrow(
      "stopped by hand",
    );
  });

  it("closes the file when its reader stops early", async () => {
    const path = write("early.gz", gzipSync(TEXT));
    const openFiles = () => readdirSync("/dev/fd").length;
    const before = openFiles();
    for await (const chunk of readTickFile(path)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(() => {
      expect(openFiles()).toBe(before);
    });
  });

  const packed = gzipSync(TEXT);
  const damaged = Uint8Array.from(packed).fill(0xff, packed.length / 2, packed.length / 2 + 50);
  it.each<[string, string, Uint8Array | string]>([
    ["gzip data that is cut off", "ends in the middle of its gzip data", packed.subarray(0, packed.length - 9)],
    ["gzip data that is cut off within its head", "ends in the middle of its gzip data", packed.subarray(0, 5)],
    ["gzip data that is damaged", "damaged gzip data", damaged],
    ["plain text under a name in .gz", "named .gz but holds no gzip data", TEXT],
    ["nothing under a name in .gz", "named .gz but holds no gzip data", ""],
  ])("refuses %s, and says so", async (name, message, bytes) => {
    const path = write("refused.gz", bytes);
    const error: unknown = await read(path).catch((e: unknown) => e);
    expect(error, name).toBeInstanceOf(TickFileError);
    expect((error as TickFileError).message).toMatch(new RegExp(`refused.gz .*${message}`));
  });

  it("says that a file is missing, or is a directory", async () => {
    await expect(read(join(folder, "missing.ndjson"))).rejects.toThrow(/missing.ndjson does not exist/);
    await expect(read(folder)).rejects.toThrow(/is a directory/);
  });
});
