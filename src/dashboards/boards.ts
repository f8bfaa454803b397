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
  return `${JSON.stringify(grafanaDashboard(board), null, 2)}\n`;
}
