import { vi } from "vitest";
import type { KubeConfig } from "@kubernetes/client-node";
import { createApiClient } from "../src/adapters/kubernetes/api-client.ts";
import { CacheMirror } from "../src/adapters/kubernetes/cache-mirror.ts";
import { objectStore, type ObjectChange } from "../src/adapters/kubernetes/object-store.ts";
import { runReflector } from "../src/adapters/kubernetes/reflector.ts";
import { systemClock } from "../src/adapters/system/system-clock.ts";
import type { KubeObject } from "../src/api/kube-object.ts";

/** Names and resource versions: what two caches, or a cache and the server, are compared by. */
export function versionsOf(objects: readonly { readonly metadata: KubeObject["metadata"] }[]): object {
  return Object.fromEntries(objects.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

/** Reflects a collection into a cache of its own, once its first list is whole. */
export async function reflectCollection(path: string, config: () => KubeConfig) {
  const client = createApiClient({ config, userAgent: "stockfeed-test" });
  const store = objectStore("none");
  const changes: ObjectChange[] = [];
  const problems: string[] = [];
  const mirror = new CacheMirror({ store, compact: (object) => object, onChange: (change) => changes.push(change) });
  const stop = new AbortController();
  const onProblem = ({ message }: Error) => problems.push(message);
  const options = { client, path, pageSize: 3, mirror, clock: systemClock(), random: Math.random, onProblem };
  const running = runReflector(options, stop.signal);
  await vi.waitUntil(() => mirror.complete, { timeout: 10_000 });
  return {
    changes,
    problems,
    has: (name: string) => store.list().some(({ metadata }) => metadata.name === name),
    versions: () => versionsOf(store.list()),
    close: async () => {
      stop.abort();
      await running;
      client.close();
    },
  };
}
