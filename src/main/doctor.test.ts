import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { runCommand } from "../../test/run-command.ts";
import { openStore } from "../adapters/duckdb/store.ts";
import { type Check, checkClock, checkKeys, checkNode, checkPort, checkProvider, checkStore } from "./doctor-checks.ts";
import { doctorCommand } from "./doctor.ts";

const containing = (text: string) => expect.stringContaining(text) as string;

const folder = mkdtempSync(join(tmpdir(), "doctor-"));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A server on a free port, closed after the test. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function feedOf(provider: string): string {
  return `apiVersion: stockfeed.dev/v1alpha1
kind: StockFeed
metadata: {name: tech}
spec:
  symbols: [AAPL]
  provider: ${provider}
`;
}

async function doctor(args: readonly string[], options: { env?: Record<string, string>; input?: string } = {}) {
  const port = String(await freePort());
  const all = ["--json", "--port", port, "--store", join(folder, "store.duckdb"), ...args];
  const result = await runCommand(doctorCommand, { args: all, ...options });
  return { ...result, checks: result.stdout === "" ? [] : (JSON.parse(result.stdout) as { checks: Check[] }).checks };
}

describe("stockfeed doctor", () => {
  it("finds a machine well where it is, without looking at any network", async () => {
    const { checks, exitCode } = await doctor([]);
    expect(checks.map(({ name, status }) => [name.replace(/[0-9]+/, "N"), status])).toEqual([
      ["Node", "ok"],
      ["port N", "ok"],
      ["store", "ok"],
    ]);
    expect(exitCode).toBe(0);
  });

  it("ends with 1 and a mend for each check that failed", async () => {
    const { checks, exitCode } = await doctor(["-f", "-", "--store", folder], {
      input: feedOf("{type: IEX, baseUrl: 'http://127.0.0.1:1'}"),
    });
    const failed = checks.filter(({ status }) => status === "failed");
    expect(failed.map(({ name }) => name)).toEqual(["store", "reach IEX"]);
    for (const { mend } of failed) expect(mend).toMatch(/^[A-Z].*\.$/);
    expect(exitCode).toBe(1);
  });

  it("checks a feed's provider, its keys and the clock, in words for people", async () => {
    const url = await serve((_, response) => response.end());
    const args = ["-f", "-", "--port", String(await freePort()), "--store", join(folder, "store.duckdb")];
    const input = feedOf(`{type: Finnhub, baseUrl: "${url}", credentialsSecretRef: {name: f}}`);
    const without = await runCommand(doctorCommand, { args, input });
    expect(without.stdout).toMatch(
      /FAILED {2}keys of Finnhub +FINNHUB_TOKEN is missing\n +Set FINNHUB_TOKEN=… in the environment\./,
    );
    expect(without.stdout).toMatch(/ok +reach Finnhub +http:\/\/127\.0\.0\.1:[0-9]+ answers in [0-9]+ ms/);
    expect(without.stdout).toMatch(/ok +clock +agrees/);
    expect(without.stdout).toMatch(/\n\nOne check failed\.\n$/);
    expect(without.exitCode).toBe(1);
    const withKey = await runCommand(doctorCommand, { args, input, env: { FINNHUB_TOKEN: "hunter2" } });
    expect(withKey.stdout).toMatch(/All is well\.\n$/);
    expect(withKey.stdout).not.toContain("hunter");
    expect(withKey.exitCode).toBe(0);
  });

  it("sends no key and asks each place once, however many feeds share it", async () => {
    const requests: string[] = [];
    const url = await serve((request, response) => {
      requests.push(`${request.method ?? ""} ${request.url ?? ""} ${JSON.stringify(request.headers)}`);
      response.end();
    });
    const feed = feedOf(`{type: Alpaca, baseUrl: "${url}", credentialsSecretRef: {name: a}}`);
    const env = { ALPACA_KEY_ID: "hunter1", ALPACA_SECRET_KEY: "hunter2" };
    const { exitCode } = await doctor(["-f", "-"], { env, input: `${feed}---\n${feed.replace("tech", "banks")}` });
    expect(exitCode).toBe(0);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatch(/^HEAD \/ /);
    expect(requests[0]).not.toContain("hunter");
  });

  it("needs no network and no key for simulated and recorded prices", async () => {
    const ticks = join(folder, "ticks.ndjson");
    writeFileSync(ticks, "{}\n");
    const input = `${feedOf("{type: Simulated}")}---\n${feedOf(`{type: Replay, file: ${ticks}}`).replace("tech", "day")}`;
    const { checks, exitCode } = await doctor(["-f", "-"], { input });
    expect(checks.slice(3).map(({ name, status }) => [name, status])).toEqual([
      ["keys of Simulated", "skipped"],
      ["keys of Replay", "skipped"],
      ["reach Simulated", "skipped"],
      ["ticks of Replay", "ok"],
    ]);
    expect(exitCode).toBe(0);
  });

  it("ends with 2 where a manifest or a flag is not valid", async () => {
    expect(await doctor(["-f", "-"], { input: "x" })).toMatchObject({ exitCode: 2 });
    expect(await doctor(["--port", "http"])).toMatchObject({
      exitCode: 2,
      stderr: containing('--port is "http"'),
    });
  });
});

