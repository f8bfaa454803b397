/**
 * What is in a project's dead letter, to look at and to send again.
 *
 * A letter that was taken is leased: nobody else gets it until it is given back or its lease ends, and then it is there
 * again. It is gone when it was removed, and not before; so what breaks off in between is done twice, never lost.
 */
import { v1 } from "@google-cloud/pubsub";
import type { DeadLetterMessage } from "../../quotes/wire.ts";
import { pubsubClient, type PubsubSettings } from "./clients.ts";
import { statusOf } from "./grpc-status.ts";

/** A letter that is held. */
export interface HeldLetter {
  readonly ackId: string;
  readonly messageId: string;
  readonly data: string;
  readonly attributes: Partial<DeadLetterMessage["attributes"]>;
}

export interface DeadLetterBox {
  /** Some letters that nobody holds; empty where there is none. @throws Error with the mend */
  take(most: number): Promise<readonly HeldLetter[]>;
  /** Puts letters back, for anybody to take at once. */
  giveBack(letters: readonly HeldLetter[]): Promise<void>;
  /** Takes letters out for good. */
  remove(letters: readonly HeldLetter[]): Promise<void>;
  /** Publishes a message on a topic of the project, and is done when Pub/Sub has it. */
  publish(topic: string, data: string, attributes: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** How long Pub/Sub may look for a letter before there is none. */
const LOOK_MS = 5_000;
const PER_CALL = 1_000;
const DEADLINE_EXCEEDED = 4;
const MENDS: Readonly<Record<number, string>> = {
  5: "The operator makes it with the project's first feed.",
  7: "Your account wants roles/pubsub.editor on the project.",
};

/** Opens the subscription of a project's dead letter. */
export async function deadLetterBox(
  settings: PubsubSettings & { readonly projectId: string },
  name: string,
): Promise<DeadLetterBox> {
  const { projectId } = settings;
  const client = pubsubClient(settings);
  const { port, ...config } = await client.getClientConfig();
  const subscriber = new v1.SubscriberClient({ ...config, ...(port !== undefined && { port: Number(port) }) });
  const subscription = `projects/${projectId}/subscriptions/${name}`;
  const explained = (cause: unknown): Error => {
    const said = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${subscription}: ${said}. ${MENDS[statusOf(cause) ?? -1] ?? ""}`.trimEnd(), { cause });
  };
  return {
    async take(most) {
      const request = { subscription, maxMessages: Math.min(most, PER_CALL) };
      try {
        const [{ receivedMessages }] = await subscriber.pull(request, { timeout: LOOK_MS, retry: null });
        return (receivedMessages ?? []).map(({ ackId, message }) => ({
          ackId: ackId ?? "",
          messageId: message?.messageId ?? "",
          data: Buffer.from((message?.data ?? "") as Uint8Array).toString(),
          attributes: message?.attributes ?? {},
        }));
      } catch (error) {
        // Pub/Sub waits for a message to come, rather than saying that there is none.
        if (statusOf(error) === DEADLINE_EXCEEDED) return [];
        throw explained(error);
      }
    },
    async giveBack(letters) {
      await inParts(letters, (ackIds) =>
        subscriber.modifyAckDeadline({ subscription, ackIds, ackDeadlineSeconds: 0 }).catch((error: unknown) => {
          throw explained(error);
        }),
      );
    },
    async remove(letters) {
      await inParts(letters, (ackIds) =>
        subscriber.acknowledge({ subscription, ackIds }).catch((error: unknown) => {
          throw explained(error);
        }),
      );
    },
    async publish(topic, data, attributes) {
      await client.topic(topic).publishMessage({ data: Buffer.from(data), attributes });
    },
    async close() {
      await subscriber.close();
      await client.close();
    },
  };
}

async function inParts(letters: readonly HeldLetter[], call: (ackIds: string[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < letters.length; from += PER_CALL) {
    await call(letters.slice(from, from + PER_CALL).map(({ ackId }) => ackId));
  }
}
