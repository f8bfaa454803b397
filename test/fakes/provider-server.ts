import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as macrotask } from "node:timers/promises";
import { answerOf, type Answer, type MarketQuote, type ProviderCall } from "./provider-formats.ts";
import { spoil, type Fault } from "./provider-faults.ts";

/**
 * A fake of all the quote providers that speak HTTP, on one port of the loopback interface: it serves the market that
 * a test gives it in each provider's public format, wants the right keys, and misbehaves on demand.
 */
export class FakeProviderServer {
  /** Every call that came, in order. */
  readonly calls: ProviderCall[] = [];
  readonly market = new Map<string, MarketQuote>();
  /** Symbols that Alpaca can't read, so that it refuses a whole batch for one of them. */
  readonly unreadable = new Set<string>();
  /** Bytes of bodies that were handed to the network. */
  bytesSent = 0;
  readonly #server: Server;
  #port = 0;
  #faults: { readonly fault: Fault; times: number }[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  static async start(): Promise<FakeProviderServer> {
    const fake = new FakeProviderServer();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    fake.#port = (fake.#server.address() as AddressInfo).port;
    return fake;
  }

  /** The base URL of every provider; nothing answers there any more once the fake is closed. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The next `times` calls meet the fault, after any faults set before are used up. */
  fail(fault: Fault, times = Infinity): void {
    this.#faults.push({ fault, times });
  }

  recover(): void {
    this.#faults = [];
  }

  /** Resolves once `count` calls have come in all. */
  async called(count: number): Promise<void> {
    while (this.calls.length < count) await macrotask();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = answerOf(new URL(request.url ?? "/", this.url), request.headers, this.market, this.unreadable);
    this.calls.push(answer.call);
    const fault = this.#nextFault();
    if (fault) await spoil(fault, answer, response, (bytes) => (this.bytesSent += bytes));
    else this.#send(answer, response);
  }

  #nextFault(): Fault | undefined {
    const next = this.#faults[0];
    if (next === undefined) return undefined;
    next.times--;
    if (next.times <= 0) this.#faults.shift();
    return next.fault;
  }

  #send({ status, type, body }: Answer, response: ServerResponse): void {
    this.bytesSent += Buffer.byteLength(body);
    response.writeHead(status, { "content-type": type }).end(body);
  }
}
