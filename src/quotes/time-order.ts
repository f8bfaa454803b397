/** Values of one digit in the radix sort: 16 bits, whose counters stay in the processor's cache. */
const RADIX = 65_536;

/**
 * The indices of times in ascending order; equal times keep theirs. A radix sort from the lowest digit up: two passes
 * for a day of milliseconds, three for a year.
 * @param times whole numbers
 */
export function orderByTime(times: Float64Array): Uint32Array {
  const least = times.reduce((a, b) => Math.min(a, b), Infinity);
  const span = times.reduce((a, b) => Math.max(a, b), -Infinity) - least;
  let order = Uint32Array.from(times, (_, index) => index);
  for (let unit = 1; unit <= span; unit *= RADIX) {
    order = orderByDigit(order, (index) => Math.floor((times[index]! - least) / unit) % RADIX);
  }
  return order;
}

/** Moves the indices of smaller digits before those of greater ones, and changes nothing else. */
function orderByDigit(order: Uint32Array<ArrayBuffer>, digitOf: (index: number) => number): Uint32Array<ArrayBuffer> {
  const ends = new Uint32Array(RADIX);
  for (const index of order) ends[digitOf(index)]!++;
  for (let digit = 1; digit < RADIX; digit++) ends[digit]! += ends[digit - 1]!;
  const sorted = new Uint32Array(order.length);
  for (let i = order.length - 1; i >= 0; i--) sorted[--ends[digitOf(order[i]!)]!] = order[i]!;
  return sorted;
}
