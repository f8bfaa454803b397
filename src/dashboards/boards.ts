/** Grafana's boards, as files: what the chart ships, and what is imported by hand. */
import { type Board, grafanaDashboard } from "./board.ts";
import { DATAFLOW_BOARD } from "./dataflow-board.ts";
import { FEED_BOARD } from "./feed-board.ts";
import { MARKET_BOARD } from "./market-board.ts";
import { OPERATOR_BOARD } from "./operator-board.ts";

/** All boards, in the order in which one reads them. */
export const BOARDS: readonly Board[] = [OPERATOR_BOARD, FEED_BOARD, MARKET_BOARD, DATAFLOW_BOARD];

/** A board's file: JSON that Grafana imports. */
export function boardFile(board: Board): string {
  // The SDK puts every link into the menu of the board's controls; left out, links are on top of the board.
  const shown = (key: string, value: unknown) =>
    key === "placement" && value === "inControlsMenu" ? undefined : value;
  return `${JSON.stringify(grafanaDashboard(board), shown, 2)}\n`;
}
