/**
 * Cloud Storage's JSON API over HTTP as far as a job is staged by it: an upload in one request, metadata, reading and
 * deleting an object, preconditions by generation. https://cloud.google.com/storage/docs/json_api/v1/objects
 *
 * Caveat: uploads in parts, lists and rights are not here.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, serveLocally } from "./local-server.ts";

interface StoredObject {
  readonly data: Buffer;
  readonly contentType: string;
  readonly generation: number;
}

/** What the next upload is answered instead of being taken. */
interface UploadFault {
  readonly status: number;
  readonly message: string;
}

export interface FakeCloudStorage {
  /** `http://127.0.0.1:port`, for the client's `apiEndpoint`. */
  readonly url: string;
  /** Buckets that exist. */
  readonly buckets: Set<string>;
  /** Objects by `gs://bucket/name`. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Every request, such as `upload gs://acme/x`, `get gs://acme/x`. */
  readonly calls: readonly string[];
  failNextUpload(fault: UploadFault): void;
  close(): Promise<void>;
}

const UPLOAD = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/;
const OBJECT = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o\/(.+)$/;

/**
 * Starts one with these buckets on a free port of 127.0.0.1.
 * @param onUpload told of each object that is there now, such as `gs://acme/x`; who uploads it hears of it later
 */
export async function startFakeCloudStorage(
  buckets: readonly string[],
  onUpload: (uri: string) => void = () => undefined,
): Promise<FakeCloudStorage> {
  const known = new Set(buckets);
  const held = new Map<string, StoredObject>();
  const objects = new Map<string, Buffer>();
  const calls: string[] = [];
  const faults: UploadFault[] = [];

  const put = async (request: IncomingMessage, bucket: string, query: URLSearchParams): Promise<[number, unknown]> => {
    const { name, contentType, data } = partsOf(await bodyOf(request), request.headers["content-type"] ?? "");
    const uri = `gs://${bucket}/${query.get("name") ?? name}`;
    calls.push(`upload ${uri}`);
    const fault = faults.shift();
    if (fault !== undefined) return refused(fault.status, fault.message);
    if (!known.has(bucket)) return refused(404, "The specified bucket does not exist.");
    const generation = held.get(uri)?.generation ?? 0;
    const wanted = query.get("ifGenerationMatch");
    if (wanted !== null && Number(wanted) !== generation) {
      return refused(412, "At least one of the pre-conditions you specified did not hold.");
    }
    const object = { data, contentType, generation: generation + 1 };
    held.set(uri, object);
    objects.set(uri, data);
    onUpload(uri);
    return [200, metadataOf(uri, object)];
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://fake");
    const uploadTo = UPLOAD.exec(url.pathname)?.[1];
    if (request.method === "POST" && uploadTo !== undefined) {
      reply(response, await put(request, decodeURIComponent(uploadTo), url.searchParams));
      return;
    }
    const [, bucket = "", name = ""] = OBJECT.exec(url.pathname) ?? [];
    const uri = `gs://${decodeURIComponent(bucket)}/${decodeURIComponent(name)}`;
    calls.push(`${request.method === "DELETE" ? "delete" : "get"} ${uri}`);
    const object = held.get(uri);
    if (object === undefined) reply(response, refused(404, `No such object: ${uri}`));
    else if (request.method === "DELETE") {
      held.delete(uri);
      objects.delete(uri);
      response.writeHead(204).end();
    } else if (url.searchParams.get("alt") === "media") {
      response.writeHead(200, { "content-type": object.contentType, "x-goog-hash": `md5=${md5(object.data)}` });
      response.end(object.data);
    } else reply(response, [200, metadataOf(uri, object)]);
  };
  const server = await serveLocally((request, response) => void handle(request, response));
  return { ...server, buckets: known, objects, calls, failNextUpload: (fault) => faults.push(fault) };
}

/** The two parts of an upload in one request: what it is called, and what it holds. */
function partsOf(body: Buffer, contentType: string) {
  const boundary = /boundary=("?)([^";]+)\1/.exec(contentType)?.[2] ?? "";
  const text = body.toString("latin1");
  const [, first = "", second = ""] = text.split(`--${boundary}`);
  const bodyOfPart = (part: string) => part.slice(part.indexOf("\r\n\r\n") + 4, -2);
  const { name = "" } = JSON.parse(bodyOfPart(first) || "{}") as { readonly name?: string };
  const type = /content-type:\s*([^\r\n]+)/i.exec(second)?.[1] ?? "application/octet-stream";
  return { name, contentType: type, data: Buffer.from(bodyOfPart(second), "latin1") };
}

function metadataOf(uri: string, { data, contentType, generation }: StoredObject): unknown {
  const [, bucket, name] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  return {
    kind: "storage#object",
    bucket,
    name,
    contentType,
    size: String(data.length),
    generation: String(generation),
    md5Hash: md5(data),
  };
}

function md5(data: Buffer): string {
  return createHash("md5").update(data).digest("base64");
}

function refused(code: number, message: string): [number, unknown] {
  return [code, { error: { code, message, errors: [{ message, domain: "global" }] } }];
}

function reply(response: ServerResponse, [code, body]: readonly [number, unknown]): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}
