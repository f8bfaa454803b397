import { describe, expect, it } from "vitest";
import { OperatorProcess } from "./operator-process.ts";

describe("an operator that ends by itself", () => {
  it("ends what is waited for at once, with the last lines of its log", async () => {
    const operator = new OperatorProcess(["--no-such-flag"], {});
    const error = await operator.said("leads").catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /^Error: The operator ended with exit code 2 before it says "leads":\n[^]*--no-such-flag/,
    );
    expect(() => {
      operator.assertRuns();
    }).toThrow(/^The operator ended with exit code 2:\n[^]*--no-such-flag/);
    await expect(operator.metrics()).rejects.toThrow("The operator ended with exit code 2");
  });
});
