import type { Command } from "commander";
import type { CommandIo } from "./command-io.ts";
import { storeSource, windowCommand, type WindowView } from "./window-command.ts";

const EXAMPLES = `
Examples:
  $ stockfeed gain
  $ stockfeed gain --resolution 15m --feed default/ten-stocks
  $ stockfeed gain --at 2024-03-01T14:35:00Z --json
`;

/** Each symbol's gain in the last closed window of each feed and resolution, the highest first. */
export const PERCENTAGE_GAIN: WindowView = {
  name: "gain",
  description: "show each symbol's percentage gain in the last closed windows",
  title: "Percentage gain",
  view: "percentage_gain",
  columns: ["symbol", "gain_percent", "first_price", "last_price", "quote_count", "expected_count"],
  order: "gain_percent DESC, symbol",
};

/** `stockfeed gain`, of the laptop's store. */
export function gainCommand(io: Pick<CommandIo, "stdout"> = process): Command {
  return windowCommand(PERCENTAGE_GAIN, storeSource(EXAMPLES), io);
}
