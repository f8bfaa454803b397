import { stringify } from "yaml";
import { API_VERSION, KIND } from "../api/stockfeed.ts";
import type { ProviderType } from "../api/provider-spec.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";

/** What a first manifest is made from, as a person gave it: not checked yet. */
export interface FeedAnswers {
  readonly name: string;
  readonly symbols: readonly string[];
  readonly provider: string;
  readonly session: string;
  readonly interval: string;
  /** Where an IEX server is. */
  readonly baseUrl?: string;
  /** The ticks that Replay plays. */
  readonly ticks?: string;
}

/** What each provider's block says above it. */
const PROVIDER_COMMENTS: Readonly<Record<ProviderType, string>> = {
  Simulated: "Prices made from a seed: no account, no key, no network. The same seed shows the same market again.",
  Replay: "Recorded ticks, played again; speed is how many times faster than recorded.",
  IEX: "A server in the format of IEX Cloud, such as stockfeed simulate.",
  Alpaca: "Alpaca's market data: 200 calls a minute on the free plan, many symbols a call.",
  Finnhub: "Finnhub's quotes: 60 calls a minute on the free plan, one symbol a call.",
  Tiingo: "Tiingo's IEX prices: 50 calls an hour on the free plan, many symbols a call.",
};

/** Whether a word is a provider's type. */
export function isProvider(word: string): word is ProviderType {
  return Object.hasOwn(PROVIDER_LIMITS, word);
}

/**
 * A manifest with a comment at each choice. It holds what was answered, whether that is valid or not.
 * @param file what the manifest will be called, without line breaks; its comments name it
 */
export function feedTemplate(answers: FeedAnswers, file: string): string {
  const { name, symbols, session, interval } = answers;
  return `# A StockFeed: quotes of these symbols, aggregated over sliding windows.
#   stockfeed validate -f ${file}   checks it
#   stockfeed plan -f ${file}       shows what it would create
#   stockfeed dev -f ${file}        runs it on this machine
apiVersion: ${API_VERSION}
kind: ${KIND}
metadata:
  name: ${scalar(name)}
spec:
  # 1 to 5000, as the exchange writes them, such as BRK.B
  symbols:
${symbols.map((symbol) => `    - ${scalar(symbol)}\n`).join("")}
${providerBlock(answers)}
  polling:
    # 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60 s, or whole minutes
    interval: ${scalar(interval)}
    # Always, or NYSE: only in the hours of the New York Stock Exchange
    session: ${scalar(session)}

  # Sliding windows, each a whole multiple of the interval; there is a new row for each at every interval.
  resolutions:
${resolutionsFor(interval)
  .map((window) => `    - window: ${window}\n`)
  .join("")}`;
}

function providerBlock({ provider, baseUrl, ticks }: FeedAnswers): string {
  const known = isProvider(provider) ? provider : undefined;
  const lines = ["  provider:", `    type: ${scalar(provider)}`];
  if (known !== undefined) lines.unshift(`  # ${PROVIDER_COMMENTS[known]}`);
  if (provider === "Simulated") lines.push("    seed: 1");
  if (baseUrl !== undefined) lines.push(`    baseUrl: ${scalar(baseUrl)}`);
  if (ticks !== undefined) lines.push(`    file: ${scalar(ticks)}`, "    speed: 1");
  if (known !== undefined && PROVIDER_LIMITS[known].keysRequired) {
    const limits = PROVIDER_LIMITS[known];
    lines.push(
      `    # On this machine the keys come from ${limits.environment.join(" and ")};`,
      `    # on a cluster from this Secret, under ${limits.secretKeys.join(" and ")}.`,
      "    credentialsSecretRef:",
      `      name: ${provider.toLowerCase()}`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** 1, 5 and 15 minutes where they are multiples of the interval, else 1, 5 and 15 intervals. */
function resolutionsFor(interval: string): string[] {
  const minutes = /^([0-9]{1,3})m$/.exec(interval)?.[1];
  if (minutes === undefined || minutes === "1") return ["1m", "5m", "15m"];
  return [1, 5, 15].map((times) => `${times * Number(minutes)}m`);
}

/** A value as YAML writes it in one line, in quotes where a reader of YAML 1.1 or 1.2 could take it for another. */
function scalar(value: string): string {
  return stringify(value, {
    compat: "yaml-1.1",
    lineWidth: 0,
    defaultStringType: "PLAIN",
    blockQuote: false,
  }).trimEnd();
}
