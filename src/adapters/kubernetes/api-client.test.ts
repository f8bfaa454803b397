import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import { ClusterError } from "../../controller-ports.ts";
import { createApiClient, type ApiClient } from "./api-client.ts";
import { apiConnection } from "./api-connection.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function configOf(server: string, user: object = { token: "s3cret" }): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "c", server, skipTLSVerify: true }, { name: "u", ...user });
  return config;
}

/** A server, a client of it, and what the client told of its requests. */
async function start(handler: Handler, { path = "", token = (): string => "s3cret" } = {}) {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void handler(request, response));
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const codes: string[] = [];
  const client: ApiClient = createApiClient({
    config: () => configOf(`${url}${path}`, { token: token() }),
    userAgent: "test/1",
    onRequest: (verb, code) => codes.push(`${verb} ${code}`),
    silenceMs: 200,
  });
  closers.push(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { client, codes, sockets, url };
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

describe("the client of the API server", () => {
  it("sends JSON with the token, below the server's own path, and reads JSON", async () => {
    const { client, codes } = await start(
      async (request, response) => {
        const { method, url, headers } = request;
        json(response, 201, { method, url, headers, body: await text(request) });
      },
      { path: "/clusters/c1/" },
    );
    const answer = await client.request({
      method: "PATCH",
      path: "/api/v1/x",
      query: { fieldManager: "a b", force: true },
      contentType: "application/merge-patch+json",
      body: { name: "é" },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      method: "PATCH",
      url: "/clusters/c1/api/v1/x?fieldManager=a+b&force=true",
      headers: {
        authorization: "Bearer s3cret",
        "content-type": "application/merge-patch+json",
        "content-length": "13",
        "user-agent": "test/1",
      },
      body: '{"name":"é"}',
    });
    expect(codes).toEqual(["patch 201"]);
  });

  it.each([
    [400, "Invalid"],
    [401, "Forbidden"],
    [403, "Forbidden"],
    [404, "NotFound"],
    [409, "Conflict"],
    [410, "Unavailable"],
    [422, "Invalid"],
    [429, "Throttled"],
    [500, "Unavailable"],
    [503, "Unavailable"],
    [302, "Invalid"],
  ] as const)("takes %i for %s, and says what the server said, but not the token", async (status, kind) => {
    const { client } = await start((_, response) =>
      json(response, status, { kind: "Status", reason: "Why", message: "because" }, { location: "/elsewhere" }),
    );
    const error = await client.request({ method: "GET", path: "/api/v1/x" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClusterError);
    expect(error).toMatchObject({ kind, status, message: `GET /api/v1/x: ${status} Why because` });
    expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
  });

  it("believes a Retry-After, but not one of an hour", async () => {
    let seconds = "3";
    const { client } = await start((_, response) => json(response, 429, {}, { "retry-after": seconds }));
    const ask = () => client.request({ method: "GET", path: "/" });
    await expect(ask()).rejects.toMatchObject({ retryAfterMs: 3_000 });
    seconds = "3600";
    await expect(ask()).rejects.toMatchObject({ retryAfterMs: 15_000 });
    seconds = "soon";
    await expect(ask()).rejects.toSatisfy((error: ClusterError) => error.retryAfterMs === undefined);
  });

  it("ends in time when the server says nothing, stops half-way, or talks for ever", async () => {
    const { client, codes } = await start((request, response) => {
      if (request.url === "/silent") return;
      response.writeHead(200).write("{");
      if (request.url === "/half") return;
      const timer = setInterval(() => response.write(" "), 50);
      request.on("close", () => {
        clearInterval(timer);
      });
    });
    const ask = (path: string) => client.request({ method: "GET", path, timeoutMs: 500 });
    await expect(ask("/silent")).rejects.toMatchObject({
      kind: "Unavailable",
      message: "GET /silent: silent for 0.2 s.",
    });
    await expect(ask("/half")).rejects.toMatchObject({ message: "GET /half: silent for 0.2 s." });
    await expect(ask("/talks")).rejects.toMatchObject({ message: "GET /talks: not ended after 0.5 s." });
    expect(codes).toEqual(["get timeout", "get 200", "get 200"]);
  });

  it("says that nobody is there, and that an answer is no JSON", async () => {
    const { client } = await start((_, response) => response.end("<html>"));
    await expect(client.request({ method: "GET", path: "/" })).rejects.toMatchObject({
      message: "GET /: the answer is no JSON.",
    });
    const nobody = createApiClient({ config: () => configOf("http://127.0.0.1:1"), userAgent: "test" });
    await expect(nobody.request({ method: "GET", path: "/" })).rejects.toMatchObject({
      kind: "Unavailable",
      message: "GET /: the connection failed (ECONNREFUSED).",
    });
  });

  it("reads its credentials anew after a 401, once", async () => {
    let token = "old";
    const { client, codes } = await start(
      (request, response) => json(response, request.headers.authorization === "Bearer new" ? 200 : 401, {}),
      { token: () => token },
    );
    const ask = () => client.request({ method: "GET", path: "/" });
    await expect(ask()).rejects.toMatchObject({ kind: "Forbidden" });
    token = "new";
    await ask();
    await ask();
    expect(codes).toEqual(["get 401", "get 401", "get 401", "get 200", "get 200"]);
  });

  it("asks the fence when the connection stands, new or kept, and sends nothing where it throws", async () => {
    const seen: string[] = [];
    const { client, codes, sockets } = await start((request, response) => {
      seen.push(request.url ?? "");
      json(response, 200, {});
    });
    const refuse = () => {
      throw new ClusterError("NotLeader", "no");
    };
    const ask = (path: string, fence: () => void) => client.request({ method: "PUT", path, body: {}, fence });
    await expect(ask("/1", refuse)).rejects.toMatchObject({ kind: "NotLeader" });
    await ask("/2", () => undefined);
    await expect(ask("/3", refuse)).rejects.toMatchObject({ kind: "NotLeader" });
    await ask("/4", () => {
      expect(sockets.size).toBeGreaterThan(0);
    });
    expect(seen).toEqual(["/2", "/4"]);
    expect(codes).toEqual(["put fenced", "put 200", "put fenced", "put 200"]);
  });

  it("breaks a request off when its signal is aborted, before it and under way", async () => {
    const { client, codes } = await start(() => undefined);
    const stop = new AbortController();
    const asking = client.request({ method: "GET", path: "/", signal: stop.signal });
    setTimeout(() => {
      stop.abort(new Error("enough"));
    }, 50);
    await expect(asking).rejects.toThrow("enough");
    await expect(client.request({ method: "GET", path: "/", signal: stop.signal })).rejects.toThrow("enough");
    expect(codes[0]).toBe("get aborted");
  });

  it("keeps its connection, also over errors", async () => {
    const { client, sockets } = await start((request, response) =>
      json(response, request.url === "/404" ? 404 : 200, {}),
    );
    for (let i = 0; i < 5; i++) {
      await client.request({ method: "GET", path: "/" });
      await client.request({ method: "GET", path: "/404" }).catch(() => undefined);
    }
    expect(sockets.size).toBe(1);
  });

  it("gives a watch's lines whole, however they are cut, and keeps its connection", async () => {
    const lines = ['{"a":"é"}', '{"b":1}', '{"c":"xyz"}'];
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    const { client, sockets, codes } = await start(async (request, response) => {
      const size = Number(new URL(request.url ?? "", "http://x").searchParams.get("size"));
      for (let i = 0; i < bytes.length; i += size) {
        response.write(bytes.subarray(i, i + size));
        await new Promise(setImmediate);
      }
      response.end();
    });
    const limits = { signal: new AbortController().signal, longestMs: 5_000 };
    for (const size of [1, 2, 7, 100]) {
      const got: string[] = [];
      for await (const line of client.watch("/w", { watch: true, size }, limits)) got.push(line);
      expect(got).toEqual(lines);
    }
    expect(sockets.size).toBe(1);
    expect(codes[0]).toBe("watch 200");
  });

  it("fails a watch that ends inside a line, breaks off, or lasts too long", async () => {
    const { client } = await start((request, response) => {
      response.writeHead(200).write('{"a":1}\n{"b"');
      if (request.url?.includes("cut")) response.end();
      if (request.url?.includes("reset")) setTimeout(() => request.socket.resetAndDestroy(), 20);
    });
    const watch = async (how: string) => {
      const lines: string[] = [];
      const limits = { signal: new AbortController().signal, longestMs: 400 };
      const reading = (async () => {
        for await (const line of client.watch("/w", { how }, limits)) lines.push(line);
      })();
      const error: unknown = await reading.catch((thrown: unknown) => thrown);
      expect(lines).toEqual(['{"a":1}']);
      return error instanceof ClusterError ? error.message : "no error";
    };
    expect(await watch("cut")).toContain("ended inside a line");
    expect(await watch("reset")).toContain("ECONNRESET");
    expect(await watch("stay")).toContain("not ended after 0.4 s");
  });
});

describe("the connection to the API server", () => {
  it("reads a token file again after a minute, and goes on with the former token while it can't be read", async () => {
    const directory = await mkdtemp(join(tmpdir(), "stockfeed-token-"));
    const file = join(directory, "token");
    const user = { authProvider: { name: "tokenFile", config: { tokenFile: file } } };
    let now = 0;
    const connection = apiConnection(
      () => configOf("http://127.0.0.1:1", user),
      () => now,
    );
    const token = async () => (await connection.current()).headers.Authorization;
    await expect(token()).rejects.toMatchObject({ kind: "Forbidden" });
    await writeFile(file, "one\n");
    expect(await token()).toBe("Bearer one");
    const { agent } = await connection.current();
    await writeFile(file, "two\n");
    now = 59_000;
    expect(await token()).toBe("Bearer one");
    now = 61_000;
    expect(await token()).toBe("Bearer two");
    await rm(directory, { recursive: true });
    now = 200_000;
    expect(await token()).toBe("Bearer two");
    expect((await connection.current()).agent).toBe(agent);
    connection.close();
  });

  it("takes a token of an exec plugin, and does not repeat what a failing one says", async () => {
    const plugin = (script: string) => ({ exec: { command: "sh", args: ["-c", script] } });
    const credential = JSON.stringify({ status: { token: "from-exec" } });
    const good = apiConnection(() => configOf("http://127.0.0.1:1", plugin(`echo '${credential}'`)));
    expect((await good.current()).headers.Authorization).toBe("Bearer from-exec");
    const bad = apiConnection(() => configOf("http://127.0.0.1:1", plugin("echo hush >&2; exit 1")));
    const error = await bad.current().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("exec plugin sh");
    expect(String(error)).not.toContain("hush");
  });
});
