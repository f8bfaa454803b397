/**
 * Does a piece of work for each of many items, so many at a time: where one is done, its lane takes the next, and waits
 * for no other. Once one has failed none is begun any more, and it rejects with the first failure when what is under way
 * has ended.
 * @param lanes most at a time
 * @returns what came of each, in the order of the items
 */
export async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
