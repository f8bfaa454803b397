#!/usr/bin/env node
/**
 * The program's entry. It imports nothing before it knows that this Node can load the rest, so that an old one gets a
 * sentence in place of a syntax error.
 */
const NEEDED = 24;
const major = Number(process.versions.node.split(".")[0]);

if (major < NEEDED) {
  console.error(
    `stockfeed needs Node ${NEEDED} or later, and this is ${process.version}. ` +
      "In a checkout, npx stockfeed and the npm scripts bring their own; elsewhere install a newer Node.",
  );
  process.exitCode = 1;
} else {
  const { main } = await import("./cli.ts");
  await main(process.argv.slice(2));
}
