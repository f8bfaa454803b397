/**
 * Calls of BigQuery's REST API through Google's client, which brings credentials, proxies and regions.
 *
 * A call is made once: who calls decides about trying again, since the client's own retries would hide an outage for
 * half a minute. Errors are SinkErrors made of the API's message alone; the client's errors carry the whole request,
 * its token too, and never get out of here.
 */
import { BigQuery } from "@google-cloud/bigquery";
import { PassThroughClient } from "google-auth-library";
import { apiError, SinkError } from "./sink-error.ts";

/** How BigQuery is reached. */
export interface BigQueryOptions {
  /** The project that pays for queries and holds the dataset. */
  readonly projectId: string;
  /**
   * A server that stands in for BigQuery, `http://127.0.0.1:9050` or `127.0.0.1:9050`, as BIGQUERY_EMULATOR_HOST has
   * it; it is called without credentials.
   */
  readonly endpoint?: string | undefined;
  /** How long one call may take; half a minute unless told otherwise. */
  readonly timeoutMs?: number;
}

/** One call. */
export interface BigQueryCall {
  readonly method: "GET" | "POST";
  /** The path behind `/bigquery/v2/projects/PROJECT`, such as `/queries`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Text is JSON already. */
  readonly body?: object | string;
}

/** Makes one call and gives the answer's JSON. @throws SinkError */
export type CallBigQuery = (call: BigQueryCall) => Promise<unknown>;

const TIMEOUT_MS = 30_000;

/** A function that calls BigQuery. */
export function bigQueryCaller({ projectId, endpoint, timeoutMs = TIMEOUT_MS }: BigQueryOptions): CallBigQuery {
  const base = endpoint === undefined || endpoint === "" ? undefined : withScheme(endpoint);
  const client = new BigQuery({
    projectId,
    autoRetry: false,
    ...(base !== undefined && { apiEndpoint: base, authClient: new PassThroughClient() }),
  });
  // The client takes BIGQUERY_EMULATOR_HOST as it stands, without a scheme and without the API's path.
  if (base !== undefined) client.baseUrl = `${base}/bigquery/v2`;
  return async ({ method, path, query, body }) =>
    new Promise((resolve, reject) => {
      // The client's own timeout has no effect, and a request can't be taken back: what it does late was done twice.
      const timer = setTimeout(() => {
        reject(new SinkError("Unavailable", `BigQuery did not answer within ${timeoutMs / 1000} s.`));
      }, timeoutMs);
      // As text: of an object the client looks through every value for a placeholder, and writes into it.
      const text = typeof body === "object" ? JSON.stringify(body) : body;
      const headers = { "Content-Type": "application/json" };
      const request = { method, uri: path, ...(query && { qs: { ...query } }), json: true, body: text, headers };
      client.request(request, (error: unknown, answer: unknown) => {
        clearTimeout(timer);
        if (error === null || error === undefined) resolve(answer);
        else reject(apiError(error));
      });
    });
}

function withScheme(endpoint: string): string {
  return (/^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`).replace(/\/+$/, "");
}
