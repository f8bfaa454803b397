import { describe, expect, it } from "vitest";
import { soakWorker } from "./worker-soak.ts";

describe("a worker", () => {
  it("keeps its heap as it is over 100,000 bundles", { timeout: 600_000 }, async () => {
    const { heap, seconds, exitCode } = await soakWorker(100_000);
    console.log(`${seconds.toFixed(0)} s; heap in KB: ${heap.map((bytes) => Math.round(bytes / 1000)).join(", ")}`);
    expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(1_000_000);
    expect(exitCode).toBe(0);
  });
});
