import type { Plugin } from "esbuild";

/** Leaves zod's messages in forty languages out, a quarter of a megabyte: the programs speak English. */
export const englishOnly: Plugin = {
  name: "english-only",
  setup: (bundling) => {
    bundling.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};
