import { type AlertCase, A, B, FEED, polledEach } from "./alert-case.ts";

const NEIGHBOUR = 'feed="markets/gold"';
/** A market that is open all the time. */
const OPEN = { [`stockfeed_market_state{${FEED},state="Open",${A}}`]: "1+0x120" };
const state = (name: string, labels = A) => `stockfeed_feed_state{${FEED},state="${name}",${labels}}`;
const leader = (labels: string) => `stockfeed_leader{${labels}}`;
const missed = `stockfeed_slots_missed_total{${FEED},${A}}`;
const polled = `stockfeed_slots_polled_total{${FEED},${A}}`;
const market = (name: string) => `stockfeed_market_state{${FEED},state="${name}",${A}}`;
const shardMarket = (shard: number, name: string) =>
  `stockfeed_market_state{${FEED},state="${name}",pod="tech-poll-${shard}-x"}`;

const notReady = {
  summary: "Feed markets/tech is not Ready.",
  description:
    "Something that feed markets/tech needs is missing or refused; the condition Ready of its status says what.",
};
const stale = {
  summary: "No price of feed markets/tech moves.",
  description:
    "The session is open, and no price of feed markets/tech has moved for its polling.staleAfter and some minutes more.",
};
const missesSlots = (share: string) => ({
  summary: "Feed markets/tech misses slots.",
  description: `${share} of the slots of feed markets/tech in the last 15 minutes were polled by nobody. They stay empty.`,
});
const notPolled = {
  summary: "Feed markets/tech is not polled.",
  description:
    "In its open session no poller of feed markets/tech has said in half an hour that it polled a slot; in two and a half hours, where its interval is over half an hour.",
};

