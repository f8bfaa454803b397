import type { DataflowCalls } from "./dataflow-calls.ts";
import type { Staging } from "./staging.ts";

/**
 * Calls of which those that write ask the fence first: a leader that was stopped amid its work, and goes on when another
 * leads, must not launch again what that one has stopped.
 *
 * Caveat: a call that was sent before stays sent; Google may carry it out however late it arrives.
 * @param fence throws where this process must not write
 */
export function fencedCalls(calls: DataflowCalls, fence: () => void): DataflowCalls {
  const passed = () => {
    fence();
    return calls;
  };
  return {
    create: async (place, job) => passed().create(place, job),
    launchTemplate: async (place, launch) => passed().launchTemplate(place, launch),
    get: (place, id) => calls.get(place, id),
    list: (place, pageToken) => calls.list(place, pageToken),
    update: async (place, id, job, paths) => passed().update(place, id, job, paths),
    errors: (place, id, pageToken) => calls.errors(place, id, pageToken),
    close: () => calls.close(),
  };
}

/** The same of what is staged. */
export function fencedStaging(staging: Staging, fence: () => void): Staging {
  return {
    put: async (uri, content) => {
      fence();
      await staging.put(uri, content);
    },
  };
}
