/**
 * A process that leads when it can and then writes without a pause, for tests that stop and kill it:
 * `node test/leader-process.ts KUBECONFIG NAMESPACE IDENTITY`. Each write patches the ConfigMap of its identity; lines tell
 * when it has `asked` for the lease first, and when it `leads` and has `lost`. SIGTERM ends it well. A line of
 * milliseconds on its input stops it that long at the worst moments: with writes begun but not sent, and about to begin
 * more before anything else runs.
 */
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
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
let underWay = 0;
let isResting = false;
const writeOnce = async () => {
  underWay++;
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
    await delay(1); // what ends the term has to have its turn
  } finally {
    underWay--;
  }
};
const writeOn = async (signal: AbortSignal) => {
  while (!signal.aborted) await (isResting ? delay(10) : writeOnce());
};
const writeMany = () => {
  for (let i = 0; i < WRITERS; i++) void writeOnce();
};
/** Stands still with writes begun that have connections to leave by at once, and begins more right after it. */
const standStill = async (ms: number) => {
  isResting = true;
  while (underWay > 0) await delay(10);
  writeMany();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  writeMany();
  isResting = false;
};
createInterface(process.stdin).on("line", (line) => void standStill(Number(line)));
while (!stop.signal.aborted) {
  await elector.lead(stop.signal, async (signal) => {
    console.log("leads");
    await Promise.all(Array.from({ length: WRITERS }, () => writeOn(signal)));
  });
  console.log("lost");
}
client.close();
process.stdin.destroy();
