/**
 * Pub/Sub messages in protobuf, which is what a runner's own Pub/Sub reader hands to a pipeline, and what its writer
 * takes: bytes of `google.pubsub.v1.PubsubMessage`.
 * https://github.com/googleapis/googleapis/blob/master/google/pubsub/v1/pubsub.proto
 */
import type { EpochMs } from "../quotes/quote.ts";

/** What a message brings, as far as a pipeline looks at it. */
export interface ReceivedMessage {
  readonly data: Uint8Array;
  readonly messageId?: string;
  readonly publishedAt?: EpochMs;
}

const LENGTH_DELIMITED = 2;
/** Fields of PubsubMessage. */
const DATA = 1;
const ATTRIBUTES = 2;
const MESSAGE_ID = 3;
const PUBLISH_TIME = 4;

/** A message to publish. */
export function encodePubsubMessage(data: string, attributes: Readonly<Record<string, string>> = {}): Uint8Array {
  const text = new TextEncoder();
  const entries = Object.entries(attributes).map(([name, value]) =>
    field(ATTRIBUTES, concat([field(1, text.encode(name)), field(2, text.encode(value))])),
  );
  return concat([field(DATA, text.encode(data)), ...entries]);
}

/**
 * Reads a message; fields that are not looked at are passed over.
 * @throws RangeError when the bytes are none
 */
export function decodePubsubMessage(bytes: Uint8Array): ReceivedMessage {
  const message: { data: Uint8Array; messageId?: string; publishedAt?: EpochMs } = { data: new Uint8Array(0) };
  for (const [number, value] of fields(bytes)) {
    if (typeof value === "number") continue;
    if (number === DATA) message.data = value;
    else if (number === MESSAGE_ID) message.messageId = new TextDecoder().decode(value);
    else if (number === PUBLISH_TIME) message.publishedAt = timestampMs(value);
  }
  return message;
}

/** A `google.protobuf.Timestamp`: seconds and nanoseconds. */
function timestampMs(bytes: Uint8Array): EpochMs {
  let ms = 0;
  for (const [number, value] of fields(bytes)) {
    if (typeof value === "number") ms += number === 1 ? value * 1000 : Math.floor(value / 1e6);
  }
  return ms;
}

function field(number: number, content: Uint8Array): Uint8Array {
  return concat([varint((number << 3) | LENGTH_DELIMITED), varint(content.length), content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The fields of a protobuf message in order: bytes of what has a length, numbers of varints. */
function* fields(bytes: Uint8Array): Generator<[number: number, value: Uint8Array | number], void> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) throw cutOff(bytes);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 0) {
      yield [number, readVarint()];
      continue;
    }
    const length = type === LENGTH_DELIMITED ? readVarint() : type === 1 ? 8 : type === 5 ? 4 : NaN;
    const end = at + length;
    if (!(end <= bytes.length)) throw cutOff(bytes);
    if (type === LENGTH_DELIMITED) yield [number, bytes.subarray(at, end)];
    at = end;
  }
}

function cutOff({ length }: Uint8Array): RangeError {
  return new RangeError(`${length} bytes are no Pub/Sub message: they end in the middle of a field.`);
}
