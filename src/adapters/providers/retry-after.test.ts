import { describe, expect, it } from "vitest";
import { retryAfter } from "./retry-after.ts";

const NOW = Date.UTC(2026, 2, 4, 15, 30);
const DAY_MS = 86_400_000;
const after = (headers: Record<string, string>) => retryAfter(new Headers(headers), NOW);

describe("Retry-After", () => {
  it("is read as seconds", () => {
    expect(after({ "retry-after": "120" })).toBe(NOW + 120_000);
    expect(after({ "retry-after": "0" })).toBe(NOW);
  });

  it("is read in both forms of an HTTP date in RFC 9110 that say their zone", () => {
    const time = Date.UTC(2026, 2, 4, 15, 31, 7);
    expect(after({ "retry-after": "Wed, 04 Mar 2026 15:31:07 GMT" })).toBe(time);
    expect(after({ "retry-after": "Wednesday, 04-Mar-26 15:31:07 GMT" })).toBe(time);
  });

  it("never lies in the past, nor more than a day ahead", () => {
    expect(after({ "retry-after": "Wed, 04 Mar 2026 15:00:00 GMT" })).toBe(NOW);
    expect(after({ "retry-after": "99999999999999999999" })).toBe(NOW + DAY_MS);
    expect(after({ "retry-after": "Fri, 04 Mar 2066 15:00:00 GMT" })).toBe(NOW + DAY_MS);
  });

  it.each(["", "soon", "-5", "1.5", "Wed, when it suits"])("is left aside when it is %j", (value) => {
    expect(after({ "retry-after": value })).toBeUndefined();
  });

  it("goes before X-RateLimit-Reset, which is seconds since the epoch", () => {
    const reset = { "x-ratelimit-reset": String(NOW / 1000 + 9) };
    expect(after(reset)).toBe(NOW + 9_000);
    expect(after({ ...reset, "retry-after": "3" })).toBe(NOW + 3_000);
    expect(after({ ...reset, "retry-after": "soon" })).toBe(NOW + 9_000);
    expect(after({ "x-ratelimit-reset": "60" })).toBeUndefined();
  });

  it("may be missing", () => {
    expect(after({})).toBeUndefined();
  });
});
