/// <reference types="node" />
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_ARGS, findChromium } from "../../../test/fakes/browser.ts";
import { sampleFeed, sampleQuotes, sampleRows } from "../../../test/fakes/sample-market.ts";
import { createConsole, type Console } from "../console.ts";
import { createMonitor } from "../feed-monitor.ts";
import type { FeedSnapshot } from "../wire.ts";

const NAME = "markets/tech";
const START = Date.parse("2026-03-04T15:00:00Z");
const NOW = START + 1_206_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** An axe result, as far as a message needs it. */
interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const chromiumPath = findChromium();
const running: (() => Promise<unknown>)[] = [];

/** Twenty minutes of the sample market, on two feeds. */
function sampleMarket({ symbols }: { symbols?: readonly string[] } = {}) {
  const feeds = [sampleFeed({ symbols }), sampleFeed({ name: "old-economy", symbols: ["IBM", "INTC"] })];
  let now = NOW;
  const monitor = createMonitor({ feeds, now: () => now });
  const poll = (from: number, to: number) => {
    now = to + 6_000;
    for (const feed of feeds) {
      const events = monitor.feed(`markets/${feed.metadata.name}`);
      const quotes = sampleQuotes(feed, from, to);
      for (let slot = from; slot <= to; slot += 10_000) events.onSlot({ slot, missed: 0, failures: [] });
      events.onQuotes(quotes);
      events.onRows(sampleRows(feed, sampleQuotes(feed, START, to), now));
      events.onWatermark(now);
      monitor.telemetry.countQuotes(`markets/${feed.metadata.name}`, "accepted", quotes.length);
    }
  };
  poll(START, NOW - 6_000);
  return { monitor, poll };
}

async function serve(market: ReturnType<typeof sampleMarket>, port = 0): Promise<{ server: Console; url: string }> {
  const server = createConsole({
    monitor: market.monitor,
    reader: { query: () => Promise.reject(new Error("no store")) },
    metrics: () => Promise.resolve(""),
    readiness: () => ({ ready: true, reasons: [] }),
    token: "token",
    port,
    pacing: { coalesceMs: 20, heartbeatMs: 1_000 },
  });
  const url = await server.start();
  running.push(() => server.close());
  return { server, url };
}

