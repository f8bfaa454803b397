import type { AskPod } from "../../controller-ports.ts";

/** A summary's longest text, as of a termination message. */
const MAX_BYTES = 4_096;
const TIMEOUT_MS = 2_000;

/**
 * Asks Pods at the port where they have their metrics, by a request each, which follows no redirect.
 *
 * Whoever can make Pods in a feed's namespace can be the one who answers: an answer that is no summary, is longer than
 * one, or takes longer than 2 s is none.
 * @param decode undefined of what is no summary
 */
export function askPodsAt<Summary>(port: number, decode: (text: string) => Summary | undefined): AskPod<Summary> {
  return async (address, signal) => {
    const host = address.includes(":") ? `[${address}]` : address;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(`http://${host}:${port}/summary`, { redirect: "error", signal: limited });
      const text = await shortText(response);
      return response.ok && text !== undefined ? decode(text) : undefined;
    } catch {
      return undefined;
    }
  };
}

/** Undefined where it is longer than it may be; the rest is not read then. */
async function shortText({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop drops the connection.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
