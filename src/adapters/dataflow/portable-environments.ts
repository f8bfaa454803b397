/**
 * The environments of a serialised pipeline, read off its bytes: which container each is, and what its workers can do.
 * Dataflow wants them in the job too. Three messages of Beam's model are looked at, so its library need not be loaded:
 * Pipeline {components = 1}, Components {environments = 5, a map}, Environment {urn = 2, payload = 3, capabilities = 5}.
 * https://github.com/apache/beam/blob/master/model/pipeline/src/main/proto/org/apache/beam/model/pipeline/v1/beam_runner_api.proto
 */

/** Where a pipeline's functions run. */
export interface PortableEnvironment {
  readonly id: string;
  /** Its container image; undefined where it is no container. */
  readonly containerImage?: string;
  readonly capabilities: readonly string[];
}

const DOCKER = "beam:env:docker:v1";
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** The environments, in the pipeline's order. @throws RangeError where the bytes are no pipeline */
export function environmentsOf(pipeline: Uint8Array): PortableEnvironment[] {
  return fieldsOf(pipeline, 1)
    .flatMap((components) => fieldsOf(components, 5))
    .map((entry) => {
      const id = text(fieldsOf(entry, 1)[0]);
      const environment = fieldsOf(entry, 2)[0] ?? new Uint8Array();
      const isDocker = text(fieldsOf(environment, 2)[0]) === DOCKER;
      const payload = fieldsOf(environment, 3)[0];
      const capabilities = fieldsOf(environment, 5).map(text);
      if (!isDocker || payload === undefined) return { id, capabilities };
      return { id, capabilities, containerImage: text(fieldsOf(payload, 1)[0]) };
    });
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}

/** The values of one length-delimited field of a message. https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError("The bytes end amid a number; this is no serialised pipeline.");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === VARINT) varint();
    else if (type === FIXED64) at += 8;
    else if (type === FIXED32) at += 4;
    else if (type === BYTES) {
      const length = varint();
      if (at + length > message.length)
        throw new RangeError("A field is longer than its message; this is no pipeline.");
      if (Math.floor(tag / 8) === wanted) found.push(message.subarray(at, at + length));
      at += length;
    } else throw new RangeError(`A field has the wire type ${type}; this is no serialised pipeline.`);
  }
  return found;
}
