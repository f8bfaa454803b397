import { v1beta3 } from "@google-cloud/dataflow";
import { PassThroughClient } from "google-auth-library";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeDataflow, type FakeDataflowOptions, startFakeDataflow } from "./dataflow-server.ts";

const PLACE = { projectId: "acme", location: "europe-west2" };

let time = 0;
let fake: FakeDataflow;
let client: v1beta3.JobsV1Beta3Client;

async function start(options: FakeDataflowOptions = {}): Promise<void> {
  fake = await startFakeDataflow({ now: () => time, ...options });
  client = jobsClient(fake);
}

function jobsClient({ url }: Pick<FakeDataflow, "url">): v1beta3.JobsV1Beta3Client {
  const { hostname, port } = new URL(url);
  const authClient = new PassThroughClient();
  return new v1beta3.JobsV1Beta3Client({
    apiEndpoint: hostname,
    port: Number(port),
    protocol: "http",
    fallback: "rest",
    authClient: authClient as never,
  });
}

beforeEach(async () => {
  time = Date.UTC(2026, 0, 5);
  await start();
});
afterEach(() => fake.close());

const created = async (job: object) => {
  const [made] = await client.createJob({ ...PLACE, job: { type: "JOB_TYPE_STREAMING", ...job } });
  return made.id ?? "";
};
const stateOf = async (jobId: string) => (await client.getJob({ ...PLACE, jobId }))[0].currentState;

describe("Google's client and the fake Dataflow", () => {
  it("takes a job from PENDING to RUNNING after its delay, and to DRAINED when it is drained", async () => {
    Object.assign(fake.jobs.delays, { start: 1000, drain: 2000 });
    const id = await created({ name: "a" });
    expect(await stateOf(id)).toBe("JOB_STATE_PENDING");
    const drain = { ...PLACE, jobId: id, job: { requestedState: "JOB_STATE_DRAINED" as const } };
    await expect(client.updateJob(drain)).rejects.toMatchObject({ code: 400 });
    time += 1000;
    expect(await stateOf(id)).toBe("JOB_STATE_RUNNING");
    await client.updateJob(drain);
    time += 1999;
    expect(await stateOf(id)).toBe("JOB_STATE_DRAINING");
    time += 1;
    expect(await stateOf(id)).toBe("JOB_STATE_DRAINED");
    await expect(client.updateJob(drain)).rejects.toThrow(/has terminated/);
  });

  it("keeps what replaces a job beside it until it runs, or refuses it and lets the old one go on", async () => {
    Object.assign(fake.jobs.delays, { update: Infinity });
    const old = await created({ name: "a" });
    await stateOf(old);
    const next = await created({ name: "a", replaceJobId: old });
    expect([await stateOf(old), await stateOf(next)]).toEqual(["JOB_STATE_RUNNING", "JOB_STATE_PENDING"]);
    fake.jobs.advance(next);
    expect([await stateOf(old), await stateOf(next)]).toEqual(["JOB_STATE_UPDATED", "JOB_STATE_RUNNING"]);
    expect(fake.jobs.get(old).replacedByJobId).toBe(next);
    fake.jobs.rejectNextUpdate("The new job is not compatible.");
    const third = await created({ name: "a", replaceJobId: next });
    fake.jobs.advance(third);
    expect([await stateOf(next), await stateOf(third)]).toEqual(["JOB_STATE_RUNNING", "JOB_STATE_FAILED"]);
    expect(fake.jobs.messagesOf(third)).toMatchObject([{ messageText: "The new job is not compatible." }]);
  });

  it("makes one job of one request, and refuses another job of the name", async () => {
    const id = await created({ name: "a", clientRequestId: "r1" });
    expect(await created({ name: "a", clientRequestId: "r1" })).toBe(id);
    await expect(created({ name: "a", clientRequestId: "r2" })).rejects.toMatchObject({ code: 409 });
    await client.updateJob({ ...PLACE, jobId: id, job: { requestedState: "JOB_STATE_CANCELLED" } });
    expect(await stateOf(id)).toBe("JOB_STATE_CANCELLED");
    expect(await created({ name: "a", clientRequestId: "r2" })).not.toBe(id);
  });

  it("lists summaries page by page, what runs first, and new jobs only after a while", async () => {
    await fake.close();
    await start({ pageLimit: 2, listLagMs: 500 });
    for (const name of ["a", "b", "c", "d", "e"]) await created({ name, labels: { of: name } });
    expect((await client.listJobs(PLACE))[0]).toEqual([]);
    time += 500;
    fake.jobs.fail(fake.jobs.all()[0]?.id ?? "", "It broke.");
    const [listed] = await client.listJobs(PLACE);
    expect(listed.map(({ name, currentState }) => `${name ?? ""} ${String(currentState)}`)).toEqual([
      "b JOB_STATE_RUNNING",
      "c JOB_STATE_RUNNING",
      "d JOB_STATE_RUNNING",
      "e JOB_STATE_RUNNING",
      "a JOB_STATE_FAILED",
    ]);
    expect(listed.map(({ labels }) => labels)).toEqual([{}, {}, {}, {}, {}]);
    expect(fake.newCalls().filter((name) => name === "list")).toHaveLength(1 + 3);
  });

  it("fails a call as it is told to, also one that it has carried out", async () => {
    fake.jobs.jobQuota = 1;
    fake.failNext("create", { status: 503, reason: "UNAVAILABLE", message: "No answer in time.", carriedOut: true });
    await expect(created({ name: "a" })).rejects.toMatchObject({ code: 503 });
    expect(fake.jobs.all()).toMatchObject([{ name: "a" }]);
    await expect(created({ name: "b" })).rejects.toMatchObject({ code: 429 });
    fake.failNext("create", { cut: true });
    await expect(created({ name: "b" })).rejects.toThrow();
    expect(fake.jobs.all()).toHaveLength(1);
  });
});
