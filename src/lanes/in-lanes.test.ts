import { describe, expect, it } from "vitest";
import { inLanes } from "./in-lanes.ts";

/** Work that ends when it is told to. */
function heldWork() {
  const begun: number[] = [];
  const held = new Map<number, PromiseWithResolvers<string>>();
  return {
    begun,
    held,
    work: (item: number) => {
      begun.push(item);
      const ends = Promise.withResolvers<string>();
      held.set(item, ends);
      return ends.promise;
    },
    /** Ends one, and lets the others hear of it. */
    end: async (item: number, error?: Error): Promise<void> => {
      if (error) held.get(item)?.reject(error);
      else held.get(item)?.resolve(`done ${item}`);
      await new Promise(setImmediate);
    },
  };
}

describe("work in lanes", () => {
  it("is begun so many at a time, and the next as soon as any is done, however long the others take", async () => {
    const { begun, work, end } = heldWork();
    const all = inLanes([1, 2, 3, 4], 2, work);
    expect(begun).toEqual([1, 2]);
    await end(2);
    await end(3);
    expect(begun).toEqual([1, 2, 3, 4]);
    await end(4);
    await end(1);
    expect(await all).toEqual(["done 1", "done 2", "done 3", "done 4"]);
  });

  it("begins no more once one has failed, and rejects with the first failure when the rest has ended", async () => {
    const { begun, work, end } = heldWork();
    const all = inLanes([1, 2, 3, 4], 3, work);
    let over = false;
    const outcome = all.catch((error: unknown) => error).finally(() => (over = true));
    await end(2, new Error("broken"));
    await end(1);
    expect({ begun, over }).toEqual({ begun: [1, 2, 3], over: false });
    await end(3, new Error("broken too"));
    expect(await outcome).toEqual(new Error("broken"));
  });

  it("is over at once where there is none", async () => {
    expect(await inLanes([], 8, () => Promise.reject(new Error("nobody asked")))).toEqual([]);
  });

  it("knows which item it is", async () => {
    expect(await inLanes(["a", "b"], 8, (item, index) => Promise.resolve(`${item}${index}`))).toEqual(["a0", "b1"]);
  });
});
