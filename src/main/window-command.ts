import { Command } from "commander";
import type { QueryResult, ResultReader } from "../ports.ts";
import type { EpochMs } from "../quotes/quote.ts";
import { printJson, type CommandIo } from "./command-io.ts";
import { lastWindows, parseTime, type FeedWindow, type WindowFlags } from "./last-windows.ts";
import { DEFAULT_STORE, withReader } from "./store-access.ts";
import { textTable } from "./text-table.ts";

/** A view's rows as a command shows them. */
export interface WindowView {
  readonly name: string;
  readonly description: string;
  /** What stands over the rows of a window. */
  readonly title: string;
  readonly view: string;
  /** Columns that people see; programs get the window's as well. */
  readonly columns: readonly string[];
  readonly order: string;
}

/** Where a command reads the view, and the flags and arguments that say it. */
export interface WindowSource {
  /** Adds them to the command. */
  declare(command: Command): Command;
  /**
   * Lets `work` read.
   * @param command as it was parsed
   * @param work is given the reader and the feed that was asked for, `namespace/name`, where one was
   */
  read<T>(command: Command, work: (reader: ResultReader, feed?: string) => Promise<T>): Promise<T>;
  readonly examples: string;
  /** How far back windows are looked for first, in milliseconds, where reading all of them would cost. */
  readonly lookBackMs?: number;
}

/** The flags that every source's command has, as they are typed. */
interface Flags extends Omit<WindowFlags, "feed"> {
  readonly json?: boolean;
}

/** Columns that tell the window. */
const WINDOW = ["feed", "resolution_minutes", "window_start", "window_end"];

/** The laptop's store: `--store` and `--feed`. */
export function storeSource(examples: string): WindowSource {
  return {
    examples,
    declare: (command) =>
      command
        .option("--store <path>", "the store to read", DEFAULT_STORE)
        .option("--feed <namespace/name>", "this feed alone (default: all)"),
    read: async (command, work) => {
      const { store, feed } = command.opts<{ readonly store: string; readonly feed?: string }>();
      return withReader(store, async (reader) => work(reader, feed));
    },
  };
}

/** Makes a command of a view: `--resolution`, `--at`, `--json`, and what the source adds. */
export function windowCommand(view: WindowView, source: WindowSource, io: Pick<CommandIo, "stdout">): Command {
  return source
    .declare(new Command(view.name).description(view.description))
    .option("--resolution <duration>", "this window size alone, such as 5m (default: all)")
    .option("--at <time>", "the last window that had closed by then, such as 2024-03-01T14:35:00Z (default: now)")
    .option("--json", "print rows as JSON")
    .addHelpText("after", source.examples)
    .action(async (...given: readonly unknown[]) => {
      const command = given.at(-1) as Command;
      const { json, ...flags } = command.opts<Flags>();
      const answers = await source.read(command, async (reader, feed) =>
        readWindows(reader, view, { ...flags, ...(feed !== undefined && { feed }) }, earliest(source, flags.at)),
      );
      if (json === true)
        printJson(
          io,
          answers.flatMap(({ result }) => asObjects(result)),
        );
      else io.stdout.write(text(view, answers));
    });
}

/** From when on windows are looked for first. */
function earliest({ lookBackMs }: WindowSource, at?: string): EpochMs | undefined {
  return lookBackMs && (at === undefined ? Date.now() : parseTime("--at", at)) - lookBackMs;
}

interface Answer {
  readonly window: FeedWindow;
  readonly result: QueryResult;
}

async function readWindows(
  reader: ResultReader,
  view: WindowView,
  flags: WindowFlags,
  since?: EpochMs,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const columns = [...WINDOW, ...view.columns].join(", ");
  for (const window of await lastWindows(reader, flags, since)) {
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
