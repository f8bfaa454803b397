/**
 * Draws Grafana's boards, as they are committed, with the data of a world under load (test/grafana/boards-world.ts), in
 * Chromium. It is no Grafana: a plain drawing, by which one sees whether a board can be understood. A picture ends below
 * the last row of panels that is whole at that height.
 * Usage: node scripts/board-pictures.ts [FOLDER [SECONDS OF LOAD [HEIGHT IN PIXELS]]]
 */
import { setTimeout as wait } from "node:timers/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { BROWSER_ARGS, findChromium } from "../test/fakes/browser.ts";
import { boardData } from "../test/grafana/board-data.ts";
import { BoardsWorld, msOf, TICKS } from "../test/grafana/boards-world.ts";
import { committedBoards } from "../test/grafana/committed-boards.ts";
import { drawBoard } from "../test/grafana/draw-board.ts";
import { SCRAPE_MS } from "../test/grafana/prometheus-server.ts";

const WIDTH = 1_412;
const [folder = "docs/images", seconds = "150", height = "1000"] = process.argv.slice(2);
const world = await BoardsWorld.start();
try {
  await world.run();
  const from = Date.now();
  await wait(Number(seconds) * 1000);
  const to = Date.now() - 5_000;
  const rows = world.rows().filter((row) => row.feed === TICKS && msOf(row.window_end) <= to);
  await world.writeAsDataflow(rows.filter(({ resolution_minutes: minutes }) => Number(minutes) > 0.1).slice(-4_000));
  const browser = await chromium.launch({ executablePath: findChromium(), args: BROWSER_ARGS });
  const page = await browser.newPage({ viewport: { width: WIDTH, height: Number(height) } });
  const chosen = {
    project: world.operator.bigQuery.project,
    dataset: "markets",
    minutes: "0.166666667",
    symbol: "NVDA",
  };
  for (const [name, board] of committedBoards()) {
    const ofMarket = name === "market" ? { feed: TICKS } : { feed: ".*" };
    const values = { job: ".*", namespace: ".*", resolution: ".*", ...chosen, ...ofMarket };
    const shown = { from, to, intervalMs: 2_000, scrapeMs: SCRAPE_MS };
    await page.setContent(
      drawBoard(board, await boardData(world, board, values, shown), { ...values, minutes: "10 s" }),
    );
    const boxes = await Promise.all((await page.locator(".panel").all()).map((panel) => panel.boundingBox()));
    const bottoms = boxes.map((box) => (box === null ? 0 : box.y + box.height));
    const bottom = Math.max(...bottoms.filter((each) => each <= Number(height)));
    const clip = { x: 0, y: 0, width: WIDTH, height: Math.ceil(bottom) + 4 };
    await page.screenshot({ path: join(folder, `grafana-${name}.png`), fullPage: true, clip });
  }
  await browser.close();
} finally {
  await world.stop();
}
