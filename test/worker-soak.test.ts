import { describe, expect, it } from "vitest";
import { soakWorker } from "./worker-soak.ts";

describe("a worker", () => {
  it("keeps its heap as it is over 5,000 bundles", { timeout: 120_000 }, async () => {
    const { heap, exitCode } = await soakWorker(5_000);
    // A map a bundle, as the SDK keeps it, is more than a megabyte by then.
    expect(Math.max(...heap) - (heap[0] ?? 0)).toBeLessThan(500_000);
    expect(exitCode).toBe(0);
  });
});
