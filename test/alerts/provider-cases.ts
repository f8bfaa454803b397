import { type AlertCase, A, FEED, polledEach, published } from "./alert-case.ts";

const failures = (kind: string) => `stockfeed_symbol_failures_total{${FEED},kind="${kind}",${A}}`;
const requests = (code: string) => `stockfeed_provider_requests_total{${FEED},code="${code}",pod="tech-poller-0"}`;

const providerFails = (share: string) => ({
  summary: "The provider fails feed markets/tech.",
  description: `${share} of what feed markets/tech asked its provider for in the last 5 minutes brought no price; in the last hour, where it asks each 5 minutes or less often.`,
});

export const PROVIDER_CASES: readonly AlertCase[] = [
  {
    alert: "StockFeedProviderErrors",
    behaves: "fires where a fifth of the symbols brings no price, whatever the kinds of failure",
    series: { [failures("Timeout")]: "0+1x60", [failures("RateLimited")]: "0+1x60", [published]: "0+8x60" },
    at: "25m",
    fires: providerFails("20%"),
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "fires where nothing was ever published",
    series: { [failures("Unauthorized")]: "0+60x60", [published]: "0+0x60" },
    at: "25m",
    fires: providerFails("100%"),
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "fires for a poller without end by its requests",
    series: { [requests("200")]: "0+3x60", [requests("503")]: "0+1x60" },
    at: "25m",
    fires: providerFails("25%"),
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "fires by its requests for a feed whose pollers were Jobs before, and left their failures",
    series: { [failures("Timeout")]: "7+0x60", [published]: "900+0x60", [requests("503")]: "0+1x60" },
    at: "25m",
    fires: providerFails("100%"),
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "fires for a feed whose Job of each 20 minutes brings a price of every other symbol",
    series: {
      ...polledEach(1200),
      [failures("Timeout")]: "0+0x20 5+0x39 10+0x39 15+0x39",
      [published]: "0+0x20 5+0x39 10+0x39 15+0x39",
    },
    at: "66m",
    fires: providerFails("50%"),
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "looks at five minutes alone of a feed that is polled each 4 minutes",
    series: { ...polledEach(240), [failures("Timeout")]: "0+0x20 30+0x120", [published]: "0+1x120" },
    at: "40m",
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "does not fire at the share that is allowed",
    series: { [failures("Timeout")]: "0+1x60", [published]: "0+9x60", [requests("200")]: "0+99x60" },
    at: "25m",
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "does not fire for requests that a stop broke off",
    series: { [requests("200")]: "0+1x60", [requests("aborted")]: "0+1x60" },
    at: "25m",
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "does not fire for failures of five minutes",
    series: { [failures("Timeout")]: "0+0x29 30+30x9 300+0x40", [published]: "0+30x29 870+0x10 900+30x40" },
    at: "24m",
  },
  {
    alert: "StockFeedProviderErrors",
    behaves: "does not fire outside the session, when nothing is asked for",
    series: { [failures("Timeout")]: "7+0x80", [published]: "900+0x80" },
    at: "30m",
  },
];
