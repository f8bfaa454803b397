/**
 * Publishes by Pub/Sub's REST API with the runtime's own fetch. Google's client takes over half a second and 90 MB to
 * load, which a poller would pay every minute to send a handful of messages.
 *
 * - A call of `publish` succeeds when every message has its ID, else it rejects. What a rejected call had sent may have
 *   arrived, and arrives again when the caller tries again: delivery is at least once.
 * - A request holds at most 1,000 messages and stays well under 10 MB. https://cloud.google.com/pubsub/quotas
 * - Nothing is tried again in here, save that a token which was refused is replaced once.
 */
import type { Bus, DeadLetters } from "../../ports.ts";
import type { Places } from "../../quotes/place.ts";
import type { DeadLetter, Quote } from "../../quotes/quote.ts";
import { type DeadLetterMessage, encodeDeadLetter, encodeQuote, type QuoteMessage } from "../../quotes/wire.ts";
import { type AccessTokens, PublishError, reason } from "./access-token.ts";

export interface RestPublisherOptions {
  readonly projectId: string;
  /** Short names of the topics. */
  readonly quotesTopic: string;
  readonly deadLetterTopic: string;
  /** Where Pub/Sub is, without a slash at the end. */
  readonly baseUrl: string;
  /** Of this poller's quotes. */
  readonly places: Places;
  /** Who is sending; an emulator does not ask. */
  readonly tokens?: AccessTokens;
}

type Message = QuoteMessage | DeadLetterMessage;

const MAX_MESSAGES = 1_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** A request that takes longer has found nobody: one is answered within a tenth of a second. */
const REQUEST_TIMEOUT_MS = 5_000;

/** Quotes and dead letters to two topics of a project. */
export class RestPublisher implements Pick<Bus, "publish">, DeadLetters {
  readonly #options: RestPublisherOptions;

  constructor(options: RestPublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes all quotes of a slot.
   * @throws PublishError that names the topic and what to mend
   */
  async publish(quotes: readonly Quote[]): Promise<void> {
    const [first] = quotes;
    if (first === undefined) return;
    const { quotesTopic, places } = this.#options;
    const own = places.of(first.observedAt, quotes.length);
    await this.#send(
      quotesTopic,
      quotes.map((quote, i) => encodeQuote(quote, own[i])),
    );
    places.published(first.observedAt);
  }

  /** @throws PublishError that names the topic and what to mend */
  async putDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    await this.#send(this.#options.deadLetterTopic, letters.map(encodeDeadLetter));
  }

  async #send(topic: string, messages: readonly Message[]): Promise<void> {
    const sent = await Promise.allSettled(batches(messages).map((batch) => this.#sendBatch(topic, batch)));
    const failed = sent.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #sendBatch(topic: string, batch: readonly string[]): Promise<void> {
    const { projectId, baseUrl, tokens } = this.#options;
    const path = `projects/${projectId}/topics/${topic}`;
    const body = `{"messages":[${batch.join(",")}]}`;
    const post = async () => {
      const headers = tokens && { authorization: `Bearer ${await tokens.get()}` };
      return request(`${baseUrl}/v1/${path}:publish`, path, headers, body);
    };
    let response = await post();
    if (response.status === 401 && tokens) {
      await response.body?.cancel();
      tokens.forget();
      response = await post();
    }
    if (!response.ok) throw await refusal(path, response);
    const { messageIds } = (await response.json()) as { messageIds?: unknown };
    if (!Array.isArray(messageIds) || messageIds.length !== batch.length) {
      throw new PublishError(`Pub/Sub did not confirm all of ${batch.length} messages to ${path}.`);
    }
  }
}

async function request(
  url: string,
  path: string,
  headers: Record<string, string> | undefined,
  body: string,
): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "stockfeed", ...headers },
      body,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new PublishError(`Pub/Sub can't be reached for ${path} (${reason(error)}). Check the network.`, {
      cause: error,
    });
  }
}

const ADVICE: Readonly<Record<number, string>> = {
  401: "Check the Pod's service account.",
  403: "Grant the Pod's service account roles/pubsub.publisher on the topic.",
  404: "The operator makes the topic: see the feed's condition MessagingReady.",
  429: "The project's quota of publishing is used up.",
};

async function refusal(path: string, response: Response): Promise<PublishError> {
  const text = await response.text().catch(() => "");
  const said = /"message":\s*"((?:[^"\\]|\\.){1,200})/.exec(text)?.[1];
  const advice = ADVICE[response.status];
  return new PublishError(
    `Pub/Sub refused messages to ${path}: ${response.status}${said === undefined ? "" : `, ${said}`}.` +
      (advice === undefined ? "" : ` ${advice}`),
  );
}

/** The messages as JSON, in as few requests as hold them. */
function batches(messages: readonly Message[]): string[][] {
  const made: string[][] = [];
  let batch: string[] = [];
  let bytes = 0;
  for (const { data, attributes } of messages) {
    const json = JSON.stringify({ data: Buffer.from(data).toString("base64"), attributes });
    // Attributes may hold any letter; three bytes for each unit of UTF-16 is the most that one takes.
    const size = json.length + 2 * JSON.stringify(attributes).length;
    if (batch.length === MAX_MESSAGES || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      made.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(json);
    bytes += size;
  }
  if (batch.length > 0) made.push(batch);
  return made;
}
