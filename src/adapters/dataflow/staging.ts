/**
 * What a job is made from, put into Cloud Storage under a name made of its content: to put it again does nothing, and
 * what a running job reads never changes under it.
 */
import { createHash } from "node:crypto";
import { apiFault } from "./api-fault.ts";
import { within } from "./in-time.ts";

/** Where files of a launch go. */
export interface Staging {
  /** Puts content there; content that is there already is done. @param uri `gs://bucket/object` */
  put(uri: string, content: Uint8Array): Promise<void>;
}

export interface StagingEndpoint {
  /** A server that stands in for Cloud Storage, `http://127.0.0.1:9000`; it is called without credentials. */
  readonly endpoint?: string | undefined;
}

const TIMEOUT_MS = 30_000;
const PRECONDITION_FAILED = 412;

/**
 * Where content belongs under a folder of Cloud Storage.
 * @param tempLocation `gs://bucket` or `gs://bucket/folder`
 * @example stagedUri("gs://acme/tmp", "pipeline.pb", bytes) === "gs://acme/tmp/stockfeed/9f86d081…/pipeline.pb"
 */
export function stagedUri(tempLocation: string, name: string, content: Uint8Array): string {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 32);
  return `${tempLocation.replace(/\/+$/, "")}/stockfeed/${hash}/${name}`;
}

/** Cloud Storage by Google's client. */
export async function cloudStorage({ endpoint }: StagingEndpoint): Promise<Staging> {
  const { Storage } = await import("@google-cloud/storage");
  const storage = new Storage({
    retryOptions: { autoRetry: false },
    ...(endpoint && {
      apiEndpoint: /^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`,
      projectId: "none",
    }),
  });
  return {
    put: async (uri, content) => {
      const [, bucket = "", object = ""] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
      const upload = storage
        .bucket(bucket)
        .file(object)
        .save(Buffer.from(content), {
          resumable: false,
          validation: "md5",
          timeout: TIMEOUT_MS,
          contentType: "application/octet-stream",
          // Only where nothing is there yet: the name says what the content is.
          preconditionOpts: { ifGenerationMatch: 0 },
        });
      await within(TIMEOUT_MS, upload).catch((error: unknown) => {
        if (apiFault(error).status !== PRECONDITION_FAILED) throw error;
      });
    },
  };
}
