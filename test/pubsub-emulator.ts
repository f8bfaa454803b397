/**
 * Google's Pub/Sub emulator, a Java program of the Google Cloud CLI (component `pubsub-emulator`), run without the CLI.
 * It keeps everything in memory: a restarted one is empty, as if somebody had deleted every topic and subscription.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ServerProcess } from "./server-process.ts";

export interface PubsubEmulator {
  /** For PUBSUB_EMULATOR_HOST, such as `127.0.0.1:23456`. */
  readonly host: string;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it, empty, on the same port, after a kill where it runs. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Why this machine has no emulator, or undefined where it has one. */
export function pubsubEmulatorMissing(): string | undefined {
  if (findJar() === undefined)
    return "no Pub/Sub emulator: gcloud components install pubsub-emulator, or name the jar in STOCKFEED_PUBSUB_EMULATOR";
  if (spawnSync("java", ["-version"]).status !== 0) return "no Java to run the Pub/Sub emulator with";
  return undefined;
}

/** Starts an emulator on a free port of 127.0.0.1; takes some seconds. */
export async function startPubsubEmulator(): Promise<PubsubEmulator> {
  const jar = findJar();
  if (jar === undefined) throw new Error(pubsubEmulatorMissing());
  const directory = await mkdtemp(join(tmpdir(), "stockfeed-pubsub-"));
  const port = await freePort();
  const start = async () => {
    const command = ["java", "-jar", jar, "--host=127.0.0.1", `--port=${port}`];
    const started = new ServerProcess(command, join(directory, "emulator.log"));
    await started.until(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
    return started;
  };
  let server = await start();
  return {
    host: `127.0.0.1:${port}`,
    kill: () => server.end("SIGKILL"),
    restart: async () => {
      await server.end("SIGKILL");
      server = await start();
    },
    stop: async () => {
      await server.end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function findJar(): string | undefined {
  const { STOCKFEED_PUBSUB_EMULATOR } = process.env;
  if (STOCKFEED_PUBSUB_EMULATOR !== undefined && STOCKFEED_PUBSUB_EMULATOR !== "")
    return existsSync(STOCKFEED_PUBSUB_EMULATOR) ? STOCKFEED_PUBSUB_EMULATOR : undefined;
  // Asking gcloud takes a second: the usual places come first.
  const usual = ["/usr/lib/google-cloud-sdk", "/opt/google-cloud-sdk", join(homedir(), "google-cloud-sdk")];
  for (const root of usual) {
    const jar = jarUnder(root);
    if (jar !== undefined) return jar;
  }
  const asked = spawnSync("gcloud", ["info", "--format=value(installation.sdk_root)"], { encoding: "utf8" });
  return asked.status === 0 ? jarUnder(asked.stdout.trim()) : undefined;
}

function jarUnder(root: string): string | undefined {
  const directory = join(root, "platform/pubsub-emulator/lib");
  if (!existsSync(directory)) return undefined;
  const name = readdirSync(directory).find((file) => /^cloud-pubsub-emulator-.*\.jar$/.test(file));
  return name === undefined ? undefined : join(directory, name);
}
