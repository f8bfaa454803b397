#!/usr/bin/env node
/** The entry of `kubectl stockfeed`: kubectl finds it on the path by its name. */
import { start } from "./start.ts";

await start(async () => {
  const [{ main }, { PLUGIN }] = await Promise.all([import("./cli.ts"), import("./plugin/plugin.ts")]);
  await main(process.argv.slice(2), PLUGIN);
});