describe.skipIf(chromiumPath === undefined && process.env.CI !== "true")(
  `the page in a real Chromium${chromiumPath === undefined ? " (skipped: none found; set CHROMIUM_PATH)" : ""}`,
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: chromiumPath, args: BROWSER_ARGS });
    });
    afterAll(() => browser.close());
    afterEach(async () => {
      for (const close of running.splice(0).reverse()) await close();
    });

    /** Opens the page; `troubles` collects console errors, exceptions, refused loads and requests to elsewhere. */
    async function open(url: string, options: BrowserContextOptions = {}) {
      const context = await browser.newContext({ timezoneId: "UTC", ...options });
      running.push(() => context.close());
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) troubles.push(message.text());
      });
      page.on("pageerror", (error) => troubles.push(String(error)));
      page.on("request", (request) => {
        if (!request.url().startsWith(url)) troubles.push(`a request to ${request.url()}`);
      });
      await page.goto(url);
      await page.locator(".plot canvas").waitFor();
      return { page, troubles };
    }

    const texts = (page: Page, selector: string) => page.locator(selector).allTextContents();
    const chosenSymbol = (page: Page) => page.locator("#chart-title").textContent();
    const tab = (page: Page, name: string) => page.getByRole("tab", { name, exact: true });

    async function expectNoViolations(page: Page) {
      await page.evaluate(AXE);
      const violations = await page.evaluate<Violation[]>("axe.run().then(({ violations }) => violations)");
      expect(
        violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((n) => n.failureSummary ?? n.html) })),
      ).toEqual([]);
    }

    async function expectPageShows(page: Page, feed: FeedSnapshot) {
      const priceOf = (price: number) =>
        price.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 });
      await expect
        .poll(() => texts(page, "table.prices .price"))
        .toEqual(feed.latest.map((latest) => priceOf(latest!.price)));
      expect(await texts(page, "table.prices button.symbol")).toEqual(feed.symbols);
      for (const [name, index] of [
        ["1 min", 0],
        ["5 min", 1],
        ["15 min", 2],
      ] as const) {
        await tab(page, name).click();
        const { closed } = feed.windows[index]!;
        const rank = await texts(page, ".top-stocks .rank");
        const symbols = await texts(page, ".top-stocks th[scope=row]");
        const means = await page
          .locator(".top-stocks data")
          .evaluateAll((all) => all.map((e) => e.getAttribute("value")));
        expect(rank.map((text, i) => [Number(text), symbols[i], means[i]])).toEqual(
          closed!.topStocks.map((top) => [top.rank, top.symbol, top.meanPrice]),
        );
        const gainers = await texts(page, ".gains th[scope=row]");
        const gains = await page.locator(".gains data").evaluateAll((all) => all.map((e) => e.getAttribute("value")));
        expect(gainers.map((symbol, i) => [symbol, gains[i]])).toEqual(
          closed!.gains.map((gain) => [gain.symbol, gain.gainPercent]),
        );
        const times = await page
          .locator(".window-times time")
          .evaluateAll((all) => all.map((e) => e.getAttribute("datetime")));
        expect(times.map((time) => Date.parse(time!))).toEqual([closed!.windowStart, closed!.windowEnd]);
      }
    }

    it("shows the monitor's values, and goes on showing them as they change", async () => {
      const market = sampleMarket();
      const { url } = await serve(market);
      const { page, troubles } = await open(url);
      await expectPageShows(page, market.monitor.snapshot().feeds[0]!);
      market.poll(NOW + 4_000, NOW + 34_000);
      const after = market.monitor.snapshot().feeds[0]!;
      await expectPageShows(page, after);
      expect(await page.locator(".metric dd").allTextContents()).toContain(
        after.health.quotesAccepted.toLocaleString("en-US"),
      );
      expect(troubles).toEqual([]);
    });

    it("shows how far a window has warmed up", async () => {
      const { url } = await serve(sampleMarket());
      const { page } = await open(url);
      expect(await page.locator(".warmth").textContent()).toBe("Full: 6 quotes a symbol");
      const early = sampleMarket();
      early.monitor
        .feed(NAME)
        .onRows(sampleRows(sampleFeed(), sampleQuotes(sampleFeed(), NOW + 600_000, NOW + 610_000), NOW + 622_000));
      const { url: other } = await serve(early);
      const { page: second } = await open(other);
      await tab(second, "15 min").click();
      expect(await second.locator(".warmth").textContent()).toMatch(/^Partial: \d of 90 quotes a symbol$/);
    });

    it("says that the connection is lost, and recovers when the server comes back on the same port", async () => {
      const market = sampleMarket();
      const { server, url } = await serve(market);
      const { page } = await open(url);
      await server.close();
      await page.getByText("Connection lost.").waitFor();
      await expect.poll(() => page.getByRole("status").textContent()).toBe("Connection to StockFeed lost.");
      // A new process: its state has nothing of the old one.
      const restarted = sampleMarket();
      restarted.poll(NOW + 4_000, NOW + 64_000);
      await serve(restarted, Number(new URL(url).port));
      await page.getByText("Connection lost.").waitFor({ state: "detached" });
      await expectPageShows(page, restarted.monitor.snapshot().feeds[0]!);
      restarted.poll(NOW + 74_000, NOW + 84_000);
      await expectPageShows(page, restarted.monitor.snapshot().feeds[0]!);
    });

    it("is worked by keyboard: from the feed through prices to windows", async () => {
      const { url } = await serve(sampleMarket());
      const { page } = await open(url);
      const focused = () => page.evaluate(() => document.activeElement?.textContent);
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SELECT");
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("AAPL");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      expect([await focused(), await chosenSymbol(page)]).toEqual(["GOOG", "GOOG"]);
      await page.keyboard.press("ArrowUp");
      expect([await focused(), await chosenSymbol(page)]).toEqual(["MSFT", "MSFT"]);
      await page.keyboard.press("End");
      expect([await focused(), await chosenSymbol(page)]).toEqual(["IBM", "IBM"]);
      expect(await page.locator("button[aria-pressed=true]").allTextContents()).toEqual(["IBM"]);
      await page.keyboard.press("Tab");
      expect(await focused()).toBe("1 min");
      await page.keyboard.press("ArrowRight");
      expect([await focused(), await tab(page, "5 min").getAttribute("aria-selected")]).toEqual(["5 min", "true"]);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      expect([await focused(), await page.locator("[role=tab][tabindex='0']").count()]).toEqual(["15 min", 1]);
      const outline = await tab(page, "15 min").evaluate((element) => getComputedStyle(element).outlineStyle);
      expect(outline).toBe("solid");
    });

    it("shows another feed when it is chosen, and comes back to it after a reload", async () => {
      const market = sampleMarket();
      const { url } = await serve(market);
      const { page, troubles } = await open(url);
      await page.getByRole("combobox", { name: "Feed" }).selectOption("markets/old-economy");
      await page.getByRole("button", { name: "INTC" }).click();
      expect(await chosenSymbol(page)).toBe("INTC");
      await page.reload();
      await page.locator(".plot canvas").waitFor();
      expect(await chosenSymbol(page)).toBe("INTC");
      await expectPageShows(page, market.monitor.snapshot().feeds[1]!);
      expect(troubles).toEqual([]);
    });

    it("finds one symbol among thousands, and draws but some of them at first", async () => {
      const symbols = Array.from({ length: 2_000 }, (_, index) => `S${index}`);
      const { url } = await serve(sampleMarket({ symbols }));
      const { page } = await open(url);
      expect(await page.locator("button.symbol").count()).toBe(50);
      await page.getByRole("searchbox", { name: "Find a symbol" }).fill("s1999");
      expect(await texts(page, "button.symbol")).toEqual(["S1999"]);
      await page.getByRole("button", { name: "S1999" }).click();
      expect(await chosenSymbol(page)).toBe("S1999");
    });

    it("draws the chosen symbol's line, and says the same in words", async () => {
      const market = sampleMarket();
      const { url } = await serve(market);
      const { page } = await open(url);
      await page.getByRole("button", { name: "TSLA" }).click();
      const own = market.monitor.snapshot().feeds[0]!.history.prices[6]!.filter((price) => price !== null);
      expect(own).toHaveLength(121);
      const words = await page.locator("figcaption").textContent();
      const two = (price: number) => price.toFixed(2);
      expect(words).toBe(
        `From ${two(own[0]!)} at 15:00:00 to ${two(own.at(-1)!)} at 15:20:00; ` +
          `low ${two(Math.min(...own))}, high ${two(Math.max(...own))}.`,
      );
      const drawn = await page.locator(".plot canvas").evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      });
      expect(drawn).toBeGreaterThan(10);
    });

    it("shows trouble in words, with the provider's message", async () => {
      const market = sampleMarket();
      const { url } = await serve(market);
      const { page, troubles } = await open(url);
      market.monitor.feed(NAME).onMarket("Stale");
      market.monitor.feed(NAME).onSlot({
        slot: NOW,
        missed: 2,
        failures: [{ symbol: "IBM", kind: "RateLimited", message: "Alpaca <b>asked</b> to wait 3 s." }],
      });
      await page.getByText("Prices stale").first().waitFor();
      await page.getByText("Alpaca <b>asked</b> to wait 3 s.").waitFor();
      expect(await page.getByText("Rate limited").count()).toBe(1);
      expect(await page.locator(".metric.bad h3").allTextContents()).toEqual(["Slots missed", "Provider errors"]);
      await expectNoViolations(page);
      expect(troubles).toEqual([]);
    });

    it("waits with a clear page before the first quote", async () => {
      const monitor = createMonitor({ feeds: [sampleFeed({ session: "NYSE" })], now: () => NOW });
      monitor.feed(NAME).onMarket("Closed", NOW + 3_600_000);
      const { url } = await serve({ monitor, poll: () => undefined });
      const { page, troubles } = await open(url);
      await page.getByText("Market closed, opens Wed 16:20").waitFor();
      await page.getByText("No price of AAPL yet.").waitFor();
      await page.getByText("The first 1 min window has not closed yet.").waitFor();
      await expectNoViolations(page);
      expect(troubles).toEqual([]);
    });

    it.each(["light", "dark"] as const)("has nothing that axe objects to in %s", async (colorScheme) => {
      const { server, url } = await serve(sampleMarket());
      const { page } = await open(url, { colorScheme, reducedMotion: "reduce" });
      await expectNoViolations(page);
      await server.close();
      await page.getByText("Connection lost.").waitFor();
      await expectNoViolations(page);
    });

    it.each([360, 768, 1280])("has no horizontal scroll at %i pixels", async (width) => {
      const { url } = await serve(sampleMarket());
      const { page } = await open(url, { viewport: { width, height: 740 } });
      const { scroll, client } = await page.evaluate(() => ({
        scroll: document.documentElement.scrollWidth,
        client: document.documentElement.clientWidth,
      }));
      expect(scroll).toBeLessThanOrEqual(client);
      const cut = await page
        .locator("td:visible, th:visible")
        .evaluateAll((cells) =>
          cells
            .filter((cell) => cell.getBoundingClientRect().right > window.innerWidth)
            .map((cell) => cell.textContent),
        );
      expect(cut).toEqual([]);
    });

    it("plays no animation for those who asked for none", async () => {
      const market = sampleMarket();
      const { url } = await serve(market);
      const animations = async (reducedMotion: "reduce" | "no-preference") => {
        const { page } = await open(url, { reducedMotion });
        return page
          .locator(".price")
          .evaluateAll((all) => all.filter((e) => getComputedStyle(e).animationName !== "none").length);
      };
      expect(await animations("reduce")).toBe(0);
      expect(await animations("no-preference")).toBeGreaterThan(0);
    });
  },
);
