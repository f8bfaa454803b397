/**
 * The page of a running `stockfeed dev`, in a real Chromium, against the store of the same process: what a person sees
 * is what SQL says, before and after the process is killed and started again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { BROWSER_ARGS, findChromium } from "./fakes/browser.ts";

const PROGRAM = fileURLToPath(new URL("../src/main/stockfeed.ts", import.meta.url));
const FEED = fileURLToPath(new URL("../examples/ten-stocks.yaml", import.meta.url));
const sessionSchema = z.object({ url: z.string(), token: z.string() });
const answerSchema = z.object({ rows: z.array(z.array(z.union([z.string(), z.number()]))) });
const chromiumPath = findChromium();

/** What the page shows of the last closed minute: its end, ranked symbols and gains, in their exact values. */
interface Shown {
  readonly end: string;
  readonly top: readonly (readonly [string, string])[];
  readonly gains: readonly (readonly [string, string])[];
}

describe.skipIf(chromiumPath === undefined && process.env.CI !== "true")(
  `the page of stockfeed dev${chromiumPath === undefined ? " (skipped: no Chromium; set CHROMIUM_PATH)" : ""}`,
  () => {
    let browser: Browser;
    let folder: string;
    let dev: ChildProcess | undefined;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "stockfeed-page-"));
      browser = await chromium.launch({ executablePath: chromiumPath, args: BROWSER_ARGS });
    });
    afterAll(async () => {
      await browser.close();
      if (dev?.exitCode === null && dev.signalCode === null) await stop(dev, "SIGKILL");
      await rm(folder, { recursive: true });
    });

    const store = () => join(folder, "store.duckdb");

    /** Starts dev; resolves with the page's address once it is announced. */
    async function start(port: string): Promise<string> {
      const child = spawn(process.execPath, [PROGRAM, "dev", "-f", FEED, "--store", store(), "--port", port], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      dev = child;
      for await (const line of createInterface({ input: child.stdout })) {
        const url = /console (http\S+)/.exec(line)?.[1];
        if (url === undefined) continue;
        child.stdout.resume();
        return url;
      }
      throw new Error(`dev ended with ${String(child.exitCode)} before it had a page`);
    }

    async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    }

    async function query(sql: string): Promise<(string | number)[][]> {
      const { url, token } = sessionSchema.parse(JSON.parse(await readFile(`${store()}.session.json`, "utf8")));
      const response = await fetch(`${url}/api/query`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ sql }),
      });
      return answerSchema.parse(await response.json()).rows;
    }

    /** Read in one turn of the page, so that no update comes in between. */
    async function shown(page: Page): Promise<Shown> {
      return page.evaluate<Shown>(`(() => {
        const pairs = (table) => [...document.querySelectorAll(table + " tbody tr")].map((row) => [
          row.querySelector("th").textContent, row.querySelector("data").getAttribute("value"),
        ]);
        const times = [...document.querySelectorAll(".window-times time")];
        return { end: times.at(-1).getAttribute("datetime"), top: pairs(".top-stocks"), gains: pairs(".gains") };
      })()`);
    }

    async function expectStoreSays({ end, top, gains }: Shown): Promise<void> {
      const minute = `resolution_minutes = 1 AND window_end = TIMESTAMP '${end}'`;
      expect(top).toEqual(
        await query(`SELECT symbol, CAST(mean_price AS VARCHAR) FROM top_stocks WHERE ${minute} ORDER BY rank, symbol`),
      );
      expect(gains).toEqual(
        await query(
          `SELECT symbol, CAST(gain_percent AS VARCHAR) FROM percentage_gain WHERE ${minute} ORDER BY gain_percent DESC, symbol`,
        ),
      );
      expect(top.length).toBeGreaterThanOrEqual(3);
      expect(gains).toHaveLength(10);
    }

    it("shows what the store says, also after the process was killed and started again", async () => {
      const url = await start("0");
      const page = await browser.newPage();
      const exceptions: string[] = [];
      page.on("pageerror", (error) => exceptions.push(String(error)));
      await page.goto(url);
      await page.getByRole("tab", { name: "1 min", exact: true }).click();
      await page.locator(".gains tbody tr").nth(9).waitFor();
      const before = await shown(page);
      await expectStoreSays(before);

      if (dev !== undefined) await stop(dev, "SIGKILL");
      await page.getByText("Connection lost.").waitFor();
      await start(new URL(url).port);
      await expect
        .poll(async () => (await shown(page)).end > before.end, { timeout: 25_000, interval: 250 })
        .toBe(true);
      await page.getByText("Connection lost.").waitFor({ state: "detached" });
      await expectStoreSays(await shown(page));
      expect(exceptions).toEqual([]);
      await page.close();
    }, 60_000);
  },
);
