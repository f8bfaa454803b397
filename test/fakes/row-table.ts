/**
 * A BigQuery that can do two things: take rows into the table `windows` by insertAll, and tell a feed's newest
 * quote of each resolution. For tests of what comes before BigQuery; what GoogleSQL means is test/bigquery's matter.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json as readJson } from "node:stream/consumers";
import { restCall } from "../google-rights.ts";

/** A row as it was sent. */
export type SentRow = Readonly<Record<string, string | number>>;

export class RowTable {
  readonly rows: SentRow[] = [];
  /** All calls so far, without names. */
  readonly calls = new Set<string>();
  /** What an insertAll takes at most before it breaks off without an answer, as when the other side dies. */
  breakAfter = Infinity;
  /** Whether whoever asks lacks every right. */
  forbids = false;
  #server: Server | undefined;
  #port = 0;

  /** `http://127.0.0.1:PORT`, for BIGQUERY_EMULATOR_HOST. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Answers from now on, always at the same address. */
  async up(): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
    this.#server = server;
  }

  /** Refuses connections, and cuts those that are open. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Of the rows of each key the one with the greatest (quote_count, written_at). */
  winners(): SentRow[] {
    const winners = new Map<string, SentRow>();
    for (const row of this.rows) {
      const key = [row.feed, row.symbol, row.resolution_minutes, row.window_end].join();
      const rival = winners.get(key);
      if (rival === undefined || counts(row) > counts(rival)) winners.set(key, row);
    }
    return [...winners.values()];
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.calls.add(restCall(request.method, request.url));
    const body = (await readJson(request)) as {
      readonly rows?: readonly { readonly json: SentRow }[];
      readonly queryParameters?: readonly {
        readonly name: string;
        readonly parameterValue: { readonly value: string };
      }[];
    };
    if (this.forbids) {
      const errors = [{ reason: "accessDenied", message: "Access Denied" }];
      const error = { code: 403, message: "Access Denied", errors };
      response.writeHead(403, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      return;
    }
    const reply = (answer: object) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    };
    if (request.url?.split("?", 1)[0]?.endsWith("/insertAll")) {
      for (const { json } of body.rows ?? []) {
        if (this.breakAfter <= 0) {
          response.destroy();
          return;
        }
        this.breakAfter -= 1;
        this.rows.push(json);
      }
      reply({});
      return;
    }
    const parameter = (wanted: string) =>
      body.queryParameters?.find(({ name }) => name === wanted)?.parameterValue.value ?? "";
    const since = Date.parse(parameter("since")) || -Infinity;
    const newest = new Map<unknown, number>();
    for (const { feed, resolution_minutes: minutes, window_end: end, event_time: time } of this.rows) {
      if (feed !== parameter("feed") || Date.parse(String(end)) < since) continue;
      newest.set(minutes, Math.max(newest.get(minutes) ?? -Infinity, Date.parse(String(time))));
    }
    reply({
      jobComplete: true,
      schema: { fields: ["resolution_minutes", "newest"].map((name) => ({ name, type: "STRING" })) },
      rows: [...newest].map(([minutes, time]) => ({ f: [{ v: minutes }, { v: String(time * 1000) }] })),
    });
  }
}

/** Orders rows of a key by (quote_count, written_at). */
function counts({ quote_count: count, written_at: written }: SentRow): string {
  return `${String(count).padStart(6, "0")}/${String(written)}`;
}
