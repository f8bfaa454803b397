/**
 * A response's body as UTF-8 text, up to a number of bytes; `whole` says whether that was all. The rest is never
 * read: the connection is dropped, however much the server has still to send.
 */
export async function readText(
  response: Response,
  maxBytes: number,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  if (response.body === null) return { text: "", whole: true };
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream, which drops the connection.
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return { text: Buffer.concat(chunks).toString("utf8", 0, maxBytes), whole: size <= maxBytes };
}

/** The beginning of a text in quotes, on one line and without control characters, for a message. */
export function excerpt(text: string): string {
  const line = text
    .slice(0, 1_000)
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .trim();
  return line.length > 160 ? `"${line.slice(0, 160)}…"` : `"${line}"`;
}
