/**
 * Rules of NetworkPolicies that the operator's Pods and those of feeds share. They are data: Kubernetes has ports as they
 * are.
 */

export const tcp = (port: number | string) => ({ port, protocol: "TCP" });

/**
 * Of ingress: whoever scrapes, and the operator that asks pollers without end, at whatever the Pod calls its port of
 * metrics. Nobody reaches a Pod that has no such port.
 */
export const SCRAPES = { ports: [tcp("metrics")] };

export const DNS = { ports: [{ port: 53, protocol: "UDP" }, tcp(53)] };

/** Workload Identity's tokens. https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy */
export const METADATA_SERVER = {
  to: ["169.254.169.252/32", "169.254.169.254/32"].map((cidr) => ({ ipBlock: { cidr } })),
  ports: [tcp(80), tcp(988)],
};
