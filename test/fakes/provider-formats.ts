import type { IncomingHttpHeaders } from "node:http";

/** What the fake market says of one symbol; the price goes onto the wire as it is, right or wrong. */
export interface MarketQuote {
  readonly price: unknown;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly volume?: number;
}

/** The keys that the fake accepts, under the names of the environment variables that hold them. */
export const FAKE_KEYS = {
  IEX_TOKEN: "pk_test-0123456789abcdef",
  ALPACA_KEY_ID: "PKTESTABCDEFGHIJKLMN",
  ALPACA_SECRET_KEY: "s3cr3t/With+Signs=0123456789",
  FINNHUB_TOKEN: "finnhub-token-0123456789",
  TIINGO_TOKEN: "tiingo-token-0123456789",
} as const;

/** A call as the fake understood it. */
export interface ProviderCall {
  readonly path: string;
  readonly symbols: readonly string[];
  readonly headers: IncomingHttpHeaders;
}

/** What a healthy provider answers. */
export interface Answer {
  readonly call: ProviderCall;
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Market = ReadonlyMap<string, MarketQuote>;
type Reply = Pick<Answer, "status" | "type" | "body"> & { readonly symbols?: readonly string[] };

const json = (value: unknown, status = 200): Reply => ({
  status,
  type: "application/json",
  body: JSON.stringify(value),
});
const text = (body: string, status: number): Reply => ({ status, type: "text/html; charset=utf-8", body });

/** The answer to a call, in the format of the provider whose path it has. Written from the providers' own docs. */
export function answerOf(
  url: URL,
  headers: IncomingHttpHeaders,
  market: Market,
  unreadable: ReadonlySet<string>,
): Answer {
  const { symbols = [], ...reply } = replyTo(url, headers, market, unreadable);
  return { call: { path: url.pathname, symbols, headers }, ...reply };
}

function replyTo(url: URL, headers: IncomingHttpHeaders, market: Market, unreadable: ReadonlySet<string>): Reply {
  const list = (name: string) => (url.searchParams.get(name) ?? "").split(",");
  const iexSymbol = /^\/stable\/stock\/([^/]+)\/quote$/.exec(url.pathname)?.[1];
  if (iexSymbol !== undefined) {
    const symbols = [decodeURIComponent(iexSymbol)];
    return { symbols, ...iexReply(symbols[0] ?? "", url.searchParams.get("token"), market) };
  }
  switch (url.pathname) {
    case "/v2/stocks/snapshots":
      return { symbols: list("symbols"), ...alpacaReply(list("symbols"), headers, market, unreadable) };
    case "/api/v1/quote":
      return { symbols: list("symbol"), ...finnhubReply(url.searchParams.get("symbol") ?? "", headers, market) };
    case "/iex/":
      return { symbols: list("tickers"), ...tiingoReply(list("tickers"), headers, market) };
    default:
      return text("404 page not found", 404);
  }
}

/** https://iexcloud.io/docs/api/#quote, as archived. */
function iexReply(symbol: string, token: string | null, market: Market): Reply {
  if (token !== FAKE_KEYS.IEX_TOKEN) return text("The API key provided is not valid.", 403);
  const quote = market.get(symbol.toUpperCase());
  if (!quote) return text("Unknown symbol", 404);
  return json({
    avgTotalVolume: 58_000_000,
    calculationPrice: "tops",
    change: -0.46,
    changePercent: -0.00221,
    close: null,
    companyName: `${symbol} Inc`,
    currency: "USD",
    iexRealtimePrice: quote.price,
    isUSMarketOpen: true,
    latestPrice: quote.price,
    latestSource: "IEX real time price",
    latestTime: "11:53:07 AM",
    latestUpdate: quote.time,
    latestVolume: quote.volume ?? null,
    previousClose: 207.5,
    primaryExchange: "NASDAQ",
    symbol: symbol.toUpperCase(),
    volume: quote.volume ?? 0,
  });
}

/** https://docs.alpaca.markets/reference/stocksnapshots-1; refused keys: the market data FAQ there. */
function alpacaReply(
  symbols: readonly string[],
  headers: IncomingHttpHeaders,
  market: Market,
  unreadable: ReadonlySet<string>,
): Reply {
  const known =
    headers["apca-api-key-id"] === FAKE_KEYS.ALPACA_KEY_ID &&
    headers["apca-api-secret-key"] === FAKE_KEYS.ALPACA_SECRET_KEY;
  if (!known) return json({ message: "forbidden." }, 403);
  const bad = symbols.find((symbol) => unreadable.has(symbol));
  if (bad !== undefined) return json({ message: `invalid symbol: ${bad}` }, 400);
  const snapshot = ({ price, time, volume = 0 }: MarketQuote) => {
    const t = nanoseconds(time, "Z");
    const bar = { c: price, h: price, l: price, n: 120, o: price, t, v: 1_000, vw: price };
    return {
      dailyBar: { ...bar, v: volume },
      latestQuote: { ap: price, as: 1, ax: "V", bp: price, bs: 2, bx: "V", c: ["R"], t, z: "C" },
      latestTrade: { c: ["@"], i: 52_983_525_028_174, p: price, s: 100, t, x: "V", z: "C" },
      minuteBar: bar,
      prevDailyBar: { ...bar, c: 170.18 },
    };
  };
  return json(Object.fromEntries(pick(symbols, market).map(([symbol, quote]) => [symbol, snapshot(quote)])));
}

/** https://finnhub.io/docs/api/quote; the times are in seconds, and a symbol that is unknown is all zeros. */
function finnhubReply(symbol: string, headers: IncomingHttpHeaders, market: Market): Reply {
  if (headers["x-finnhub-token"] !== FAKE_KEYS.FINNHUB_TOKEN) return json({ error: "Invalid API key" }, 401);
  const quote = market.get(symbol);
  if (!quote) return json({ c: 0, d: null, dp: null, h: 0, l: 0, o: 0, pc: 0, t: 0 });
  const { price: c, time } = quote;
  return json({ c, d: -0.3, dp: -0.17, h: c, l: c, o: c, pc: 259.45, t: Math.floor(time / 1000) });
}

/** https://www.tiingo.com/documentation/iex; the exchange's own fields are null without an agreement with it. */
function tiingoReply(tickers: readonly string[], headers: IncomingHttpHeaders, market: Market): Reply {
  if (headers.authorization !== `Token ${FAKE_KEYS.TIINGO_TOKEN}`) return json({ detail: "Invalid token." }, 401);
  const quotes = pick(tickers, market).map(([ticker, { price, time, volume = 0 }]) => ({
    ticker,
    timestamp: nanoseconds(time, "+00:00"),
    lastSaleTimestamp: null,
    quoteTimestamp: null,
    open: price,
    high: price,
    low: price,
    mid: null,
    tngoLast: price,
    last: null,
    lastSize: null,
    bidSize: null,
    bidPrice: null,
    askPrice: null,
    askSize: null,
    volume,
    prevClose: 122.88,
  }));
  return json(quotes);
}

/** What the market has of these symbols; a share class goes by a dot or a hyphen, as providers differ there. */
function pick(symbols: readonly string[], market: Market): (readonly [string, MarketQuote])[] {
  return symbols.flatMap((symbol) => {
    const quote = market.get(symbol) ?? market.get(symbol.replaceAll("-", "."));
    return quote ? [[symbol, quote] as const] : [];
  });
}

/** RFC 3339 with nine digits of fraction, as both providers write it. */
function nanoseconds(time: number, zone: string): string {
  return new Date(time).toISOString().replace("Z", `000000${zone}`);
}
