/**
 * Waits for works that run side by side until all have ended. The first that fails stops the others through `failed`,
 * for half of them would look alive; its error is thrown once the others have ended too.
 */
export async function untilOneFails(failed: AbortController, works: readonly Promise<unknown>[]): Promise<void> {
  const stop = (error: unknown) => {
    failed.abort(error);
    throw error;
  };
  await Promise.allSettled(works.map((work) => work.catch(stop)));
  if (failed.signal.aborted) throw failed.signal.reason as Error;
}