export const POLLING_CASES: readonly AlertCase[] = [
  {
    alert: "StockFeedNotReady",
    behaves: "fires for a feed that has stalled for a quarter of an hour, and not for its neighbour",
    series: { [state("Stalled")]: "1+0x60", [`stockfeed_feed_state{${NEIGHBOUR},state="Ready",${A}}`]: "1+0x60" },
    at: "16m",
    fires: notReady,
  },
  {
    alert: "StockFeedNotReady",
    behaves: "fires for a feed that waits, then stalls, while one operator hands over to another",
    series: {
      [state("Reconciling")]: "1+0x12 stale",
      [leader(A)]: "1+0x12 stale",
      [state("Stalled", B)]: "_x16 1+0x40",
      [leader(B)]: "0+0x14 1+0x40",
    },
    at: "16m",
    fires: notReady,
  },
  {
    alert: "StockFeedNotReady",
    behaves: "waits a quarter of an hour",
    series: { [state("New")]: "1+0x60" },
    at: "14m",
  },
  {
    alert: "StockFeedNotReady",
    behaves: "begins anew where the feed was Ready in between",
    series: { [state("Stalled")]: "1+0x16 stale _x1 1+0x40", [state("Ready")]: "_x17 1 1 stale" },
    at: "20m",
  },
  {
    alert: "StockFeedNotReady",
    behaves: "ends at once where the feed is deleted",
    series: { [state("Stalled")]: "1+0x40 stale", [leader(A)]: "1+0x60" },
    at: "20m30s",
  },
  {
    alert: "StockFeedNotReady",
    behaves: "ends at once where the feed is Ready again",
    series: { [state("Stalled")]: "1+0x40 stale", [state("Ready")]: "_x41 1+0x20" },
    at: "21m",
  },
  {
    alert: "StockFeedNotReady",
    behaves: "does not fire for a feed that is suspended",
    series: { [state("Suspended")]: "1+0x60" },
    at: "30m",
  },
  {
    alert: "StockFeedNotReady",
    behaves: "does not fire for a feed that is deleted meanwhile",
    series: { [state("Stalled")]: "1+0x28 stale", [leader(A)]: "1+0x60" },
    at: "15m",
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "fires where a tenth of the slots is polled by nobody",
    series: { ...OPEN, [missed]: "0+0.3x60", [polled]: "0+2.7x60" },
    at: "25m",
    fires: missesSlots("10%"),
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "does not fire at the share that is allowed",
    series: { ...OPEN, [missed]: "0+0.5x60", [polled]: "0+9.5x60" },
    at: "25m",
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "fires also while prices stand still",
    series: { [market("Stale")]: "1+0x60", [missed]: "0+0.3x60", [polled]: "0+2.7x60" },
    at: "25m",
    fires: missesSlots("10%"),
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "ends when the market closes, whatever was missed before",
    series: {
      [market("Open")]: "1+0x48 stale",
      [market("Closed")]: "_x49 1+0x20",
      [missed]: "0+0.3x48 14.4+0x20",
      [polled]: "0+2.7x48 129.6+0x20",
    },
    at: "25m",
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "ends when the feed is suspended, which has no market then",
    series: {
      [market("Open")]: "1+0x48 stale",
      [state("Suspended")]: "_x49 1+0x20",
      [missed]: "0+0.3x70",
      [polled]: "0+2.7x70",
    },
    at: "25m",
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "ends when the feed is deleted",
    series: {
      [market("Open")]: "1+0x48 stale",
      [missed]: "0+0.3x48 stale",
      [polled]: "0+2.7x48 stale",
    },
    at: "25m",
  },
  {
    alert: "StockFeedSlotsMissed",
    behaves: "takes a counter that a new operator begins at zero for no miss",
    series: { ...OPEN, [missed]: "40+0x20 0+0x40", [polled]: "400+3x20 0+3x40" },
    at: "25m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "fires where Jobs have stopped to come in an open session",
    series: { ...OPEN, [polled]: "0+3x20 60+0x100" },
    at: "46m",
    fires: notPolled,
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "fires where no Job has ever come, and nothing is counted yet",
    series: OPEN,
    at: "36m",
    fires: notPolled,
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "does not fire for a feed that is polled each 30 minutes",
    series: { ...OPEN, [polled]: "0+0x20 1+0x59 2+0x60" },
    at: "58m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "does not fire for a feed that is polled each hour, also while one operator hands over to another",
    series: {
      ...OPEN,
      [`stockfeed_poll_interval_seconds{${FEED},${A}}`]: "3600+0x85 stale",
      [`stockfeed_poll_interval_seconds{${FEED},${B}}`]: "_x105 3600+0x20",
      [polled]: "0+0x20 1+0x119",
    },
    at: "52m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "fires for a feed that is to be polled each hour, after two and a half",
    series: { [market("Open")]: "1+0x400", ...polledEach(3600), [polled]: "0+0x20 1+0x379" },
    at: "166m",
    fires: notPolled,
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "does not fire for a feed that is polled each two hours",
    series: { [market("Open")]: "1+0x400", ...polledEach(7200), [polled]: "0+0x40 1+0x239 2+0x119" },
    at: "199m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "does not fire for a feed that is polled each six hours",
    series: { [market("Open")]: "1+0x400", ...polledEach(21_600), [polled]: "0+0x20 1+0x379" },
    at: "199m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "fires for a feed that is to be polled each half hour",
    series: { ...OPEN, ...polledEach(1800), [polled]: "0+0x20 1+0x119" },
    at: "52m",
    fires: notPolled,
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "does not fire where a new operator counts from zero",
    series: { ...OPEN, [polled]: "900+0x20 0+3x100" },
    at: "45m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "does not fire in the first half hour of a session, nor of a feed that was suspended before",
    series: { [market("Open")]: "_x60 1+0x60", [polled]: "900+0x120" },
    at: "59m30s",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "ends when the market closes",
    series: { [market("Open")]: "1+0x90 stale", [market("Closed")]: "_x91 1+0x30", [polled]: "900+0x120" },
    at: "46m",
  },
  {
    alert: "StockFeedNotPolled",
    behaves: "ends when the feed is suspended or deleted",
    series: { [market("Open")]: "1+0x90 stale" },
    at: "46m",
  },
  {
    alert: "StockFeedQuotesStale",
    behaves: "fires where prices stand still in an open session",
    series: { [market("Open")]: "1+0x10 stale", [market("Stale")]: "_x11 1+0x40" },
    at: "12m",
    fires: stale,
  },
  {
    alert: "StockFeedQuotesStale",
    behaves: "fires where pollers without end see it, all of a feed's shards",
    series: { [shardMarket(0, "Stale")]: "1+0x40", [shardMarket(1, "Stale")]: "1+0x40" },
    at: "12m",
    fires: stale,
  },
  {
    alert: "StockFeedQuotesStale",
    behaves: "does not fire where the symbols of another shard move",
    series: { [shardMarket(0, "Stale")]: "1+0x40", [shardMarket(1, "Open")]: "1+0x40" },
    at: "12m",
  },
  {
    alert: "StockFeedQuotesStale",
    behaves: "waits five minutes",
    series: { [market("Stale")]: "1+0x40" },
    at: "4m30s",
  },
  {
    alert: "StockFeedQuotesStale",
    behaves: "ends when the market closes",
    series: { [market("Stale")]: "1+0x20 stale", [market("Closed")]: "_x21 1+0x40" },
    at: "12m",
  },
  {
    alert: "StockFeedQuotesStale",
    behaves: "ends when the feed is suspended or deleted",
    series: { [market("Stale")]: "1+0x20 stale" },
    at: "11m",
  },
];
