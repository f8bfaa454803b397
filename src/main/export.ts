import { Command, Option } from "commander";
import { isRowFile, ROW_FILE_ENDINGS } from "../adapters/row-files/open-row-file.ts";
import { openTableFile } from "../adapters/row-files/table-file.ts";
import { RowFileError } from "../adapters/row-files/target.ts";
import type { ResultReader } from "../ports.ts";
import { CliError, usageError } from "./cli-error.ts";
import { printJson, type CommandIo } from "./command-io.ts";
import { parseTime, timeLiteral } from "./last-windows.ts";
import { DEFAULT_STORE, withReader } from "./store-access.ts";

const EXAMPLES = `
windows and quotes are written without repeats: the row of each window, the quote of each slot that counts.

Examples:
  $ stockfeed export --table windows --output rows.ndjson
  $ stockfeed export --table top_stocks --from 2024-03-01T14:30:00Z --to 2024-03-01T21:00:00Z --output top.csv
  $ stockfeed export --table quotes --output quotes.parquet
`;

/** What can be exported: where its rows are, where they can be counted, and how they are put in time's order. */
const TABLES = {
  windows: { view: "winning_windows", base: "windows", time: "window_end", order: "feed, resolution_minutes, symbol" },
  quotes: { view: "winning_quotes", base: "quotes", time: "observed_at", order: "feed, symbol" },
  top_stocks: {
    view: "top_stocks",
    base: "windows",
    time: "window_end",
    order: "feed, resolution_minutes, rank, symbol",
  },
  percentage_gain: {
    view: "percentage_gain",
    base: "windows",
    time: "window_end",
    order: "feed, resolution_minutes, symbol",
  },
};

/** Rows that one query fetches, about. */
const PAGE_ROWS = 50_000;

/** The flags as they are typed. */
interface ExportFlags {
  readonly store: string;
  readonly table: keyof typeof TABLES;
  readonly output: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** `stockfeed export`: a table or view of the store as an NDJSON, CSV or Parquet file. */
export function exportCommand(io: Pick<CommandIo, "stdout"> = process): Command {
  return new Command("export")
    .description("write a table or view of the store to a file")
    .addOption(new Option("--table <name>", "what to write").choices(Object.keys(TABLES)).makeOptionMandatory())
    .requiredOption("--output <file>", `where to: ${ROW_FILE_ENDINGS.join(", ")}`)
    .option("--from <time>", "windows that end, or slots, at or after this time, such as 2024-03-01T14:30:00Z")
    .option("--to <time>", "windows that end, or slots, before this time")
    .option("--store <path>", "the store to read", DEFAULT_STORE)
    .option("--json", "print the summary as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ExportFlags) => {
      const { table, output } = flags;
      const rows = await exportTable(flags);
      if (flags.json) printJson(io, { table, output, rows });
      else io.stdout.write(`Wrote ${rows.toLocaleString("en-US")} rows of ${table} to ${output}.\n`);
    });
}

async function exportTable(flags: ExportFlags): Promise<number> {
  const { table, output } = flags;
  if (!isRowFile(output)) throw usageError(`--output ${output} must end in ${ROW_FILE_ENDINGS.join(", ")}.`);
  const condition = timeCondition(TABLES[table].time, flags);
  try {
    return await withReader(flags.store, async (reader) => writeTable(reader, flags, condition));
  } catch (error) {
    if (error instanceof RowFileError) throw new CliError(error.message, { cause: error });
    throw error;
  }
}

/** Writes the rows page by page, so that neither this process nor the one that answers holds them all. */
async function writeTable(reader: ResultReader, { table, output }: ExportFlags, condition: string): Promise<number> {
  const { view, time, order } = TABLES[table];
  const { columns } = await reader.query(`SELECT * FROM ${view} WHERE FALSE`);
  const pages = await pageConditions(reader, table, condition);
  const file = await openTableFile(output, columns);
  let count = 0;
  try {
    for (const page of pages) {
      const { rows } = await reader.query(`SELECT * FROM ${view} WHERE ${page} ORDER BY ${time}, ${order}`);
      await file.write(rows);
      count += rows.length;
    }
    await file.close();
  } catch (error) {
    await file.discard();
    throw error;
  }
  return count;
}

/**
 * Conditions that each pick whole seconds with about PAGE_ROWS rows, in order, and together all rows. Windows end, and
 * slots are, on whole seconds, so one second is what a page can't be less than.
 */
async function pageConditions(
  reader: ResultReader,
  table: keyof typeof TABLES,
  condition: string,
): Promise<readonly string[]> {
  const { base, time } = TABLES[table];
  const { rows: pages } = await reader.query(`
    WITH seconds AS (
      SELECT date_trunc('second', ${time}) AS second, COUNT(*) AS count FROM ${base} WHERE ${condition} GROUP BY second
    ), numbered AS (SELECT second, (SUM(count) OVER (ORDER BY second) - count) // ${PAGE_ROWS} AS page FROM seconds)
    SELECT MIN(second), MAX(second) FROM numbered GROUP BY page ORDER BY page`);
  return pages.map(([first, last]) => {
    const end = Date.parse(String(last)) + 1_000;
    return `${condition} AND ${time} >= ${timeLiteral(Date.parse(String(first)))} AND ${time} < ${timeLiteral(end)}`;
  });
}

function timeCondition(column: string, { from, to }: ExportFlags): string {
  const conditions = ["TRUE"];
  if (from !== undefined) conditions.push(`${column} >= ${timeLiteral(parseTime("--from", from))}`);
  if (to !== undefined) conditions.push(`${column} < ${timeLiteral(parseTime("--to", to))}`);
  return conditions.join(" AND ");
}
