/** What turns a container into a command line, an environment and files. */
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { writeAccountKubeconfig } from "../account-kubeconfig.ts";
import { type KubeClient, KubeRefusal } from "../kube-client.ts";
import { freePort } from "../server-process.ts";
import { ContainerProcess } from "./container-process.ts";
import { type EnvironmentSources, expand, resolveEnvironment } from "./environment.ts";
import type { Container, Pod } from "./pod.ts";

const PORT_VARIABLE = "STOCKFEED_METRICS_PORT";
const PORT_ANNOTATION = "test.stockfeed.dev/port";
/** Where admission mounts a token, if the container is to have one. */
const TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_SECONDS = 86_400;

export interface StarterOptions {
  readonly kubeconfig: string;
  readonly images: Readonly<Record<string, readonly string[]>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where a `service.namespace:port` in a variable is, in place of a cluster's DNS and proxy. */
  readonly services?: Readonly<Record<string, () => Promise<string>>>;
}

/** A port that a container declares, and the one that it really has. */
interface Port {
  readonly declared: number;
  readonly real: number;
}

export class ContainerStarter {
  readonly #client: KubeClient;
  readonly #directory: string;
  readonly #options: StarterOptions;
  readonly #sources: EnvironmentSources;
  /** By Pod UID. */
  readonly #directories = new Map<string, string>();
  /** By Pod UID and container. */
  readonly #ports = new Map<string, Port>();

  constructor(client: KubeClient, directory: string, options: StarterOptions) {
    this.#client = client;
    this.#directory = directory;
    this.#options = options;
    this.#sources = {
      secret: async (namespace, name) => {
        const data = await this.#data(`/api/v1/namespaces/${namespace}/secrets/${name}`);
        const decode = ([key, value]: [string, string]) => [key, Buffer.from(value, "base64").toString("utf8")];
        return data && (Object.fromEntries(Object.entries(data).map(decode)) as Record<string, string>);
      },
      configMap: (namespace, name) => this.#data(`/api/v1/namespaces/${namespace}/configmaps/${name}`),
    };
  }

  /** Starts a run of a container; rejects with a `ConfigError` where its environment lacks something. */
  async start(pod: Pod, container: Container, attempt: number): Promise<ContainerProcess> {
    const environment = { ...this.#options.env, ...(await resolveEnvironment(pod, container, this.#sources)) };
    const command = container.command ?? this.#options.images[container.image];
    if (command === undefined) throw new Error(`the test kubelet was given no program for image ${container.image}`);
    const directory = join(this.#directoryOf(pod), container.name);
    await mkdir(directory, { recursive: true });
    const port = await this.#portFor(pod, container, environment[PORT_VARIABLE]);
    if (port !== undefined) environment[PORT_VARIABLE] = String(port.real);
    await this.#leadToServices(environment);
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_MOUNT) === true)
      environment.KUBECONFIG = await this.#writeKubeconfig(pod, directory);
    const argv = [...command, ...(container.args ?? [])].map((word) => expand(word, environment));
    return new ContainerProcess(container, argv, environment, directory, attempt);
  }

  /** The real port of a number, or of a name among the container's ports. */
  portOf(pod: Pod, container: Container, port: number | string): number {
    const number =
      typeof port === "number"
        ? port
        : (container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port));
    const given = this.#ports.get(`${pod.metadata.uid}/${container.name}`);
    return given?.declared === number ? given.real : number;
  }

  async #leadToServices(environment: Record<string, string>): Promise<void> {
    for (const [service, address] of Object.entries(this.#options.services ?? {})) {
      for (const [name, value] of Object.entries(environment)) {
        if (value.includes(service)) environment[name] = value.replaceAll(service, await address());
      }
    }
  }

  /** Pods of a name have directories in the order of their first start. */
  #directoryOf(pod: Pod): string {
    const { uid, namespace, name } = pod.metadata;
    const order = String(this.#directories.size).padStart(6, "0");
    const directory = this.#directories.get(uid) ?? join(this.#directory, namespace, name, order);
    this.#directories.set(uid, directory);
    return directory;
  }

  async #portFor(pod: Pod, container: Container, declared: string | undefined): Promise<Port | undefined> {
    if (declared === undefined) return undefined;
    const { namespace, name, uid } = pod.metadata;
    const key = `${uid}/${container.name}`;
    const port = this.#ports.get(key) ?? { declared: Number(declared), real: await freePort() };
    this.#ports.set(key, port);
    const metadata = { uid, annotations: { [PORT_ANNOTATION]: String(port.real) } };
    await this.#client.patch(`/api/v1/namespaces/${namespace}/pods/${name}`, { metadata });
    return port;
  }

  async #writeKubeconfig(pod: Pod, directory: string): Promise<string> {
    const { namespace, name, uid } = pod.metadata;
    const path = join(directory, "kubeconfig");
    const account = pod.spec.serviceAccountName ?? "default";
    await writeAccountKubeconfig(this.#options.kubeconfig, path, {
      namespace,
      account,
      seconds: TOKEN_SECONDS,
      pod: { name, uid },
    });
    return path;
  }

  async #data(path: string): Promise<Record<string, string> | undefined> {
    try {
      return (await this.#client.get<{ data?: Record<string, string> }>(path)).data ?? {};
    } catch (error) {
      if (error instanceof KubeRefusal && error.code === 404) return undefined;
      throw error;
    }
  }
}
