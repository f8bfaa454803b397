import { bulkhead, BulkheadRejectedError } from "cockatiel";
import { QueryError, type ResultReader } from "../../ports.ts";
import type { Database } from "./database.ts";
import { runQuery } from "./query.ts";
import { StoreError, storeError } from "./store-error.ts";

/** Queries that run at once. Each holds one of the four threads that Node.js gives to such work; writes keep two. */
const MOST_AT_ONCE = 2;
/** Queries that wait for one of these to end. */
const MOST_WAITING = 64;

/**
 * Queries of a store: few at once, each for a limited time, so that whoever asks can't keep the quotes out.
 * @param limitMs how long one may run, the wait for its turn left out
 */
export function queries(database: Database, limitMs: number): ResultReader["query"] {
  // The bulkhead gets no signal: it forgets to take the next one after a call that ended while it waited.
  const turns = bulkhead(MOST_AT_ONCE, MOST_WAITING);
  return async (sql, signal) => {
    try {
      return await turns.execute(async () =>
        limited(limitMs, signal, async (ended) =>
          database.read(async (connection) => runQuery(connection, sql), ended),
        ),
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw queryError(database.path, error);
    }
  };
}

/** Runs work with a signal that comes when the caller leaves or the time is up. */
async function limited<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    const message = `The query was broken off after ${ms / 1000} s, the most that one may take. Narrow it, with a WHERE on window_end or observed_at.`;
    limit.abort(new QueryError(message));
  }, ms);
  try {
    return await work(signal ? AbortSignal.any([limit.signal, signal]) : limit.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells what the statement did wrong from what is wrong with the store. */
function queryError(path: string, error: unknown): QueryError | StoreError {
  if (error instanceof QueryError || error instanceof StoreError) return error;
  if (error instanceof BulkheadRejectedError) {
    const message = `has ${MOST_AT_ONCE} queries running and ${MOST_WAITING} waiting. Ask again later.`;
    return new StoreError(path, "Busy", message, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  if (/^(IO|FATAL|INTERNAL|Serialization) Error/.test(text)) return storeError(path, error);
  if (text.includes("disabled by configuration")) {
    return new QueryError("A query reads the store's tables alone, no other file.", { cause: error });
  }
  return new QueryError(text, { cause: error });
}
