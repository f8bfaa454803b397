import { expect, it } from "vitest";
import { serveProbes } from "./serve-probes.ts";

const probes = {
  notReady: () => undefined,
  metrics: () => Promise.resolve("up 1\n"),
  contentType: "text/plain",
};

it.each([
  ["/healthz, /readyz and /metrics", probes],
  ["/healthz, /readyz, /metrics and /summary", { ...probes, summary: () => "{}" }],
])("tells who asks for anything else that there are %s, and has each of them", async (paths, served) => {
  const { port, close } = await serveProbes(0, served, "127.0.0.1");
  try {
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    const elsewhere = await get("/");
    expect([elsewhere.status, await elsewhere.text()]).toEqual([404, `There are ${paths}.\n`]);
    for (const path of paths.split(/, | and /)) expect((await get(path)).status, path).toBe(200);
  } finally {
    close();
  }
});
