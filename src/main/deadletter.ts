import { Command, Option } from "commander";
import { type DeadLetterBox, deadLetterBox, type HeldLetter } from "../adapters/pubsub/dead-letter-box.ts";
import { PROJECT_NAMES, pubsubName } from "../plan/names.ts";
import { DEAD_LETTER_REASONS, type Quote } from "../quotes/quote.ts";
import { decodeQuote, encodeQuote } from "../quotes/wire.ts";
import { CliError, usageError } from "./cli-error.ts";
import { type CommandIo, printJson } from "./command-io.ts";
import { textTable } from "./text-table.ts";

const HELP = `
Examples:
  $ stockfeed deadletter list --project acme
  $ stockfeed deadletter list --project acme --feed markets/tech --reason UnknownSymbol --json
  $ stockfeed deadletter redrive --project acme --feed markets/tech --dry-run
  $ stockfeed deadletter redrive --project acme --reason UnknownSymbol

Exit codes: 0 done; 1 Pub/Sub could not be asked; 2 wrong command line.
`;

const REDRIVE_HELP = `
A letter that holds a quote is published on its feed's topic again, and leaves the dead letter once Pub/Sub has it. What is
no quote stays. So does what was TooLate, unless --reason TooLate asks for it: it is too late again, as every quote is that
is older than the feed's longest window with its lateness; the archive takes it all the same.
${HELP}`;

/** The flags as they are typed. */
interface Flags {
  readonly project: string;
  readonly feed?: string;
  readonly reason?: string;
  readonly limit: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

type Io = Pick<CommandIo, "stdout" | "env">;

/** `stockfeed deadletter`: what could not be used on a cluster, to look at and to send again. */
export function deadletterCommand(io: Io = process): Command {
  const deadletter = new Command("deadletter")
    .description("list what could not be used on a cluster, and send it again")
    .addHelpText("after", HELP);
  const list = new Command("list")
    .description("show letters; they stay where they are")
    .option("--json", "print letters as JSON")
    .addHelpText("after", HELP)
    .action(async (flags: Flags) => {
      await withLetters(flags, io, async (box, letters) => {
        await box.giveBack(letters);
        const rows = letters.map(asRow);
        if (flags.json === true) printJson(io, rows);
        else io.stdout.write(asText(rows));
      });
    });
  const redrive = new Command("redrive")
    .description("send letters that hold quotes to their feeds again")
    .option("--dry-run", "only say what would be sent")
    .addHelpText("after", REDRIVE_HELP)
    .action(async (flags: Flags) => {
      await withLetters(flags, io, async (box, letters) => {
        io.stdout.write(await redriveLetters(box, letters, flags));
      });
    });
  for (const command of [list, redrive]) {
    command
      .requiredOption("--project <id>", "Google Cloud project of the feeds' topics")
      .option("--feed <namespace/name>", "letters of this feed alone (default: all)")
      .addOption(
        new Option("--reason <reason>", "letters of this reason alone (default: all)").choices(DEAD_LETTER_REASONS),
      )
      .option("--limit <count>", "letters to look at, at most", "1000");
    deadletter.addCommand(command.copyInheritedSettings(deadletter));
  }
  return deadletter;
}

/** Takes up to --limit letters, and gives `work` those that the flags mean; the others go back. */
async function withLetters(
  flags: Flags,
  { env }: Io,
  work: (box: DeadLetterBox, letters: readonly HeldLetter[]) => Promise<void>,
): Promise<void> {
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) {
    throw usageError(`--limit ${flags.limit} is no number of letters. Write one from 1 to 100000.`);
  }
  const settings = { projectId: flags.project, emulatorHost: env.PUBSUB_EMULATOR_HOST };
  const box = await deadLetterBox(settings, PROJECT_NAMES.deadLetter).catch(fail);
  try {
    const letters = await takeUpTo(box, limit);
    const meant = letters.filter(({ attributes: { feed, reason } }) => {
      return (flags.feed ?? feed) === feed && (flags.reason ?? reason) === reason;
    });
    await box.giveBack(letters.filter((letter) => !meant.includes(letter)));
    await work(box, meant);
  } catch (error) {
    fail(error);
  } finally {
    await box.close();
  }
}

function fail(cause: unknown): never {
  if (cause instanceof CliError) throw cause;
  throw new CliError(cause instanceof Error ? cause.message : String(cause), { cause });
}

/** Pub/Sub gives what it likes at a time; a letter that comes again is one whose lease has ended meanwhile. */
async function takeUpTo(box: DeadLetterBox, limit: number): Promise<readonly HeldLetter[]> {
  const taken = new Map<string, HeldLetter>();
  while (taken.size < limit) {
    const before = taken.size;
    for (const letter of await box.take(limit - taken.size)) taken.set(letter.messageId, letter);
    if (taken.size === before) break;
  }
  return [...taken.values()];
}

/** @returns what was done, for people */
async function redriveLetters(box: DeadLetterBox, letters: readonly HeldLetter[], flags: Flags): Promise<string> {
  const quotes: { readonly letter: HeldLetter; readonly quote: Quote }[] = [];
  const left: HeldLetter[] = [];
  for (const letter of letters) {
    const decoded = decodeQuote(letter.data);
    const late = letter.attributes.reason === "TooLate" && flags.reason !== "TooLate";
    if ("quote" in decoded && !late && isFeedName(decoded.quote.feed)) quotes.push({ letter, quote: decoded.quote });
    else left.push(letter);
  }
  await box.giveBack(left);
  const stay = left.length === 0 ? "" : ` Left: ${left.length}, which are no quotes, or too late.`;
  if (flags.dryRun === true) {
    await box.giveBack(quotes.map(({ letter }) => letter));
    return `Would be sent again: ${quotes.length}.${stay}\n`;
  }
  for (const { letter, quote } of quotes) {
    const { data, attributes } = encodeQuote(quote);
    const [namespace = "", name = ""] = quote.feed.split("/");
    await box.publish(pubsubName({ metadata: { namespace, name } }, "quotes"), data, attributes);
    await box.remove([letter]);
  }
  return `Sent again: ${quotes.length}.${stay}\n`;
}

function isFeedName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*$/.test(text);
}

/** A letter as people and programs see it. */
interface LetterRow {
  readonly received_at: string;
  readonly feed: string;
  readonly reason: string;
  readonly symbol: string;
  readonly detail: string;
  readonly payload: string;
}

function asRow({ data, attributes }: HeldLetter): LetterRow {
  const { feed = "", reason = "", detail = "", received_at = "" } = attributes;
  const decoded = decodeQuote(data);
  return { received_at, feed, reason, symbol: "quote" in decoded ? decoded.quote.symbol : "", detail, payload: data };
}

function asText(rows: readonly LetterRow[]): string {
  if (rows.length === 0) return "The dead letter holds nothing of that kind.\n";
  const lines = rows
    .toSorted((a, b) => a.received_at.localeCompare(b.received_at))
    .map(({ received_at, feed, reason, symbol, detail }) => [received_at, feed, reason, symbol, detail]);
  return textTable(["received_at", "feed", "reason", "symbol", "detail"], lines);
}
