import { setTimeout as delay } from "node:timers/promises";
import { KubeRefusal } from "../kube-client.ts";

const RETRY = 300;
/** Not found, another UID, or no longer allowed in its state: what was to be written to is not there any more. */
const OVERTAKEN = [404, 409, 422];

/**
 * Writes until it gets through, whatever the network and the server do meanwhile.
 * @param given whether to go on trying
 * @returns whether it was written; not, where its object is gone
 */
export async function persist(write: () => Promise<unknown>, given: () => boolean): Promise<boolean> {
  while (given()) {
    try {
      await write();
      return true;
    } catch (error) {
      if (error instanceof KubeRefusal && OVERTAKEN.includes(error.code)) return false;
      await delay(RETRY);
    }
  }
  return false;
}
