import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { restCall } from "../google-rights.ts";

/** A message as it was published. */
export interface PublishedMessage {
  readonly topic: string;
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A call of `topics.publish`. */
export interface PublishCall {
  readonly topic: string;
  readonly messages: number;
  readonly bytes: number;
  readonly authorization: string | undefined;
}

/** What the server does with the next calls, the last one for good. */
export type Answer = "ok" | { readonly status: number; readonly message?: string } | "reset" | "forget-one" | "hold";

/** Pub/Sub's REST endpoint for publishing, and Google's metadata server, as far as a poller sees them. */
export interface FakePubsub {
  /** `127.0.0.1:port`, for PUBSUB_EMULATOR_HOST and GCE_METADATA_HOST. */
  readonly host: string;
  readonly messages: readonly PublishedMessage[];
  readonly calls: readonly PublishCall[];
  /** All that Pub/Sub was asked for, answered or not, without names. */
  readonly asked: ReadonlySet<string>;
  /** How often a token was asked for; they are called token-1, token-2 and so on. */
  readonly tokensGiven: number;
  answers: Answer[];
  /** How long the tokens are good, in seconds. */
  tokenSeconds: number;
  /** Resolves once a condition holds; looked at after each call. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** What the server keeps. */
interface State {
  answers: Answer[];
  tokenSeconds: number;
  tokensGiven: number;
  readonly messages: PublishedMessage[];
  readonly calls: PublishCall[];
  readonly asked: Set<string>;
}

/** Starts one on a free port of 127.0.0.1. */
export async function fakePubsub(): Promise<FakePubsub> {
  const watchers = new Set<() => void>();
  const state: State = {
    answers: ["ok"],
    tokenSeconds: 3_600,
    tokensGiven: 0,
    messages: [],
    calls: [],
    asked: new Set(),
  };
  const server = createServer((request, response) => {
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    const [, topic] = /^\/v1\/projects\/[^/]+\/topics\/([^/]+):publish$/.exec(request.url ?? "") ?? [];
    if (request.url?.startsWith("/computeMetadata/v1/instance/service-accounts/default/token")) {
      giveToken(state, request, json);
      return;
    }
    state.asked.add(restCall(request.method, request.url));
    if (topic === undefined || request.method !== "POST") {
      json(404, { error: { code: 404, message: "no such method" } });
    } else {
      void take(state, request, topic, json).then(() => {
        for (const watch of watchers) watch();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return Object.assign(state, {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    until: (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        const watch = () => {
          if (!holds()) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

type Reply = (status: number, value: unknown) => void;

function giveToken(state: State, request: IncomingMessage, reply: Reply): void {
  if (request.headers["metadata-flavor"] !== "Google") {
    reply(403, {});
    return;
  }
  state.tokensGiven += 1;
  const access_token = `token-${state.tokensGiven}`;
  reply(200, { access_token, expires_in: state.tokenSeconds, token_type: "Bearer" });
}

async function take(state: State, request: IncomingMessage, topic: string, reply: Reply): Promise<void> {
  const body = await bodyOf(request);
  const sent = (JSON.parse(body) as { messages: { data: string; attributes: Record<string, string> }[] }).messages;
  const { authorization } = request.headers;
  state.calls.push({ topic, messages: sent.length, bytes: body.length, authorization });
  const answer = (state.answers.length > 1 ? state.answers.shift() : state.answers[0]) ?? "ok";
  if (answer === "hold") return; // the answer never comes
  if (answer === "reset") {
    request.socket.resetAndDestroy();
  } else if (typeof answer === "object") {
    reply(answer.status, { error: { code: answer.status, message: answer.message ?? "refused" } });
  } else {
    for (const { data, attributes } of sent) {
      state.messages.push({ topic, data: Buffer.from(data, "base64").toString(), attributes });
    }
    const messageIds = sent.map((_, index) => String(state.messages.length + index));
    reply(200, { messageIds: answer === "forget-one" ? messageIds.slice(1) : messageIds });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
  return body;
}
