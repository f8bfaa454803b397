import { once } from "node:events";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Answer, ProviderCall } from "./provider-formats.ts";

/** How the fake misbehaves. */
export type Fault =
  /** Another status, with a body of its own, which may tell of the call, or none. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      readonly body?: string | ((call: ProviderCall) => string);
    }
  /** Takes the request and says nothing. */
  | { readonly kind: "hang" }
  /** Half of the right body, then nothing. */
  | { readonly kind: "stall" }
  /** Half of the right body as if it were all. */
  | { readonly kind: "truncated" }
  /** Half of the right body, then the connection breaks. */
  | { readonly kind: "reset" }
  /** A body that goes on for this many bytes. */
  | { readonly kind: "huge"; readonly bytes: number }
  /** The right body, changed. */
  | { readonly kind: "rewritten"; readonly rewrite: (body: string) => string; readonly type?: string };

/** A page such as proxies and captive portals answer with. */
export const HTML_PAGE =
  "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>";

/** Answers with the fault in place of `answer`. */
export async function spoil(
  fault: Fault,
  answer: Answer,
  response: ServerResponse,
  countBytes: (bytes: number) => void,
): Promise<void> {
  const json = { "content-type": "application/json" };
  const half = answer.body.slice(0, Math.floor(answer.body.length / 2));
  switch (fault.kind) {
    case "hang":
      return;
    case "status":
      response
        .writeHead(fault.status, fault.headers)
        .end(typeof fault.body === "function" ? fault.body(answer.call) : fault.body);
      return;
    case "truncated":
      response.writeHead(200, json).end(half);
      return;
    case "stall":
      response.writeHead(200, json).write(half);
      return;
    case "reset":
      response.writeHead(200, json).write(half, () => response.socket?.resetAndDestroy());
      return;
    case "rewritten":
      response.writeHead(200, { "content-type": fault.type ?? "application/json" }).end(fault.rewrite(answer.body));
      return;
    case "huge":
      response.writeHead(200, json);
      await flood(response, fault.bytes, countBytes);
  }
}

/** Sends so many bytes of a JSON text that does not end, as fast as the client reads, until it hangs up. */
async function flood(response: ServerResponse, bytes: number, countBytes: (bytes: number) => void): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024, " ");
  const hungUp = new AbortController();
  response.once("close", () => {
    hungUp.abort();
  });
  response.write("[");
  for (let sent = 0; sent < bytes && !hungUp.signal.aborted; sent += chunk.length) {
    countBytes(chunk.length);
    if (!response.write(chunk)) await once(response, "drain", { signal: hungUp.signal }).catch(() => undefined);
  }
  response.end();
}
