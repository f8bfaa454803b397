import { expect, it } from "vitest";
import { within } from "./in-time.ts";

it("gives what a call gives, and an error where none comes in time", async () => {
  expect(await within(60_000, Promise.resolve("an answer"))).toBe("an answer");
  await expect(within(60_000, Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  await expect(within(5, new Promise(() => undefined))).rejects.toThrow("no answer came within 0.005 s");
});
