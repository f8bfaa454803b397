/** Jobs are asked for so many at a time. */
const AT_ONCE = 8;

/** Does a piece of work for each of many, eight at a time, and the next eight when those are done. @returns in their order */
export async function atOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
}
