/** Probes of a container by HTTP GET: 200 to 399 is a success, as for a kubelet. Other kinds count as a success. */
import { setTimeout as delay } from "node:timers/promises";
import type { Container, Probe } from "./pod.ts";

export interface ProbeListener {
  started(): void;
  ready(is: boolean): void;
  /** The startup or the liveness probe failed for good. */
  dead(): void;
}

/**
 * Runs a container's probes until the signal: the startup probe first, alone, then the others beside each other.
 * @param portOf the real port of a probe's port
 */
export async function runProbes(
  { startupProbe, readinessProbe, livenessProbe }: Container,
  portOf: (port: number | string) => number,
  signal: AbortSignal,
  listener: ProbeListener,
): Promise<void> {
  if (startupProbe !== undefined && !(await succeeds(startupProbe, portOf, signal))) {
    if (!signal.aborted) listener.dead();
    return;
  }
  if (signal.aborted) return;
  listener.started();
  if (readinessProbe === undefined) listener.ready(true);
  const probing: Promise<void>[] = [];
  if (readinessProbe !== undefined)
    probing.push(
      follow(readinessProbe, portOf, signal, (is) => {
        listener.ready(is);
        return true;
      }),
    );
  if (livenessProbe !== undefined)
    probing.push(
      follow(livenessProbe, portOf, signal, (is) => {
        if (!is) listener.dead();
        return is;
      }),
    );
  await Promise.all(probing);
}

/** Whether it succeeds before it fails for good. */
async function succeeds(
  probe: Probe,
  portOf: (port: number | string) => number,
  signal: AbortSignal,
): Promise<boolean> {
  let result = false;
  await follow(probe, portOf, signal, (is) => {
    result = is;
    return false;
  });
  return result;
}

/** Tells each change that the thresholds confirm, until the listener returns false. */
async function follow(
  probe: Probe,
  portOf: (port: number | string) => number,
  signal: AbortSignal,
  tell: (success: boolean) => boolean,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe;
  await pause(initialDelaySeconds, signal);
  let known: boolean | undefined;
  let latest = true;
  let count = 0;
  while (!signal.aborted) {
    const success = await probeOnce(probe, portOf, signal);
    count = success === latest ? count + 1 : 1;
    latest = success;
    const confirmed = count >= (success ? successThreshold : failureThreshold);
    if (confirmed && success !== known && !isAborted(signal)) {
      known = success;
      if (!tell(success)) return;
    }
    await pause(periodSeconds, signal);
  }
}

/** In words of its own, since it changes while we wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function probeOnce(
  probe: Probe,
  portOf: (port: number | string) => number,
  signal: AbortSignal,
): Promise<boolean> {
  const { httpGet, timeoutSeconds = 1 } = probe;
  if (httpGet === undefined) return true;
  try {
    const url = `http://127.0.0.1:${portOf(httpGet.port)}${httpGet.path ?? "/"}`;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
    const response = await fetch(url, { signal: limit, redirect: "manual", headers: { "user-agent": "kube-probe" } });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 400;
  } catch {
    return false;
  }
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
}
