import { PROVIDER_LIMITS } from "../../quotes/provider-limits.ts";
import { done, type Outcome, waiting } from "../outcome.ts";
import type { Step } from "../run.ts";

/**
 * Whether the Secret is there with the provider's keys, by their names: the values never reach the operator's memory.
 * Until it comes, the poller is suspended; the engine goes on with what is on the bus.
 */
export const haveCredentials: Step = {
  name: "have-credentials",
  part: "PollingReady",
  otherwise: "hold-poller",
  run({ feed, ports }): Outcome {
    const { provider, suspend } = feed.spec;
    const reference = "credentialsSecretRef" in provider ? provider.credentialsSecretRef : undefined;
    if (reference === undefined || suspend) return done;
    const { namespace } = feed.metadata;
    const { secretKeys } = PROVIDER_LIMITS[provider.type];
    const secret = ports.cluster.get({ kind: "Secret", namespace, name: reference.name });
    const present = Object.keys(secret?.data ?? {});
    const missing = secretKeys.filter((key) => !present.includes(key));
    if (missing.length === 0) return done;
    const name = `Secret ${namespace}/${reference.name}`;
    const what = secret === undefined ? `${name} is missing` : `${name} lacks ${missing.join(" and ")}`;
    const literals = secretKeys.map((key) => `--from-literal=${key}=…`).join(" ");
    const fix = `kubectl -n ${namespace} create secret generic ${reference.name} ${literals}`;
    return waiting("CredentialsMissing", `${what}; ${provider.type} needs ${secretKeys.join(" and ")}. Run: ${fix}`);
  },
};
