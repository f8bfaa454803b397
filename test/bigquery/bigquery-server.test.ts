import { BigQuery } from "@google-cloud/bigquery";
import { PassThroughClient } from "google-auth-library";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBigQuery, type BigQueryServer } from "./bigquery-server.ts";

let server: BigQueryServer;
let client: BigQuery;
let now = 0;

const FIELDS = [
  { name: "name", type: "STRING", mode: "REQUIRED" },
  { name: "price", type: "NUMERIC", precision: "13", scale: "6" },
  { name: "at", type: "TIMESTAMP" },
  { name: "count", type: "INTEGER" },
];

beforeEach(async () => {
  now = 0;
  server = await startBigQuery({ now: () => now });
  client = new BigQuery({
    projectId: "acme",
    apiEndpoint: server.url,
    authClient: new PassThroughClient(),
    autoRetry: false,
  });
  await client.createDataset("d");
  await client
    .dataset("d")
    .createTable("t", { schema: { fields: FIELDS }, timePartitioning: { type: "DAY", field: "at" } });
});
afterEach(async () => server.stop());

const table = () => client.dataset("d").table("t");
const insert = async (json: object, insertId?: string, options = {}) =>
  table().insert([{ json, ...(insertId !== undefined && { insertId }) }], { raw: true, partialRetries: 0, ...options });

describe("Google's own client finds in the server", () => {
  it("datasets and tables as they were made", async () => {
    expect((await client.getDatasets())[0].map(({ id }) => id)).toEqual(["d"]);
    expect((await client.dataset("d").getTables())[0].map(({ id }) => id)).toEqual(["t"]);
    expect((await table().getMetadata())[0]).toMatchObject({
      type: "TABLE",
      schema: { fields: FIELDS },
      timePartitioning: { field: "at" },
    });
    await table().delete();
    expect(await table().exists()).toEqual([false]);
    await client.dataset("d").delete({ force: true });
    expect(await client.dataset("d").exists()).toEqual([false]);
  });

  it("rows with the values that went in", async () => {
    await insert({ name: "a", price: "9999999.999999", at: "2024-03-01T14:35:05.25Z", count: 3 });
    await insert({ name: "b" });
    const [rows] = await table().getRows();
    expect(rows).toMatchObject([
      { name: "a", at: { value: "2024-03-01T14:35:05.250Z" }, count: 3 },
      { name: "b", price: null, at: null, count: null },
    ]);
    expect(String((rows[0] as { price: unknown }).price)).toBe("9999999.999999");
  });

  it("one row of an insert ID within a minute, and two of one later", async () => {
    await insert({ name: "a" }, "x");
    now += 59_000;
    await insert({ name: "b" }, "x");
    await insert({ name: "c" }, "y");
    expect(server.rows("d", "t").map(({ name }) => name)).toEqual(["a", "c"]);
    now += 61_000;
    await insert({ name: "d" }, "x");
    expect(server.rows("d", "t")).toHaveLength(3);
  });

  it.each([
    [{ name: "a", other: 1 }, "no such field: other."],
    [{ price: "1" }, "Missing required field: name."],
    [{ name: "a", price: "1.0000001" }, "Invalid NUMERIC value: 1.0000001"],
    [{ name: "a", price: "12345678" }, "Invalid NUMERIC value: 12345678"],
    [{ name: "a", price: "x" }, "Invalid NUMERIC value: x"],
    [{ name: "a", at: "yesterday" }, "Cannot convert value to timestamp (bad value): yesterday"],
    [{ name: "a", count: 1.5 }, "Cannot convert value to integer (bad value): 1.5"],
  ])("the reason why a row is bad: %j", async (json, message) => {
    await expect(insert(json)).rejects.toMatchObject({
      errors: [{ errors: [{ reason: "invalid", message: expect.stringContaining(message) as string }] }],
    });
    expect(server.rows("d", "t")).toEqual([]);
  });

  it("that one bad row keeps the others out, unless it is to be skipped", async () => {
    const rows = [{ json: { name: "a" } }, { json: { name: 1 } }];
    const both = table().insert(rows, { raw: true, partialRetries: 0 });
    await expect(both).rejects.toMatchObject({ errors: [{}, {}] });
    expect(server.rows("d", "t")).toEqual([]);
    const skipping = table().insert(rows, { raw: true, partialRetries: 0, skipInvalidRows: true });
    await expect(skipping).rejects.toMatchObject({ errors: [{}] });
    expect(server.rows("d", "t")).toHaveLength(1);
  });

  it("errors with the codes and reasons of BigQuery", async () => {
    await expect(client.dataset("d").table("none").getMetadata()).rejects.toMatchObject({
      code: 404,
      errors: [{ reason: "notFound", message: "Not found: Table acme:d.none" }],
    });
    await expect(client.createDataset("d")).rejects.toMatchObject({ code: 409, errors: [{ reason: "duplicate" }] });
    const mend = server.fail({ kind: "quota" });
    await expect(insert({ name: "a" })).rejects.toMatchObject({ code: 403, errors: [{ reason: "rateLimitExceeded" }] });
    mend();
    await insert({ name: "a" });
  });
});
