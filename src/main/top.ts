import type { Command } from "commander";
import type { CommandIo } from "./command-io.ts";
import { storeSource, windowCommand, type WindowView } from "./window-command.ts";

const EXAMPLES = `
Examples:
  $ stockfeed top
  $ stockfeed top --resolution 5m --feed default/ten-stocks
  $ stockfeed top --at 2024-03-01T14:35:00Z --json
`;

/** The three highest mean prices of the last closed window of each feed and resolution. */
export const TOP_STOCKS: WindowView = {
  name: "top",
  description: "show the top stocks of the last closed windows",
  title: "Top stocks",
  view: "top_stocks",
  columns: ["rank", "symbol", "mean_price", "quote_count", "expected_count"],
  order: "rank, symbol",
};

/** `stockfeed top`, of the laptop's store. */
export function topCommand(io: Pick<CommandIo, "stdout"> = process): Command {
  return windowCommand(TOP_STOCKS, storeSource(EXAMPLES), io);
}
