import type { AdminCalls, ObjectCalls } from "./admin-calls.ts";

/**
 * Calls of which those that write ask the fence first: a leader that was stopped amid its work, and goes on when another
 * leads, must not make anew what that one has deleted.
 *
 * Caveat: a call that was sent before stays sent; Google may carry it out however late it arrives.
 * @param fence throws where this process must not write
 */
export function fencedCalls(calls: AdminCalls, fence: () => void): AdminCalls {
  return {
    topics: fenced(calls.topics, fence),
    subscriptions: fenced(calls.subscriptions, fence),
    seek: async (path, time) => {
      fence();
      await calls.seek(path, time);
    },
    createSnapshot: async (path, subscription) => {
      fence();
      return calls.createSnapshot(path, subscription);
    },
    deleteSnapshot: async (path) => {
      fence();
      await calls.deleteSnapshot(path);
    },
    close: () => calls.close(),
  };
}

function fenced<T>(calls: ObjectCalls<T>, fence: () => void): ObjectCalls<T> {
  const passed = () => {
    fence();
    return calls;
  };
  return {
    list: (project) => calls.list(project),
    get: (path) => calls.get(path),
    create: async (object) => passed().create(object),
    update: async (change) => passed().update(change),
    delete: async (path) => passed().delete(path),
  };
}
