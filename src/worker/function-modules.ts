/**
 * Loads the modules that register a pipeline's functions. A pipeline holds its functions by name; those names are known
 * once the module has run that registers them, in the worker as where the pipeline was built.
 */

/** Modules by name that are a part of this program; each loads its own. */
export type OwnModules = Readonly<Record<string, () => Promise<unknown>>>;

/** The SDK registers its own as it is loaded, and names them as well. */
const OF_THE_SDK = /^apache-beam(\/|$)/;

/** @throws Error that names the module which this worker does not have */
export async function loadFunctionModules(names: readonly string[], own: OwnModules): Promise<void> {
  for (const name of names) {
    if (OF_THE_SDK.test(name)) continue;
    try {
      await (own[name] ?? (() => import(name)))();
    } catch (error) {
      throw new Error(
        `The pipeline's functions are in a module ${name} that this worker's image does not have (${String(error)}). ` +
          "Build the image from the version of StockFeed that launched the job.",
        { cause: error },
      );
    }
  }
}
