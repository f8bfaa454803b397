/**
 * What the operator asked of the API server, by the server's own audit log: an account that the operator has no hand in.
 */
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One answered request. A watch is in it once it has ended. */
export interface AuditedRequest {
  /** Such as `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`. */
  readonly verb: string;
  readonly resource: string;
  readonly code: number;
}

interface Entry {
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
}

export class AuditLog {
  readonly #path: string;
  #offset = 0;
  #rest = "";

  private constructor(path: string) {
    this.#path = path;
  }

  /** An audit log of one user, and the API server's flags that write it. */
  static async in(directory: string, user: string): Promise<{ log: AuditLog; flags: readonly string[] }> {
    const policy = {
      apiVersion: "audit.k8s.io/v1",
      kind: "Policy",
      omitStages: ["RequestReceived", "ResponseStarted"],
      rules: [{ level: "Metadata", users: [user] }, { level: "None" }],
    };
    const [policyPath, path] = [join(directory, "audit-policy.json"), join(directory, "audit.log")];
    await writeFile(policyPath, JSON.stringify(policy));
    return { log: new AuditLog(path), flags: [`--audit-policy-file=${policyPath}`, `--audit-log-path=${path}`] };
  }

  /** The requests since the last call. */
  async read(): Promise<AuditedRequest[]> {
    const file = await open(this.#path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(size - this.#offset),
        position: this.#offset,
      });
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      return lines.map((line) => requestOf(JSON.parse(line) as Entry));
    } finally {
      await file.close();
    }
  }
}

const READS = ["get", "list", "watch"];

/** Requests that change something, but for those of the lease. */
export function writesIn(requests: readonly AuditedRequest[]): AuditedRequest[] {
  return requests.filter(({ verb, resource }) => !READS.includes(verb) && resource !== "leases");
}

/** Requests that read and are no watch, but for those of the lease. */
export function readsIn(requests: readonly AuditedRequest[]): AuditedRequest[] {
  return requests.filter(({ verb, resource }) => (verb === "get" || verb === "list") && resource !== "leases");
}

/** What a list of requests is made of, such as `patch statefulsets ×3`; for messages. */
export function summaryOf(requests: readonly AuditedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { verb, resource } of requests) {
    counts.set(`${verb} ${resource}`, (counts.get(`${verb} ${resource}`) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${what} ×${count}`).join(", ");
}

function requestOf({ verb, objectRef, responseStatus }: Entry): AuditedRequest {
  const { resource = "", subresource } = objectRef ?? {};
  const code = responseStatus?.code ?? 0;
  return { verb, resource: subresource === undefined ? resource : `${resource}/${subresource}`, code };
}
