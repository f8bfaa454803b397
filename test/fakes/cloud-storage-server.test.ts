import { Storage } from "@google-cloud/storage";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeCloudStorage, startFakeCloudStorage } from "./cloud-storage-server.ts";

let fake: FakeCloudStorage;

beforeEach(async () => {
  fake = await startFakeCloudStorage(["acme"]);
});
afterEach(() => fake.close());

const ONCE = { resumable: false, validation: "md5", preconditionOpts: { ifGenerationMatch: 0 } } as const;

it("keeps what Google's client uploads, byte by byte, and gives it back", async () => {
  const file = new Storage({ apiEndpoint: fake.url, projectId: "acme" }).bucket("acme").file("tmp/a b/pipeline.pb");
  const data = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
  await file.save(data, ONCE);
  expect(fake.objects.get("gs://acme/tmp/a b/pipeline.pb")).toEqual(data);
  expect((await file.getMetadata())[0]).toMatchObject({ size: "1000", generation: "1" });
  expect((await file.download({ validation: "md5" }))[0]).toEqual(data);
  await expect(file.save(data, ONCE)).rejects.toMatchObject({ code: 412 });
  await file.delete();
  await expect(file.getMetadata()).rejects.toMatchObject({ code: 404 });
});

it("refuses an upload to a bucket that is not there, and one that it is told to refuse", async () => {
  const storage = new Storage({ apiEndpoint: fake.url, projectId: "acme" });
  await expect(storage.bucket("other").file("x").save("x", ONCE)).rejects.toMatchObject({ code: 404 });
  fake.failNextUpload({ status: 403, message: "robot@acme does not have storage.objects.create access." });
  await expect(storage.bucket("acme").file("x").save("x", ONCE)).rejects.toMatchObject({ code: 403 });
  expect(fake.objects.size).toBe(0);
});
