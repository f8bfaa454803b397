import { Command } from "commander";
import { printJson, type CommandIo } from "./command-io.ts";
import { DEFAULT_STORE, withReader } from "./store-access.ts";
import { textTable } from "./text-table.ts";

const HELP = `
Tables: quotes, windows, dead_letters. Views: top_stocks, percentage_gain, winning_windows, winning_quotes.
The SQL is DuckDB's, one statement that reads; times are in UTC. --json prints {"columns": [...], "rows": [...]}, with
decimals as text.

Examples:
  $ stockfeed query "SELECT symbol, COUNT(*) FROM winning_quotes GROUP BY symbol"
  $ stockfeed query "DESCRIBE windows"
  $ stockfeed query --json "SELECT * FROM top_stocks WHERE window_end = TIMESTAMP '2024-03-01T14:35:05Z'"
`;

/** `stockfeed query SQL`: the answer of one statement on the store. */
export function queryCommand(io: Pick<CommandIo, "stdout"> = process): Command {
  return new Command("query")
    .description("ask the store in SQL")
    .argument("<sql>", "one statement that reads")
    .option("--store <path>", "the store to read", DEFAULT_STORE)
    .option("--json", "print columns and rows as JSON")
    .addHelpText("after", HELP)
    .action(async (sql: string, flags: { readonly store: string; readonly json?: boolean }) => {
      const result = await withReader(flags.store, async (reader) => reader.query(sql));
      if (flags.json) {
        printJson(io, result);
        return;
      }
      const header = result.columns.map(({ name }) => name);
      const rows = result.rows.map((row) => row.map((value) => (value === null ? "" : String(value))));
      io.stdout.write(`${textTable(header, rows)}(${rows.length} ${rows.length === 1 ? "row" : "rows"})\n`);
    });
}
