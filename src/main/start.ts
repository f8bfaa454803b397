/**
 * Starts a program, once it is known that this Node can load it, so that an old one gets a sentence in place of a
 * syntax error. It imports nothing before that.
 */
const NEEDED = 24;

/** Loads and runs a program; on an old Node it says what is needed instead. */
export async function start(run: () => Promise<void>): Promise<void> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= NEEDED) {
    await run();
    return;
  }
  console.error(
    `stockfeed needs Node ${NEEDED} or later, and this is ${process.version}. ` +
      "In a checkout, npx stockfeed and the npm scripts bring their own; elsewhere install a newer Node.",
  );
  process.exitCode = 1;
}