describe("a check", () => {
  it("wants Node 24 or newer", () => {
    expect(checkNode("24.0.0").status).toBe("ok");
    expect(checkNode("101.0.0").status).toBe("ok");
    expect(checkNode("20.19.4")).toMatchObject({ status: "failed", mend: containing("npx stockfeed") });
  });

  it("finds a port that is taken", async () => {
    const url = await serve((_, response) => response.end());
    const taken = await checkPort(Number(new URL(url).port));
    expect(taken).toMatchObject({ status: "failed", detail: "taken by another process" });
    expect(taken.mend).toContain("--port");
  });

  it("leaves a free port free", async () => {
    const port = await freePort();
    expect(await checkPort(port)).toMatchObject({ status: "ok" });
    expect(await checkPort(port)).toMatchObject({ status: "ok" });
  });

  it("takes a store that is there, and a folder that is still to be made, and leaves both alone", async () => {
    const file = join(folder, "there.duckdb");
    writeFileSync(file, "x");
    expect(await checkStore(file)).toMatchObject({ status: "ok" });
    expect(await checkStore(join(folder, "made", "store.duckdb"))).toMatchObject({ status: "ok" });
    expect(existsSync(join(folder, "made"))).toBe(false);
  });

  it.each([
    ["made", "ok"],
    ["deep/er", "failed"],
    ["deep/er/still", "failed"],
  ])("says of a store in %s what opening it says", async (place, status) => {
    const path = join(folder, place, "store.duckdb");
    const check = await checkStore(path);
    expect(check.status).toBe(status);
    const error = await openStore(path).then(
      async (store) => store.close(),
      (thrown: unknown) => thrown,
    );
    expect(error === undefined ? "ok" : "failed").toBe(status);
    if (error === undefined) return;
    const above = dirname(dirname(path));
    expect(check.detail).toBe(`${path} can't be made: there is no folder ${above}`);
    expect(check.mend).toBe("Make it, or name another place with --store.");
    expect((error as Error).message).toContain(`there is no directory ${above}`);
  });

  it("refuses a folder for a store, and a file for its folder", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "x");
    expect(await checkStore(folder)).toMatchObject({
      status: "failed",
      detail: containing("is a folder"),
    });
    expect(await checkStore(join(file, "store.duckdb"))).toMatchObject({
      status: "failed",
      detail: containing("no folder"),
    });
  });

  it("tells which keys are missing, and takes blanks for none", () => {
    expect(checkKeys("Alpaca", { ALPACA_KEY_ID: "k", ALPACA_SECRET_KEY: " " })).toEqual({
      name: "keys of Alpaca",
      status: "failed",
      detail: "ALPACA_KEY_ID is set, ALPACA_SECRET_KEY is missing",
      mend: "Set ALPACA_SECRET_KEY=… in the environment.",
    });
    expect(checkKeys("IEX", {}).status).toBe("skipped");
  });

  it("takes any answer for an answer", async () => {
    const url = await serve((_, response) => response.writeHead(500).end());
    const [reach] = await checkProvider({ type: "IEX", baseUrl: url }, Date.now);
    expect(reach).toMatchObject({ status: "ok" });
  });

  it("gives up on a provider that takes the call and never answers", async () => {
    const url = await serve(() => undefined);
    const [reach] = await checkProvider({ type: "IEX", baseUrl: url }, Date.now, 50);
    expect(reach).toMatchObject({ status: "failed", detail: containing("no answer in 0.05 s") });
  });

  it("says why a provider can't be reached", async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const [reach, ...others] = await checkProvider({ type: "IEX", baseUrl }, Date.now);
    expect(reach).toMatchObject({
      status: "failed",
      detail: containing("ECONNREFUSED"),
      mend: containing("baseUrl"),
    });
    expect(others).toEqual([]);
  });

  it("tells a recording that is not there", async () => {
    const [ticks] = await checkProvider({ type: "Replay", file: join(folder, "none"), speed: 1 }, Date.now);
    expect(ticks).toMatchObject({ status: "failed", detail: containing("ENOENT") });
  });
});

describe("the clock", () => {
  const theirs = Date.parse("2024-03-01T14:35:00Z");
  const header = "Fri, 01 Mar 2024 14:35:00 GMT";
  const at = (sent: number, received = sent + 100) => checkClock(header, theirs + sent, theirs + received);

  it("agrees with a Date header that was cut to whole seconds, however long the answer took", () => {
    for (const [sent, received] of [
      [0, 100],
      [999, 1_099],
      [-4_000, 4_000],
      [2_900, 3_000],
      [-2_050, -1_950],
    ] as const) {
      expect(at(sent, received).status, `${sent} to ${received}`).toBe("ok");
    }
  });

  it("is off by what no rounding explains", () => {
    expect(at(5_999)).toMatchObject({ status: "failed", detail: "5.0 s ahead of the provider's" });
    expect(at(-10_100)).toMatchObject({ status: "failed", detail: "10.0 s behind the provider's" });
    expect(at(3_600_000).mend).toContain("Set the clock");
  });

  it("is not known where the provider does not tell the time", () => {
    expect(checkClock(null, 0, 0).status).toBe("skipped");
    expect(checkClock("soon", 0, 0).status).toBe("skipped");
  });
});
