import type { Credentials } from "./credentials.ts";

/** Controllers that feeds, their workloads and their namespaces need; each of the others costs memory and requests. */
const CONTROLLERS = [
  "clusterrole-aggregation-controller",
  "cronjob-controller",
  "deployment-controller",
  "disruption-controller",
  "endpoints-controller",
  "endpointslice-controller",
  "garbage-collector-controller",
  "job-controller",
  "namespace-controller",
  "pod-garbage-collector-controller",
  "replicaset-controller",
  "resourcequota-controller",
  "root-ca-certificate-publisher-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "statefulset-controller",
  "ttl-after-finished-controller",
];

/**
 * kube-apiserver as in a cluster: RBAC, the default admission plugins, bound service account tokens, priority and
 * fairness. What we build has no aggregation layer (api-server.go), which no flag turns off; that of servers from
 * `KUBEBUILDER_ASSETS` gets no client certificate, so no extension API server can be added there either.
 */
export function apiServerFlags(files: Credentials, port: number): string[] {
  return [
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${files.certificates}`,
    `--token-auth-file=${files.tokens}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${files.accountPublicKey}`,
    `--service-account-signing-key-file=${files.accountKey}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--endpoint-reconciler-type=none",
    "--enable-priority-and-fairness=true",
    "--profiling=false",
  ];
}

/** The controller manager acts as the administrator, without an election: there is one. */
export function controllerManagerFlags(files: Credentials, controllers: readonly string[] = CONTROLLERS): string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--controllers=${controllers.join(",")}`,
    `--service-account-private-key-file=${files.accountKey}`,
    `--root-ca-file=${files.authority}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    "--profiling=false",
  ];
}
