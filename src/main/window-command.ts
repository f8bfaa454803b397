import { Command } from "commander";
import type { QueryResult, ResultReader } from "../ports.ts";
import { printJson, type CommandIo } from "./command-io.ts";
import { lastWindows, type FeedWindow, type WindowFlags } from "./last-windows.ts";
import { DEFAULT_STORE, withReader } from "./store-access.ts";
import { textTable } from "./text-table.ts";

/** A command that shows a view's rows of the last closed windows. */
export interface WindowView {
  readonly name: string;
  readonly description: string;
  /** What stands over the rows of a window. */
  readonly title: string;
  readonly view: string;
  /** Columns that people see; programs get the window's as well. */
  readonly columns: readonly string[];
  readonly order: string;
  readonly examples: string;
}

/** The flags as they are typed. */
interface Flags extends WindowFlags {
  readonly store: string;
  readonly json?: boolean;
}

/** Columns that tell the window. */
const WINDOW = ["feed", "resolution_minutes", "window_start", "window_end"];

/** Makes a command of a view: `--store`, `--feed`, `--resolution`, `--at`, `--json`. */
export function windowCommand(view: WindowView, io: Pick<CommandIo, "stdout">): Command {
  return new Command(view.name)
    .description(view.description)
    .option("--store <path>", "the store to read", DEFAULT_STORE)
    .option("--feed <namespace/name>", "this feed alone (default: all)")
    .option("--resolution <duration>", "this window size alone, such as 5m (default: all)")
    .option("--at <time>", "the last window that had closed by then, such as 2024-03-01T14:35:00Z (default: now)")
    .option("--json", "print rows as JSON")
    .addHelpText("after", view.examples)
    .action(async (flags: Flags) => {
      const answers = await withReader(flags.store, async (reader) => readWindows(reader, view, flags));
      if (flags.json)
        printJson(
          io,
          answers.flatMap(({ result }) => asObjects(result)),
        );
      else io.stdout.write(text(view, answers));
    });
}

interface Answer {
  readonly window: FeedWindow;
  readonly result: QueryResult;
}

async function readWindows(reader: ResultReader, view: WindowView, flags: WindowFlags): Promise<Answer[]> {
  const answers: Answer[] = [];
  const columns = [...WINDOW, ...view.columns].join(", ");
  for (const window of await lastWindows(reader, flags)) {
    const sql = `SELECT ${columns} FROM ${view.view} WHERE ${window.condition} ORDER BY ${view.order}`;
    answers.push({ window, result: await reader.query(sql) });
  }
  return answers;
}

function text({ title, columns }: WindowView, answers: readonly Answer[]): string {
  if (answers.length === 0) return "The store has no such window. A window gets its rows when it closes.\n";
  return answers
    .map(({ window: { feed, resolution, windowEnd }, result }) => {
      const rows = result.rows.map((row) => row.slice(WINDOW.length).map(String));
      return `${title} of ${feed}, ${resolution} to ${windowEnd}\n${textTable(columns, rows)}`;
    })
    .join("\n");
}

/** Rows as objects, by column. */
function asObjects({ columns, rows }: QueryResult): object[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
}
