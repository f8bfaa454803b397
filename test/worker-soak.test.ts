import { describe, expect, it } from "vitest";
import { soakWorker } from "./worker-soak.ts";

describe("a worker", () => {
  it("holds no more at the end than at the start of 5,000 bundles", { timeout: 120_000 }, async () => {
    const { heap, outside, asked, split, exitCode } = await soakWorker(5_000);
    // A map a bundle, as the SDK keeps it, is more than a megabyte by then.
    expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(500_000);
    expect(Math.max(...outside) - (outside[0] ?? 0)).toBeLessThan(500_000);
    expect(asked).toBe(50);
    expect(split).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
  });
});
