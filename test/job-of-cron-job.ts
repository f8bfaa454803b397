import { type AnyObject, type KubeClient, KubeRefusal } from "./kube-client.ts";

const MINUTE = 60_000;

interface CronJob extends AnyObject {
  readonly spec: { readonly jobTemplate: { readonly metadata?: object; readonly spec: object } };
}

/** The minute of a time, now by default, as Jobs of a CronJob are named for it: counted from the epoch. */
export const minuteOf = (time: number | string = Date.now()): number => Math.floor(new Date(time).getTime() / MINUTE);

/**
 * Makes the Job that a CronJob makes at a minute, with the same name, owner, labels and spec, and without the wait for it.
 * Where the CronJob has made it already, that one stays.
 */
export async function makeJob(
  kube: KubeClient,
  { namespace, cronJob, minute }: { readonly namespace: string; readonly cronJob: string; readonly minute: number },
): Promise<void> {
  const batch = `/apis/batch/v1/namespaces/${namespace}`;
  const made = await kube.get<CronJob>(`${batch}/cronjobs/${cronJob}`);
  const { metadata, spec } = made.spec.jobTemplate;
  const owner = { apiVersion: "batch/v1", kind: "CronJob", name: cronJob, uid: made.metadata.uid, controller: true };
  const name = `${cronJob}-${minute}`;
  try {
    await kube.create(`${batch}/jobs`, { metadata: { ...metadata, name, ownerReferences: [owner] }, spec });
  } catch (error) {
    if (!(error instanceof KubeRefusal && error.code === 409)) throw error;
  }
}
