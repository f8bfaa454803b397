import { describe, expect, it } from "vitest";
import { readCredentials } from "./credentials.ts";
import { ProviderError } from "./provider-error.ts";

const keys = { ALPACA_KEY_ID: "PKABC", ALPACA_SECRET_KEY: 'a/b+c="d' };
const refusal = (read: () => unknown): ProviderError => {
  try {
    read();
  } catch (error) {
    if (error instanceof ProviderError) return error;
  }
  throw new Error("nothing was refused");
};

describe("credentials", () => {
  it("are read from the environment, without the line break that a file left behind them", () => {
    const env = { ...keys, ALPACA_SECRET_KEY: `${keys.ALPACA_SECRET_KEY}\n` };
    expect(readCredentials("Alpaca", env).keys).toEqual(["PKABC", 'a/b+c="d']);
  });

  it("name every variable that is missing", () => {
    const error = refusal(() => readCredentials("Alpaca", {}));
    expect(error).toMatchObject({ kind: "Unauthorized", next: { kind: "give-up" } });
    expect(error.message).toBe("Alpaca needs a key. Set ALPACA_KEY_ID and ALPACA_SECRET_KEY in the environment.");
    expect(refusal(() => readCredentials("Tiingo", { TIINGO_TOKEN: " " })).message).toBe(
      "Tiingo needs a key. Set TIINGO_TOKEN in the environment.",
    );
  });

  it("name the Secret's key that is missing on a cluster", () => {
    const error = refusal(() => readCredentials("Alpaca", { ALPACA_KEY_ID: "PKABC" }, "markets/alpaca"));
    expect(error.message).toBe("Alpaca needs a key. Set Secret markets/alpaca, key APCA-API-SECRET-KEY.");
  });

  it("refuse a key that no header can carry, without showing it", () => {
    for (const key of ["two\nlines", "päss", "a b"]) {
      const error = refusal(() => readCredentials("Finnhub", { FINNHUB_TOKEN: key }));
      expect(error.message).toBe(
        "A key of Finnhub has characters that no key has. Mend FINNHUB_TOKEN in the environment.",
      );
    }
  });

  it("may be missing where the server may want none", () => {
    const { keys: given, advice } = readCredentials("IEX", {});
    expect(given).toEqual([]);
    expect(advice).toBe("It may want a key: set IEX_TOKEN in the environment.");
  });

  it("are masked plain, URL-encoded and inside JSON", () => {
    const { mask } = readCredentials("Alpaca", keys);
    const secret = keys.ALPACA_SECRET_KEY;
    const text = `id PKABC, key ${secret}, ?key=${encodeURIComponent(secret)}, ${JSON.stringify({ secret })}`;
    expect(mask(text)).toBe('id ***, key ***, ?key=***, {"secret":"***"}');
  });

  it("are masked whole when one holds the other", () => {
    const { mask } = readCredentials("Alpaca", { ALPACA_KEY_ID: "abc", ALPACA_SECRET_KEY: "abcdef" });
    expect(mask("abcdef abc")).toBe("*** ***");
  });

  it("leave other text alone", () => {
    expect(readCredentials("IEX", {}).mask("Unknown symbol")).toBe("Unknown symbol");
  });
});
