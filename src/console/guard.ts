import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

/** Headers of every answer: nothing but our own files loads, nothing frames the page, no type is guessed. */
export const headers: MiddlewareHandler = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    objectSrc: ["'none'"],
  },
  referrerPolicy: "no-referrer",
  xFrameOptions: "DENY",
  crossOriginEmbedderPolicy: "require-corp",
  // For HTTPS alone; browsers ignore it here.
  strictTransportSecurity: false,
});

/**
 * Answers only to names that nobody else can point at this machine: an IP address, localhost, or the host that the
 * server was told to listen on. A page elsewhere that rebinds its own name to 127.0.0.1 is refused.
 */
export function allowedHost(listenHost: string): MiddlewareHandler {
  return async (context, next) => {
    const name = hostName(context.req.header("host") ?? "");
    if (name === "localhost" || isIP(name) !== 0 || name === listenHost.toLowerCase()) {
      await next();
      return;
    }
    return context.json(
      { error: `The console does not answer to the host "${name}". Open it by its IP address, or as localhost.` },
      403,
    );
  };
}

/** The name in a Host header, without port, and without the brackets of an IPv6 address. */
function hostName(host: string): string {
  return host
    .replace(/:[0-9]*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
}

/** Lets those in who know the token. */
export function bearer(token: string): MiddlewareHandler {
  const expected = digest(`Bearer ${token}`);
  return async (context, next) => {
    // Digests are of one length, and comparing them takes the same time however much of a guess is right.
    if (timingSafeEqual(digest(context.req.header("authorization") ?? ""), expected)) {
      await next();
      return;
    }
    return context.json({ error: "Send the token of the running feed: Authorization: Bearer TOKEN." }, 401, {
      "WWW-Authenticate": "Bearer",
    });
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
