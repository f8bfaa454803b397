/** What keeps `stockfeed dev` from its work, and what it says then. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE_KEYS } from "../../test/fakes/provider-formats.ts";
import { FakeProviderServer } from "../../test/fakes/provider-server.ts";
import { type StartOptions, StockfeedProcess } from "../../test/stockfeed-process.ts";
import { EXIT } from "./exit-codes.ts";

let directory: string;
const started: StockfeedProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "stockfeed-dev-"));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await rm(directory, { recursive: true });
});

const feed = (spec: string) => `
apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: tech}
spec: {symbols: [AAPL, MSFT], ${spec}}
`;
const SIMULATED = feed("provider: {type: Simulated}");
const ALPACA = feed("provider: {type: Alpaca, credentialsSecretRef: {name: alpaca}}");

async function start(manifest: string, args: readonly string[] = [], options?: StartOptions) {
  await writeFile(join(directory, "feed.yaml"), manifest);
  const base = ["dev", "-f", "feed.yaml", "--port", "0", "--store", "store.duckdb"];
  const child = new StockfeedProcess([...base, ...args], { cwd: directory, ...options });
  started.push(child);
  return child;
}

describe("stockfeed dev refuses", () => {
  it.each([
    [
      "a missing key",
      ALPACA,
      [],
      EXIT.failed,
      "default/tech: Alpaca needs a key. Set ALPACA_KEY_ID and ALPACA_SECRET_KEY in the environment.\n",
    ],
    [
      "to make real quotes come faster",
      ALPACA,
      ["--speed", "60"],
      EXIT.usage,
      "--speed 60 works with the providers Simulated and Replay; default/tech polls Alpaca, whose quotes come in real time.\n",
    ],
    ["a bad manifest", feed("provider: {type: Simulated}, polling: {interval: 7s}"), [], EXIT.usage, "feed.yaml"],
    [
      "a manifest that is not there",
      SIMULATED,
      ["-f", "none.yaml"],
      EXIT.usage,
      "none.yaml can't be read: there is no such file.",
    ],
    [
      "a speed that is none",
      SIMULATED,
      ["--speed", "fast"],
      EXIT.usage,
      "--speed fast is no factor. Write a number above 0 and up to 100000, such as 60.\n",
    ],
    ["a speed of zero", SIMULATED, ["--speed", "0"], EXIT.usage, "--speed 0 is no factor."],
    [
      "a port that is none",
      SIMULATED,
      ["--port", "70000"],
      EXIT.usage,
      "--port 70000 is no port. Write a number from 1 to 65535, or 0 for a free one.\n",
    ],
    ["a store that can't be made", SIMULATED, ["--store", "a/b/c.duckdb"], EXIT.failed, "there is no directory"],
    [
      "a store that is something else",
      SIMULATED,
      ["--store", "feed.yaml"],
      EXIT.failed,
      "feed.yaml is no DuckDB file.",
    ],
    [
      "a recording that is not there",
      feed("provider: {type: Replay, file: ticks.ndjson}"),
      [],
      EXIT.usage,
      "default/tech: ticks.ndjson does not exist. Check the path.\n",
    ],
    [
      "a recording without ticks",
      feed("provider: {type: Replay, file: feed.yaml}"),
      [],
      EXIT.usage,
      "feed.yaml of default/tech holds no ticks.",
    ],
    [
      "a recording beside real quotes",
      `${feed("provider: {type: Replay, file: t.ndjson}")}---${ALPACA.replace("tech", "real")}`,
      [],
      EXIT.usage,
      "Run them apart.",
    ],
  ] as const)("%s", async (_, manifest, args, exitCode, message) => {
    const child = await start(manifest, args);
    const { code } = await child.ended;
    expect(child.stderr).toContain(message);
    expect(child.stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(exitCode);
  });

  it("a port that is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const child = await start(SIMULATED, ["--port", String(port)]);
    expect((await child.ended).code).toBe(EXIT.failed);
    expect(child.stderr).toBe(
      `Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or take another port with --port.\n`,
    );
    other.close();
  });
});

describe("stockfeed dev in trouble", () => {
  it("keeps keys out of all that it says and stores, whatever a provider answers", async () => {
    const server = await FakeProviderServer.start();
    const key = "PKWRONGKEY0123456789";
    const secret = "wrong/Secret+0123456789";
    server.fail({ kind: "status", status: 401, body: `{"message": "no such key: ${key}, ${secret}"}` });
    const manifest = feed(
      `provider: {type: Alpaca, baseUrl: "${server.url}", credentialsSecretRef: {name: a}}, polling: {interval: 1s}, resolutions: [{window: 5s}]`,
    );
    const child = await start(manifest, [], { env: { ALPACA_KEY_ID: key, ALPACA_SECRET_KEY: secret } });
    const url = await child.url();
    await child.complaint(/no such key: /);
    const said = [];
    for (const path of ["/metrics", "/api/snapshot", "/readyz", "/"]) said.push(await (await fetch(url + path)).text());
    child.kill("SIGINT");
    expect((await child.ended).code).toBe(EXIT.ok);
    expect(child.stderr).toContain("Check ALPACA_KEY_ID and ALPACA_SECRET_KEY in the environment");
    expect(said[0]).toMatch(/stockfeed_provider_requests_total\{feed="default\/tech",code="40[13]"\} [1-9]/);
    said.push(child.stdout, child.stderr, (await readFile(join(directory, "store.duckdb"))).toString("latin1"));
    for (const text of said)
      for (const hidden of [key, secret, encodeURIComponent(secret)]) expect(text).not.toContain(hidden);
    await server.close();
  });

  it("polls real quotes with the right keys", async () => {
    const server = await FakeProviderServer.start();
    for (const symbol of ["AAPL", "MSFT"]) server.market.set(symbol, { price: 100, time: Date.now(), volume: 1 });
    const manifest = feed(
      `provider: {type: Alpaca, baseUrl: "${server.url}", credentialsSecretRef: {name: a}}, polling: {interval: 1s}, resolutions: [{window: 2s}]`,
    );
    const child = await start(manifest, [], { env: FAKE_KEYS });
    expect(await child.line(/^\d\d:/)).toContain("2s  2 rows  top AAPL 100.00, MSFT 100.00");
    child.kill("SIGINT");
    expect((await child.ended).code).toBe(EXIT.ok);
    await server.close();
  });

  it("says that the disk is full, is not ready meanwhile, and ends with 1 when rows stay unwritten", async () => {
    const manifest = feed("provider: {type: Simulated}, polling: {interval: 1s}, resolutions: [{window: 1m}]");
    // Files of 1.5 MB at most: what is simulated of the past fits, and a few seconds more.
    const wrap = ["sh", "-c", `trap "" XFSZ; ulimit -f 2850; exec "$@"`, "sh"];
    const child = await start(manifest, ["--speed", "20"], { wrap });
    const url = await child.url();
    await child.complaint(/no space left on its disk/);
    const readiness = await (await fetch(`${url}/readyz`)).text();
    expect(readiness).toContain("has no space left on its disk: what was being written is not stored.");
    child.kill("SIGINT");
    expect(await child.ended).toEqual({ code: EXIT.failed, signal: null });
    // Of rows or of quotes, whichever met the full disk at the stop.
    expect(child.stderr.trimEnd().split("\n").at(-1)).toMatch(/no space left on its disk/);
    expect(child.stderr).not.toMatch(/unhandled|^\s+at /im);
  });
});
