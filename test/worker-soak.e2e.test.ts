import { describe, expect, it } from "vitest";
import { soakWorker } from "./worker-soak.ts";

describe("a worker", () => {
  it("holds no more at the end than at the start of 100,000 bundles", { timeout: 600_000 }, async () => {
    const { heap, outside, asked, split, seconds, exitCode } = await soakWorker(100_000);
    const inKb = (weights: readonly number[]) => weights.map((bytes) => Math.round(bytes / 1000)).join(", ");
    console.log(`${seconds.toFixed(0)} s; heap in KB: ${inKb(heap)}; outside it: ${inKb(outside)}; ${split} split`);
    expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(1_000_000);
    expect(Math.max(...outside) - (outside[0] ?? 0)).toBeLessThan(1_000_000);
    expect(asked).toBe(1_000);
    expect(split).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
  });
});
