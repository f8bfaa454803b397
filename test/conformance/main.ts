/** `npm run conformance`: whether all engines give one answer. Ends with 1 where one does not, or is missing under CI. */
import { parseArgs } from "node:util";
import { conform, groups } from "./conformance.ts";
import { contestants } from "./contestants.ts";

const HELP = `Holds every engine to brute force: the same quotes, the same winning rows.

Usage: npm run conformance [-- --seed N]

Prism is built and Python Beam installed by npm run e2e -- --parts; without them their engines are left out.
  --seed N   other quotes; 1 by default`;

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, help: { type: "boolean" } } });
const seed = Number(values.seed);
if (values.help === true) {
  console.log(HELP);
} else if (!Number.isSafeInteger(seed)) {
  console.error(`--seed ${values.seed} is no whole number.`);
  process.exitCode = 2;
} else {
  await main();
}

async function main(): Promise<void> {
  const all = await contestants();
  try {
    for (const group of await groups(all, seed)) {
      const { line, differences, missing } = await conform(group, (said) => {
        console.error(`  ${said}`);
      });
      for (const reason of missing) console.error(`  left out, ${reason}`);
      console.log([...differences, ...(differences.length === 0 ? [line] : [])].join("\n"));
      if (differences.length > 0 || (missing.length > 0 && process.env.CI === "true")) process.exitCode = 1;
    }
  } finally {
    await all.stop();
  }
}
