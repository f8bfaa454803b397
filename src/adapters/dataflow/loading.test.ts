import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const SCRIPT = `
const { dataflowJobs } = await import(process.argv[1] + "/dataflow-jobs.ts");
const { googleCalls } = await import(process.argv[1] + "/dataflow-calls.ts");
const { cloudStorage } = await import(process.argv[1] + "/staging.ts");
dataflowJobs({ calls: () => googleCalls({}), staging: () => cloudStorage({}) });
const loaded = () => Object.keys(require.cache).filter((file) => file.includes("node_modules")).length;
const before = loaded();
await googleCalls({ endpoint: "127.0.0.1:1" });
console.log(JSON.stringify({ before, after: loaded() > 0 }));
`;

it("loads nothing of Google's before the first call", async () => {
  const code = `const require = process.getBuiltinModule("module").createRequire("/x");${SCRIPT}`;
  const args = ["--input-type=module", "-e", code, join(import.meta.dirname)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({ before: 0, after: true });
});
