/**
 * Access tokens of Google Cloud for plain requests: from the metadata server, which is what Workload Identity and
 * Compute Engine have, or by Google's library where GOOGLE_APPLICATION_CREDENTIALS names a file. The library is loaded
 * in that case alone: it costs a tenth of a second, and a poller starts every minute.
 *
 * A token is asked for once and kept until shortly before it expires; callers that come at once share one request.
 */
import type { EpochMs } from "../../quotes/quote.ts";

/** Gives tokens to send as `Authorization: Bearer …`. */
export interface AccessTokens {
  /** @throws PublishError when none is to be had, with what to check */
  get(): Promise<string>;
  /** Drops the token, which the server refused: the next one is asked for anew. */
  forget(): void;
}

/** What is told of a delivery that failed; no message shows a token. */
export class PublishError extends Error {
  override readonly name = "PublishError";
}

interface Token {
  readonly value: string;
  readonly expiresAt: EpochMs;
}

/** The metadata server gives out the same token until five minutes before its end; asking then brings a fresh one. */
const RENEW_BEFORE_MS = 225_000;
const METADATA_TIMEOUT_MS = 3_000;
const SCOPE = "https://www.googleapis.com/auth/pubsub";

/** Tokens for a process with this environment. */
export function accessTokens(env: Readonly<Record<string, string | undefined>>, now: () => EpochMs): AccessTokens {
  const file = env.GOOGLE_APPLICATION_CREDENTIALS;
  const host = env.GCE_METADATA_HOST ?? "metadata.google.internal";
  return kept(file === undefined || file === "" ? () => metadataToken(host, now) : libraryTokens(file, now), now);
}

/** Keeps a token for as long as it is good. */
function kept(fetchToken: () => Promise<Token>, now: () => EpochMs): AccessTokens {
  let current: Promise<Token> | undefined;
  const renew = () => {
    const asked = fetchToken();
    current = asked;
    asked.catch(() => {
      if (current === asked) current = undefined;
    });
    return asked;
  };
  return {
    async get() {
      const token = await (current ?? renew());
      if (token.expiresAt - RENEW_BEFORE_MS > now()) return token.value;
      current = undefined;
      return (await renew()).value;
    },
    forget() {
      current = undefined;
    },
  };
}

async function metadataToken(host: string, now: () => EpochMs): Promise<Token> {
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
  const askedAt = now();
  try {
    const response = await fetch(url, {
      headers: { "metadata-flavor": "Google" },
      signal: AbortSignal.timeout(METADATA_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const body = (await response.json()) as { access_token?: unknown; expires_in?: unknown };
    if (typeof body.access_token !== "string" || typeof body.expires_in !== "number")
      throw new Error("it sent no token");
    return { value: body.access_token, expiresAt: askedAt + body.expires_in * 1000 };
  } catch (error) {
    const why = reason(error);
    throw new PublishError(
      `No access token from Google's metadata server at ${host} (${why}). Give the feed's service account Workload ` +
        "Identity, or set GOOGLE_APPLICATION_CREDENTIALS to a key file.",
      { cause: error },
    );
  }
}

function libraryTokens(file: string, now: () => EpochMs): () => Promise<Token> {
  return async () => {
    try {
      const { GoogleAuth } = await import("google-auth-library");
      const client = await new GoogleAuth({ keyFile: file, scopes: [SCOPE] }).getClient();
      const { token } = await client.getAccessToken();
      if (typeof token !== "string") throw new Error("no token came");
      return { value: token, expiresAt: client.credentials.expiry_date ?? now() + 2 * RENEW_BEFORE_MS };
    } catch (error) {
      throw new PublishError(`No access token by the file of GOOGLE_APPLICATION_CREDENTIALS (${reason(error)}).`, {
        cause: error,
      });
    }
  };
}

/** Why a request failed, in a word or two: fetch itself says "fetch failed", and why in its cause. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.cause instanceof Error) return "code" in error.cause ? String(error.cause.code) : error.cause.message;
  return error.message;
}
