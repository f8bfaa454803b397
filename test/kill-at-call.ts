/**
 * Loaded into an operator before it starts (`node --import`): kills it with SIGKILL right after the n-th write to the API
 * server or Pub/Sub has been answered, n being KILL_AT. What the caller would have done next, it never does.
 */
import { KubeCluster } from "../src/adapters/kubernetes/kube-cluster.ts";
import { pubsubMessaging } from "../src/adapters/pubsub/messaging.ts";

type Method = (...args: unknown[]) => Promise<unknown>;

const killAt = Number(process.env.KILL_AT);
let writes = 0;

function count(prototype: object, names: readonly string[]): void {
  const methods = prototype as Record<string, Method>;
  for (const name of names) {
    const original = methods[name];
    if (original === undefined) throw new Error(`There is no ${name} to kill at.`);
    methods[name] = async function (this: unknown, ...args) {
      const result = await original.apply(this, args);
      if (result !== "unchanged" && ++writes === killAt) process.kill(process.pid, "SIGKILL");
      return result;
    };
  }
}

const messaging = pubsubMessaging({ calls: () => Promise.reject(new Error("not to be called")) });
count(KubeCluster.prototype, ["apply", "delete", "applyStatus", "setFinalizer"]);
count(Object.getPrototypeOf(messaging) as object, ["putTopic", "putSubscription", "deleteTopic", "deleteSubscription"]);
