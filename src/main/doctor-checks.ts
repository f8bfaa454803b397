import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import type { ProviderSpec, ProviderType } from "../api/provider-spec.ts";
import { PROVIDER_LIMITS } from "../quotes/provider-limits.ts";

/** What one look at the machine found. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "failed" | "skipped";
  /** What is so. */
  readonly detail: string;
  /** What to do about it; with every failed check. */
  readonly mend?: string;
}

/** First major version of Node that runs StockFeed; package.json says the same. */
const NODE_MAJOR = 24;
const MIB = 1024 * 1024;
/** Ten symbols at 10 s grow the store by less than this in a month. */
const FREE_SPACE = 100 * MIB;
/** A clock further off polls the wrong slots; the Date header itself is cut to whole seconds. */
const CLOCK_SKEW_MS = 2_000;
const ANSWER_MS = 5_000;

/** Node's version. */
export function checkNode(version: string): Check {
  const name = "Node";
  if (Number(version.split(".")[0]) >= NODE_MAJOR) return { name, status: "ok", detail: version };
  const mend = `Run npm ci, then npx stockfeed: it brings Node ${NODE_MAJOR} with it.`;
  return { name, status: "failed", detail: `${version}, but ${NODE_MAJOR} is the first that will do`, mend };
}

/** Whether `stockfeed dev` can listen. */
export async function checkPort(port: number): Promise<Check> {
  const name = `port ${port}`;
  const error = await new Promise<NodeJS.ErrnoException | undefined>((settle) => {
    const server = createServer();
    server.once("error", settle);
    server.listen(port, "127.0.0.1", () =>
      server.close(() => {
        settle(undefined);
      }),
    );
  });
  if (error === undefined) return { name, status: "ok", detail: "free on 127.0.0.1" };
  const detail = error.code === "EADDRINUSE" ? "taken by another process" : error.message;
  return { name, status: "failed", detail, mend: "Stop that process, or run stockfeed dev with another --port." };
}

/**
 * Whether the store's file, or the folder that it will be in, can be written, and has room. The store makes that one
 * folder itself, and none above it.
 */
export async function checkStore(path: string): Promise<Check> {
  const name = "store";
  const mend = "Name another place with --store.";
  try {
    const place = await nearestExisting(resolve(path));
    const isFolder = (await stat(place)).isDirectory();
    if (isFolder === (place === resolve(path))) {
      const detail = isFolder ? `${path} is a folder, and the store is a file` : `${place} is a file, and no folder`;
      return { name, status: "failed", detail, mend };
    }
    const above = dirname(dirname(resolve(path)));
    if (!(await exists(above))) {
      const detail = `${path} can't be made: there is no folder ${above}`;
      return { name, status: "failed", detail, mend: "Make it, or name another place with --store." };
    }
    await access(place, constants.W_OK);
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const detail = `${path}, with ${Math.floor(free / MIB).toLocaleString("en-US")} MiB free`;
    if (free >= FREE_SPACE) return { name, status: "ok", detail };
    return { name, status: "failed", detail, mend: `Free some space: ${FREE_SPACE / MIB} MiB at least.` };
  } catch (cause) {
    return { name, status: "failed", detail: `${path} can't be written: ${(cause as Error).message}`, mend };
  }
}

/** Whether a provider's keys are set. Their values are never shown, not even in part. */
export function checkKeys(type: ProviderType, env: Readonly<Record<string, string | undefined>>): Check {
  const { environment, keysRequired } = PROVIDER_LIMITS[type];
  const name = `keys of ${type}`;
  if (environment.length === 0) return { name, status: "skipped", detail: "it needs none" };
  const isSet = (variable: string) => (env[variable] ?? "").trim() !== "";
  const detail = environment.map((variable) => `${variable} is ${isSet(variable) ? "set" : "missing"}`).join(", ");
  const missing = environment.filter((variable) => !isSet(variable));
  if (missing.length === 0) return { name, status: "ok", detail };
  if (!keysRequired) return { name, status: "skipped", detail: `${detail}, and may not be needed` };
  const mend = `Set ${missing.map((variable) => `${variable}=…`).join(" ")} in the environment.`;
  return { name, status: "failed", detail, mend };
}

/** Whether a provider answers at all, whatever it says; and how far this clock is from its. No key is sent. */
export async function checkProvider(provider: ProviderSpec, now: () => number, answerMs = ANSWER_MS): Promise<Check[]> {
  const name = `reach ${provider.type}`;
  if (provider.type === "Replay") return [await checkTicks(provider.file)];
  const ownUrl = "baseUrl" in provider ? provider.baseUrl : undefined;
  const url = ownUrl ?? PROVIDER_LIMITS[provider.type].defaultBaseUrl;
  if (url === undefined) return [{ name, status: "skipped", detail: "it is on this machine" }];
  const sentAt = now();
  try {
    const signal = AbortSignal.timeout(answerMs);
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
    const detail = `${url} answers in ${now() - sentAt} ms`;
    return [{ name, status: "ok", detail }, checkClock(response.headers.get("date"), sentAt, now())];
  } catch (cause) {
    const mend =
      ownUrl === undefined
        ? "Check the network, and a proxy or firewall on the way."
        : "Check baseUrl, and that its server runs.";
    return [{ name, status: "failed", detail: `${url} does not answer: ${explain(cause, answerMs)}`, mend }];
  }
}

/**
 * How far this clock is from a server's Date header, which was cut to whole seconds at some moment between sending
 * and receiving.
 */
export function checkClock(date: string | null, sentAt: number, receivedAt: number): Check {
  const name = "clock";
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return { name, status: "skipped", detail: "the provider does not tell the time" };
  const ahead = sentAt - (theirs + 999);
  const behind = theirs - receivedAt;
  const skew = Math.max(ahead, behind, 0);
  if (skew <= CLOCK_SKEW_MS) return { name, status: "ok", detail: "agrees with the provider's" };
  const detail = `${(skew / 1_000).toFixed(1)} s ${ahead > behind ? "ahead of" : "behind"} the provider's`;
  return {
    name,
    status: "failed",
    detail,
    mend: "Set the clock by the network, with timedatectl set-ntp true, for one.",
  };
}

async function checkTicks(file: string): Promise<Check> {
  const name = "ticks of Replay";
  try {
    await access(file, constants.R_OK);
    const { size } = await stat(file);
    return { name, status: "ok", detail: `${file}, ${size.toLocaleString("en-US")} bytes` };
  } catch (cause) {
    const mend = "Correct spec.provider.file; it is looked for from the folder that the command runs in.";
    return { name, status: "failed", detail: `${file} can't be read: ${(cause as Error).message}`, mend };
  }
}

async function nearestExisting(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** fetch says "fetch failed" alone; what failed is in the cause. */
function explain(cause: unknown, answerMs: number): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return `no answer in ${answerMs / 1_000} s`;
  return cause.cause instanceof Error
    ? cause.cause.message || String((cause.cause as NodeJS.ErrnoException).code)
    : cause.message;
}
