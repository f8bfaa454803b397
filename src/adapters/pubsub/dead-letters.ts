/**
 * The dead letter of a project: a topic with a subscription of the same name, which keeps what could not be used until
 * somebody looks at it.
 *
 * A message is the payload as it came (what is no UTF-8 text in it is replaced), with attributes `feed`, `reason`,
 * `detail`, `received_at` and, where it is known, `message_id` of the message that it came in. The same letter may be
 * there twice.
 */
import type { PubSub, Topic } from "@google-cloud/pubsub";
import type { DeadLetters } from "../../ports.ts";
import { encodeDeadLetter } from "../../quotes/wire.ts";
import { statusOf } from "./grpc-status.ts";

export interface DeadLetterOptions {
  readonly client: PubSub;
  readonly project: string;
  /** Its short name. */
  readonly topic: string;
}

/** One attempt: who puts letters comes back by itself. */
const PUBLISH = { batching: { maxMilliseconds: 20 }, gaxOpts: { timeout: 20_000, retry: null } };

/** Puts dead letters into a topic. @throws Error that names the topic and the mend */
export function pubsubDeadLetters({ client, project, topic }: DeadLetterOptions): DeadLetters {
  const publisher: Topic = client.topic(`projects/${project}/topics/${topic}`, PUBLISH);
  return {
    async putDeadLetters(letters) {
      try {
        await Promise.all(
          letters.map((letter) => {
            const { data, attributes } = encodeDeadLetter(letter);
            return publisher.publishMessage({ data: Buffer.from(data), attributes });
          }),
        );
      } catch (cause) {
        throw deadLetterTrouble(cause, project, topic);
      }
    },
  };
}

function deadLetterTrouble(cause: unknown, project: string, topic: string): Error {
  const said = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\.$/, "");
  const status = statusOf(cause);
  const mend =
    status === 5
      ? " The operator makes it; see the feed's condition MessagingReady."
      : status === 7
        ? " Give the service account that this runs as roles/pubsub.publisher on it."
        : "";
  return new Error(`The topic ${topic} of project ${project} did not take a dead letter: ${said}.${mend}`, { cause });
}
