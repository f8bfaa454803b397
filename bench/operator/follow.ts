import type { AnyObject, KubeClient } from "../../test/kube-client.ts";

/** Told of each object that is there, and of each change from then on. */
export type OnChange<T> = (type: "ADDED" | "MODIFIED" | "DELETED", object: T) => void;

/**
 * Lists a collection and watches it until the signal is aborted; resolves once what was there has been told. A watch that
 * the server ends goes on where it ended.
 * @param onError told of what ends it before its time
 */
export async function follow<T extends AnyObject>(
  client: KubeClient,
  path: string,
  onChange: OnChange<T>,
  { signal, onError }: { readonly signal: AbortSignal; readonly onError: (error: unknown) => void },
): Promise<void> {
  const { items, metadata } = await client.list<T>(path);
  for (const item of items) onChange("ADDED", item);
  const goOn = async () => {
    let version = metadata.resourceVersion;
    while (!signal.aborted) {
      for await (const { type, object } of client.watch<T>(path, version, signal)) {
        if (type === "ERROR") throw new Error(`The watch of ${path} ended: ${JSON.stringify(object)}`);
        version = object.metadata.resourceVersion ?? version;
        if (type !== "BOOKMARK") onChange(type, object);
      }
    }
  };
  goOn().catch((error: unknown) => {
    if (!signal.aborted) onError(error);
  });
}
