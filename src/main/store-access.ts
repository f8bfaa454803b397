import { z } from "zod";
import { StoreError } from "../adapters/duckdb/store-error.ts";
import { readSession, type StoreSession } from "../adapters/duckdb/store-session.ts";
import { openStore } from "../adapters/duckdb/store.ts";
import { QueryError, type QueryResult, type ResultReader } from "../ports.ts";
import { CliError, usageError } from "./cli-error.ts";

/** Where `stockfeed dev` keeps its store when no other is named. */
export const DEFAULT_STORE = ".stockfeed/store.duckdb";

const resultSchema = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
});
const errorSchema = z.object({ error: z.string() });

/**
 * Lets `work` read a store: through the `stockfeed dev` that has it open, or else from the file.
 * @throws CliError when the store can't be read (failed) or a statement is refused (usage)
 */
export async function withReader<T>(storePath: string, work: (reader: ResultReader) => Promise<T>): Promise<T> {
  try {
    const session = await readSession(storePath);
    if (session && (await answers(session))) return await work(sessionReader(session));
    const store = await openStore(storePath, { readOnly: true });
    return await work(store).finally(async () => store.close());
  } catch (error) {
    if (error instanceof StoreError) throw new CliError(error.message, { cause: error });
    if (error instanceof QueryError) throw usageError(error.message, { cause: error });
    throw error;
  }
}

/** Whether someone is there; a process may end without removing its file, and another take its id. */
async function answers(session: StoreSession): Promise<boolean> {
  try {
    await sessionReader(session).query("SELECT 1");
    return true;
  } catch (error) {
    if (error instanceof Unreachable) return false;
    throw error;
  }
}

class Unreachable extends CliError {}

/** Reads through the server of the process that has the store open. */
function sessionReader({ url, token, pid }: StoreSession): ResultReader {
  const server = `stockfeed dev (process ${pid}, ${url})`;
  const refuse = (why: string) => new CliError(`${server} has the store open and ${why}. Stop it, then try again.`);
  return {
    async query(sql, signal): Promise<QueryResult> {
      const response = await fetch(new URL("/api/query", url), {
        method: "POST",
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        body: JSON.stringify({ sql }),
        ...(signal && { signal }),
      }).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw new Unreachable(`${server} does not answer.`, { cause: error });
      });
      const body: unknown = await response.json().catch(() => undefined);
      const said = errorSchema.safeParse(body).data?.error;
      if (response.status === 400) throw new QueryError(said ?? "It was refused.");
      if (response.status === 500 && said) throw new CliError(`${server} could not answer: ${said}`);
      if (!response.ok) throw refuse(`answered a query with status ${response.status}`);
      const result = resultSchema.safeParse(body);
      if (!result.success) throw refuse("answered a query with something else than rows");
      return result.data;
    },
  };
}
