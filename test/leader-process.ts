/**
 * A process that leads when it can and then writes without a pause, for tests that stop and kill it:
 * `node test/leader-process.ts KUBECONFIG NAMESPACE IDENTITY`. Each write patches the ConfigMap of its identity; lines tell
 * when it has `asked` for the lease first, and when it `leads` and has `lost`. SIGTERM ends it well.
 */
import { KubeConfig } from "@kubernetes/client-node";
import { createApiClient } from "../src/adapters/kubernetes/api-client.ts";
import { Elector } from "../src/adapters/kubernetes/elector.ts";
import { fencedWrites } from "../src/adapters/kubernetes/fenced-writes.ts";
import { systemClock } from "../src/adapters/system/system-clock.ts";

/** So many writes are always on their way, in every state that a write can be stopped in. */
const WRITERS = 16;

const [kubeconfig = "", namespace = "", identity = ""] = process.argv.slice(2);
let hasAsked = false;
const asked = () => {
  if (!hasAsked) console.log("asked");
  hasAsked = true;
};
const client = createApiClient({
  config: () => {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    return config;
  },
  userAgent: identity,
  onRequest: (verb, code) => {
    if (verb === "lease" && code === "200") asked();
  },
});
const elector = new Elector({
  client,
  namespace,
  name: "leader",
  identity,
  clock: systemClock(),
  random: Math.random,
  onProblem: ({ message }) => {
    console.log(message);
  },
});
const write = fencedWrites(client, elector);
const stop = new AbortController();
process.once("SIGTERM", () => {
  stop.abort();
});

let count = 0;
const writeOn = async (signal: AbortSignal) => {
  while (!signal.aborted) {
    try {
      await write({
        method: "PATCH",
        path: `/api/v1/namespaces/${namespace}/configmaps/${identity}`,
        query: { fieldManager: identity, force: true },
        contentType: "application/apply-patch+yaml",
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: identity }, data: { count: String(count++) } },
      });
    } catch (error) {
      if (elector.isLeader()) console.log(String(error));
    }
  }
};
while (!stop.signal.aborted) {
  await elector.lead(stop.signal, async (signal) => {
    console.log("leads");
    await Promise.all(Array.from({ length: WRITERS }, () => writeOn(signal)));
  });
  console.log("lost");
}
client.close();
