/** Longest part that is shared, as JSON: what is longer names its feed somewhere. */
const LONGEST = 400;
/** How many parts are remembered before all are forgotten. */
const MOST = 2_000;

/** Gives back a value with the same content; its parts may be those of others, so nothing in it may be changed. */
export type ShareParts = <T>(value: T) => T;

/**
 * Holds equal parts of objects once. The workloads of two feeds differ in their names and in a few numbers; probes,
 * limits and security settings are the same, and ten thousand feeds have ten thousand of each.
 */
export function partSharing(): ShareParts {
  const known = new Map<string, unknown>();
  const share = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const own = Array.isArray(value)
      ? value.map(share)
      : Object.fromEntries(Object.entries(value).map(([name, part]) => [name, share(part)]));
    const text = JSON.stringify(own);
    if (text.length > LONGEST) return own;
    const shared = known.get(text);
    if (shared !== undefined) return shared;
    if (known.size >= MOST) known.clear();
    known.set(text, own);
    return own;
  };
  return <T>(value: T) => share(value) as T;
}
