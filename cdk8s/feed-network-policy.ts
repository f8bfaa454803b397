/**
 * What the Pods of feeds in a namespace may reach, and who reaches them. It is of the namespace's: it holds for every feed
 * there, and leaves other Pods alone.
 *
 * - In come scrapes, at Pods that serve metrics; a CronJob's pollers have no port, and are reached by nobody.
 * - Out goes what a feed needs: names, HTTPS to its provider, Pub/Sub and BigQuery, and the metadata server's tokens. A
 *   provider's `baseUrl` on another port, and emulators, have to be named.
 * - Policies of one namespace add up; whether they are kept to is the cluster's network's matter.
 */
import { ApiObject, type ApiObjectMetadata } from "cdk8s";
import type { Construct } from "constructs";
import { DNS, METADATA_SERVER, SCRAPES, tcp } from "./network-rules.ts";
import type { RawObject } from "./operator-settings.ts";

export interface FeedNetworkPolicyProps {
  readonly metadata?: ApiObjectMetadata;
  /** More rules, such as for emulators. */
  readonly extraEgress?: readonly RawObject[];
}

export class FeedNetworkPolicy extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, extraEgress = [] }: FeedNetworkPolicyProps = {}) {
    super(scope, id, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      ...(metadata && { metadata }),
      spec: {
        podSelector: { matchLabels: { "app.kubernetes.io/managed-by": "stockfeed" } },
        policyTypes: ["Ingress", "Egress"],
        ingress: [SCRAPES],
        egress: [DNS, { ports: [tcp(443)] }, METADATA_SERVER, ...extraEgress],
      },
    });
  }
}
