import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PubsubEmulator, pubsubEmulatorMissing, startPubsubEmulator } from "../../test/pubsub-emulator.ts";
import { runCommand } from "../../test/run-command.ts";
import { pubsubClient } from "../adapters/pubsub/clients.ts";
import { pubsubDeadLetters } from "../adapters/pubsub/dead-letters.ts";
import { PROJECT_NAMES, pubsubName } from "../plan/names.ts";
import type { DeadLetterReason, Quote } from "../quotes/quote.ts";
import { encodeQuote, quoteJson } from "../quotes/wire.ts";
import { deadletterCommand } from "./deadletter.ts";

const TIME = Date.parse("2026-03-02T12:00:00Z");
const quote = (symbol: string, feed = "markets/tech"): Quote => ({
  feed,
  symbol,
  price: 101_500_000,
  observedAt: TIME,
  providerTime: TIME - 1,
  provider: "Simulated",
});

const missing = pubsubEmulatorMissing();
describe.skipIf(missing !== undefined && process.env.CI !== "true")(
  `stockfeed deadletter, on the emulator${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let emulator: PubsubEmulator;
    let client: ReturnType<typeof pubsubClient>;
    const topic = pubsubName({ metadata: { namespace: "markets", name: "tech" } }, "quotes");

    beforeAll(async () => {
      emulator = await startPubsubEmulator();
      client = pubsubClient({ emulatorHost: emulator.host, projectId: "acme" });
      await client.createTopic(PROJECT_NAMES.deadLetter);
      await client.topic(PROJECT_NAMES.deadLetter).createSubscription(PROJECT_NAMES.deadLetter);
      await client.createTopic(topic);
      await client.topic(topic).createSubscription("seen");
    });
    afterAll(async () => {
      await client.close();
      await emulator.stop();
    });

    const run = (...args: string[]) =>
      runCommand((io) => deadletterCommand(io), { args, env: { PUBSUB_EMULATOR_HOST: emulator.host } });
    const list = async (...args: string[]) => {
      const { stdout } = await run("list", "--project", "acme", "--json", ...args);
      return (JSON.parse(stdout) as { readonly symbol: string; readonly reason: string }[])
        .map(({ symbol, reason }) => `${symbol} ${reason}`)
        .sort();
    };
    const bury = (payload: string, reason: DeadLetterReason, feed = "markets/tech") =>
      pubsubDeadLetters({ client, project: "acme", topic: PROJECT_NAMES.deadLetter }).putDeadLetters([
        { feed, reason, detail: "as a test", payload, receivedAt: TIME },
      ]);

    it("shows letters and leaves them where they are", async () => {
      await bury(quoteJson(quote("AAPL")), "UnknownSymbol");
      await bury(quoteJson(quote("MSFT")), "TooLate");
      await bury("no quote", "Malformed");
      await bury(quoteJson(quote("IBM", "markets/other")), "UnknownSymbol", "markets/other");
      const { stdout } = await run("list", "--project", "acme");
      expect(stdout).toMatch(/^received_at +feed +reason +symbol +detail\n/);
      expect(stdout).toMatch(/^2026-03-02T12:00:00.000Z +markets\/tech +UnknownSymbol +AAPL +as a test$/m);
      expect(await list()).toEqual([" Malformed", "AAPL UnknownSymbol", "IBM UnknownSymbol", "MSFT TooLate"]);
    });

    it("shows those of one feed and one reason alone", async () => {
      expect(await list("--feed", "markets/tech", "--reason", "UnknownSymbol")).toEqual(["AAPL UnknownSymbol"]);
    });

    it("says what it would send again, and sends nothing", async () => {
      const { stdout } = await run("redrive", "--project", "acme", "--feed", "markets/tech", "--dry-run");
      expect(stdout).toBe("Would be sent again: 1. Left: 2, which are no quotes, or too late.\n");
      expect(await list()).toHaveLength(4);
    });

    it("sends quotes to their feed again, and keeps what is none", async () => {
      const { stdout } = await run("redrive", "--project", "acme", "--feed", "markets/tech");
      expect(stdout).toBe("Sent again: 1. Left: 2, which are no quotes, or too late.\n");
      expect(await list()).toEqual([" Malformed", "IBM UnknownSymbol", "MSFT TooLate"]);
      const again = await new Promise<{ readonly data: Buffer; readonly attributes: object }>((resolve) => {
        client.subscription("seen").once("message", resolve);
      });
      const { data, attributes } = encodeQuote(quote("AAPL"));
      expect([again.data.toString(), again.attributes]).toEqual([data, attributes]);
    });

    it("sends too late ones when they are asked for", async () => {
      await run("redrive", "--project", "acme", "--reason", "TooLate");
      expect(await list()).toEqual([" Malformed", "IBM UnknownSymbol"]);
    });

    it("names the project whose dead letter is not there", async () => {
      const { stderr, exitCode } = await run("list", "--project", "none");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("projects/none/subscriptions/stockfeed-dead-letter");
      expect(stderr).toContain("The operator makes it with the project's first feed.");
    });
  },
);
