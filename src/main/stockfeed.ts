#!/usr/bin/env node
/** The entry of `stockfeed`. */
import { start } from "./start.ts";

await start(async () => {
  const { main } = await import("./cli.ts");
  await main(process.argv.slice(2));
});
