/**
 * What the Pods of a feed have in common, and how its containers get what they need to know: the contract between these
 * constructs and the commands `stockfeed poll` and `stockfeed stream`.
 *
 * - A container learns of its feed by one variable, STOCKFEED_MANIFEST: the manifest as JSON, without what does not
 *   concern a container, so that changing that restarts nothing.
 * - Keys of a provider come from the Secret by reference. No value of a Secret is ever in a manifest made here.
 * - Pods run under the `restricted` Pod security standard, without a token of Kubernetes. Which user they run as is the
 *   image's, since some clusters give each namespace users of its own.
 */
import * as k8s from "cdk8s-plus-27/lib/imports/k8s.js";
import type { OwnerReference } from "../src/api/kube-object.ts";
import { API_VERSION, KIND, type StockFeed } from "../src/api/stockfeed.ts";
import { feedLabel, METRICS_PORT } from "../src/plan/names.ts";

/** What the operator adds to a feed's workloads. */
export interface WorkloadSettings {
  /** The image whose entrypoint is the `stockfeed` program. */
  readonly image: string;
  readonly imagePullPolicy?: string;
  /** Passed through to every container, such as the emulators' addresses. */
  readonly env: Readonly<Record<string, string>>;
  /** The feed, as the owner of everything made for it. */
  readonly owner: OwnerReference;
  /** Text of the feed's restart annotation: another text restarts the Pods. */
  readonly restart?: string;
}

/** What runs in a Pod of a feed. */
export type Component = "poller" | "stream";

/** One kind of Pod of a feed. */
interface FeedPod {
  readonly feed: StockFeed;
  readonly settings: WorkloadSettings;
  readonly component: Component;
  readonly command: "poll" | "stream";
  readonly env: readonly k8s.EnvVar[];
  /** Asked for where the feed's podTemplate does not say. */
  readonly resources: k8s.ResourceRequirements;
  /** Whether it runs without end, and so has a port to be asked at. */
  readonly serves: boolean;
  readonly restartPolicy: "Always" | "Never";
  readonly graceSeconds: number;
  /** Labels that tell it from other Pods of the same component. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The annotation of a feed and of its Pods that restarts them when its text changes. */
const RESTART_ANNOTATION = "stockfeed.dev/restart";
const TERMINATION_LOG = "/dev/termination-log";

/** Labels of everything that belongs to a part of a feed. */
export function componentLabels(feed: StockFeed, component: Component): Record<string, string> {
  return {
    "app.kubernetes.io/name": "stockfeed",
    "app.kubernetes.io/managed-by": "stockfeed",
    "app.kubernetes.io/component": component,
    "stockfeed.dev/feed": feedLabel(feed),
  };
}

/** Metadata of a workload, owned by the feed. */
export function workloadMetadata(
  feed: StockFeed,
  settings: WorkloadSettings,
  own: { readonly name: string; readonly labels: Record<string, string> },
): k8s.ObjectMeta {
  return { ...own, namespace: feed.metadata.namespace, ownerReferences: [settings.owner] };
}

/** The Pod as a workload's template. */
export function podTemplate(pod: FeedPod): k8s.PodTemplateSpec {
  const { feed, settings, component, restartPolicy, graceSeconds, labels } = pod;
  const { nodeSelector, tolerations, ...more } = feed.spec.podTemplate ?? {};
  return {
    metadata: {
      labels: { ...more.labels, ...componentLabels(feed, component), ...labels },
      annotations: {
        ...more.annotations,
        ...(settings.restart !== undefined && { [RESTART_ANNOTATION]: settings.restart }),
      },
    },
    spec: {
      serviceAccountName: accountOf(feed, component),
      ...(nodeSelector && { nodeSelector }),
      ...(tolerations && { tolerations }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy,
      terminationGracePeriodSeconds: graceSeconds,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [container(pod)],
    },
  };
}

/**
 * The account of a component's Pods. The namespace's own is named too: a name that is only left out would stay what it was,
 * since the API server keeps it in a second, older field and puts it back from there.
 */
function accountOf({ spec: { podTemplate = {} } }: StockFeed, component: Component): string {
  return podTemplate[component]?.serviceAccountName ?? podTemplate.serviceAccountName ?? "default";
}

function container({ feed, settings, command, env, serves, resources }: FeedPod): k8s.Container {
  const port = { name: "metrics", containerPort: METRICS_PORT, protocol: "TCP" };
  const check = (path: string) => ({
    httpGet: { path, port: k8s.IntOrString.fromString(port.name) },
    timeoutSeconds: 5,
  });
  return {
    name: command,
    image: settings.image,
    ...(settings.imagePullPolicy !== undefined && { imagePullPolicy: settings.imagePullPolicy }),
    args: [command],
    env: [
      { name: "STOCKFEED_MANIFEST", value: manifestJson(feed) },
      fieldEnv("STOCKFEED_POD_NAME", "metadata.name"),
      { name: "STOCKFEED_TERMINATION_LOG", value: TERMINATION_LOG },
      ...env,
      ...(serves ? [{ name: "STOCKFEED_METRICS_PORT", value: String(METRICS_PORT) }] : []),
      ...Object.entries(settings.env).map(([name, value]) => ({ name, value: value.replaceAll("$", () => "$$") })),
    ],
    resources: askedResources(feed) ?? resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    terminationMessagePath: TERMINATION_LOG,
    terminationMessagePolicy: "FallbackToLogsOnError",
    ...(serves && {
      ports: [port],
      // A start takes as long as its libraries take to load on a busy node.
      startupProbe: { ...check("/healthz"), periodSeconds: 2, failureThreshold: 60 },
      livenessProbe: { ...check("/healthz"), periodSeconds: 10, failureThreshold: 6 },
      readinessProbe: { ...check("/readyz"), periodSeconds: 5 },
    }),
  };
}

/** A variable that holds a field of the Pod. */
export function fieldEnv(name: string, fieldPath: string): k8s.EnvVar {
  return { name, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } };
}

/**
 * The feed's manifest as a container reads it. What runs the container, and what becomes of cloud objects, is the
 * operator's business.
 */
function manifestJson({ metadata, spec }: StockFeed): string {
  const { name, namespace } = metadata;
  const contents = { ...spec, podTemplate: undefined, deletionPolicy: undefined, suspend: undefined };
  const json = JSON.stringify({ apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace }, spec: contents });
  // Kubernetes would put another variable in the place of $(NAME).
  return json.replaceAll("$", "\\u0024");
}

/** What the feed asks for, as it is: mixed with defaults of ours, a request might end up above its limit. */
function askedResources({ spec }: StockFeed): k8s.ResourceRequirements | undefined {
  const resources = spec.podTemplate?.resources;
  if (resources === undefined) return undefined;
  const { requests, limits } = resources;
  return { ...(requests && { requests: quantities(requests) }), ...(limits && { limits: quantities(limits) }) };
}

/** Amounts as the constructs take them; a number is sent as text, as the API server would keep it. */
export function quantities(amounts: Readonly<Record<string, string | number>>): Record<string, k8s.Quantity> {
  return Object.fromEntries(
    Object.entries(amounts).map(([resource, amount]) => [resource, k8s.Quantity.fromString(String(amount))]),
  );
}
