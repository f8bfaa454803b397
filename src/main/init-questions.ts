import { isCancel, select, text } from "@clack/prompts";
import { symbolField } from "../api/identifiers.ts";
import type { ProviderType } from "../api/provider-spec.ts";
import { readWording } from "../api/wording.ts";
import { CliError } from "./cli-error.ts";
import type { CommandIo } from "./command-io.ts";
import { EXIT } from "./exit-codes.ts";
import type { FeedAnswers } from "./feed-template.ts";

/** The answers that are asked for; the interval follows from them. */
export type Suggestions = Omit<FeedAnswers, "interval">;

const PROVIDERS: readonly { value: ProviderType; hint: string }[] = [
  { value: "Simulated", hint: "no account, no key, no network" },
  { value: "Alpaca", hint: "free account, 200 calls a minute" },
  { value: "Finnhub", hint: "free account, 60 calls a minute" },
  { value: "Tiingo", hint: "free account, 50 calls an hour" },
  { value: "IEX", hint: "a server in IEX Cloud's format" },
  { value: "Replay", hint: "recorded ticks" },
];

/**
 * Asks for what the flags leave open, the defaults as suggestions.
 * @throws CliError (interrupted) when the person leaves by Ctrl-C or Escape
 */
export async function askFor(
  given: Partial<Suggestions>,
  suggested: Suggestions,
  io: Pick<CommandIo, "stdin" | "stdout">,
): Promise<Suggestions> {
  const ask = asker(io);
  const name = given.name ?? (await ask.text("What is the feed called?", suggested.name, required));
  const symbols =
    given.symbols ?? splitSymbols(await ask.text("Which symbols?", suggested.symbols.join(", "), checkSymbols));
  const provider = given.provider ?? (await ask.choice("Where do quotes come from?", PROVIDERS, suggested.provider));
  const own: { baseUrl?: string; ticks?: string } = {};
  if (provider === "IEX") {
    own.baseUrl = given.baseUrl ?? (await ask.text("Where is the server?", "http://127.0.0.1:8181", required));
  }
  if (provider === "Replay") {
    own.ticks = given.ticks ?? (await ask.text("Which file holds the ticks?", "ticks.ndjson.gz", required));
  }
  const session = given.session ?? (await ask.choice("When is it polled?", SESSIONS, suggested.session));
  return { ...given, ...own, name, symbols, provider, session };
}

const SESSIONS = [
  { value: "Always", hint: "day and night" },
  { value: "NYSE", hint: "the hours of the New York Stock Exchange" },
];

/** Symbols as they are typed: between commas or blanks, in any case. */
export function splitSymbols(list: string): string[] {
  return list.split(/[\s,]+/).flatMap((symbol) => (symbol === "" ? [] : symbol.toUpperCase()));
}

function checkSymbols(list: string | undefined): string | undefined {
  const symbols = splitSymbols(list ?? "");
  if (symbols.length === 0) return "Type at least one symbol, such as AAPL.";
  for (const symbol of symbols) {
    const issue = symbolField.safeParse(symbol).error?.issues[0];
    if (issue) return `${symbol} ${readWording(issue.message)?.rule ?? issue.message}.`;
  }
  return symbols.length === new Set(symbols).size ? undefined : "A symbol is there twice.";
}

function required(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? "Type something." : undefined;
}

function asker({ stdin: input, stdout: output }: Pick<CommandIo, "stdin" | "stdout">) {
  const answer = <Value>(value: Value): Exclude<Value, symbol> => {
    if (isCancel(value)) throw new CliError("Nothing was written.", { exitCode: EXIT.interrupted });
    return value as Exclude<Value, symbol>;
  };
  return {
    text: async (message: string, initialValue: string, validate: (value: string | undefined) => string | undefined) =>
      answer(await text({ message, initialValue, validate, input, output })).trim(),
    choice: async (message: string, options: readonly { value: string; hint: string }[], initialValue: string) =>
      answer(await select<string>({ message, options: [...options], initialValue, input, output })),
  };
}
