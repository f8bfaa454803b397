/**
 * Draws docs/images/console-*.png: the page over a sample market, in a real Chromium.
 * Usage: node scripts/console-screenshots.ts [FOLDER]
 */
import { chromium, type BrowserContextOptions, type Page } from "playwright-core";
import { createConsole } from "../src/console/console.ts";
import { createMonitor } from "../src/console/feed-monitor.ts";
import { BROWSER_ARGS, findChromium } from "../test/fakes/browser.ts";
import { sampleFeed, sampleQuotes, sampleRows } from "../test/fakes/sample-market.ts";

const NOW = Date.parse("2026-03-04T15:42:16Z");
const SLOT = NOW - 6_000;

/** An hour of the sample market, seen a few seconds after its last window closed. */
function sampleMonitor() {
  const feed = sampleFeed();
  const monitor = createMonitor({ feeds: [feed], now: () => NOW });
  const events = monitor.feed("markets/tech");
  const quotes = sampleQuotes(feed, SLOT - 3_590_000, SLOT);
  const rows = sampleRows(feed, quotes, NOW);
  for (let slot = SLOT - 3_590_000; slot <= SLOT; slot += 10_000) events.onSlot({ slot, missed: 0, failures: [] });
  events.onQuotes(quotes);
  events.onRows(rows);
  events.onMarket("Open");
  events.onWatermark(NOW - 400);
  monitor.telemetry.countQuotes("markets/tech", "accepted", quotes.length);
  monitor.telemetry.countSinkRows("markets/tech", "written", 30 * 360);
  return monitor;
}

const browser = await chromium.launch({ executablePath: findChromium(), args: BROWSER_ARGS });
const server = createConsole({
  monitor: sampleMonitor(),
  reader: { query: () => Promise.reject(new Error("The sample market has no store.")) },
  metrics: () => Promise.resolve(""),
  readiness: () => ({ ready: true, reasons: [] }),
  token: "sample",
  port: 0,
});
const url = await server.start();
const folder = process.argv[2] ?? "docs/images";

async function shoot(name: string, options: BrowserContextOptions, prepare?: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ timezoneId: "UTC", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator(".plot canvas").waitFor();
  await prepare?.(page);
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: options.deviceScaleFactor === undefined });
  await context.close();
}

const fifteenMinutes = (page: Page) => page.getByRole("tab", { name: "15 min" }).click();
const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2 };
await shoot("console-light", { ...desktop, colorScheme: "light" }, fifteenMinutes);
await shoot("console-dark", { ...desktop, colorScheme: "dark" }, fifteenMinutes);
await shoot("console-phone", { ...phone, colorScheme: "light" });
await browser.close();
await server.close();
