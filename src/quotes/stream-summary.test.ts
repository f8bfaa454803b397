import { describe, expect, it } from "vitest";
import { decodeStreamSummary, encodeStreamSummary } from "./stream-summary.ts";

describe("a stream's summary", () => {
  it.each([
    { feed: "markets/tech" },
    { feed: "markets/tech", sink: { fault: "Forbidden", message: "Grant roles/bigquery.dataEditor." } },
  ])("is read as it was written: %j", (summary) => {
    expect(decodeStreamSummary(encodeStreamSummary(summary))).toEqual(summary);
  });

  it("stays within 4,096 bytes whatever the words are, and is whole", () => {
    const message = "\u0001".repeat(10_000);
    const text = encodeStreamSummary({ feed: "n".repeat(317), sink: { fault: "F".repeat(40), message } });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_096);
    expect(decodeStreamSummary(text)?.sink?.message).toBe(`${message.slice(0, 499)}…`);
  });

  it.each([
    "",
    "{",
    "null",
    "{}",
    '{"feed":""}',
    '{"feed":"a/b","sink":{"fault":"","message":""}}',
    '{"feed":"a/b","sink":1}',
  ])("is not read from %s", (text) => {
    expect(decodeStreamSummary(text)).toBeUndefined();
  });

  it("of a newer stream is read as far as it is known", () => {
    expect(decodeStreamSummary('{"feed":"a/b","more":1}')).toEqual({ feed: "a/b" });
  });
});
