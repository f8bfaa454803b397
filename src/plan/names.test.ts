import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryManifest } from "../../test/arbitrary-feed.ts";
import { feedWith } from "../../test/feed.ts";
import { cloudLabels, feedLabel, jobName, pubsubName, workloadName } from "./names.ts";

const feed = (namespace: string, name: string) => feedWith({ metadata: { namespace, name } });
const anyName = arbitraryManifest.map(({ metadata }) => feed(metadata.namespace ?? "default", metadata.name));

describe("a workload's name", () => {
  it("is the feed's own where that will do", () => {
    expect(workloadName(feed("markets", "tech"), "poll")).toBe("tech-poll");
    expect(workloadName(feed("markets", "a".repeat(47)), "poll")).toBe(`${"a".repeat(47)}-poll`);
  });

  it("is cut and told apart by a hash where it is too long", () => {
    const one = workloadName(feed("markets", `${"a".repeat(60)}-one`), "windows");
    const two = workloadName(feed("markets", `${"a".repeat(60)}-two`), "windows");
    expect(one).toMatch(/^a{35}-[0-9a-z]{8}-windows$/);
    expect(one).toHaveLength(52);
    expect(two).not.toBe(one);
  });

  it("has no dot, and a.b stays another than a-b", () => {
    expect(workloadName(feed("markets", "a.b"), "poll")).toMatch(/^a-b-[0-9a-z]{8}-poll$/);
    expect(workloadName(feed("markets", "a-b"), "poll")).toBe("a-b-poll");
  });

  it("has no dash before the hash where the cut falls on one", () => {
    const name = `${"a".repeat(37)}-${"b".repeat(20)}`;
    expect(workloadName(feed("markets", name), "poll")).toMatch(/^a{37}-[0-9a-z]{8}-poll$/);
  });
});

describe("a cloud name", () => {
  it("tells a-b/c from a/b-c", () => {
    const one = pubsubName(feed("a-b", "c"), "quotes");
    const two = pubsubName(feed("a", "b-c"), "quotes");
    expect([one, two]).toEqual([
      expect.stringMatching(/^stockfeed-a-b-c-[0-9a-z]{8}-quotes$/),
      expect.stringMatching(/^stockfeed-a-b-c-[0-9a-z]{8}-quotes$/),
    ]);
    expect(one).not.toBe(two);
  });

  it("never changes, since it finds the feed's own things again", () => {
    expect(pubsubName(feed("markets", "tech"), "quotes")).toBe("stockfeed-markets-tech-ltpc47aj-quotes");
    expect(jobName(feed("markets", "tech"), "15m")).toBe("stockfeed-markets-tech-ltpc47aj-15m");
  });
});

describe("a feed's label", () => {
  it("is its name where a label can hold that", () => {
    expect(feedLabel(feed("markets", "tech"))).toBe("tech");
    expect(feedLabel(feed("markets", "tech.eu"))).toBe("tech.eu");
  });

  it("is cut and told apart by a hash where the name is too long", () => {
    const one = feedLabel(feed("markets", `${"a".repeat(70)}-one`));
    expect(one).toMatch(/^a{54}-[0-9a-z]{8}$/);
    expect(feedLabel(feed("markets", `${"a".repeat(70)}-two`))).not.toBe(one);
  });
});

describe("the labels of cloud objects", () => {
  it("are the cluster, the namespace and the name as they are", () => {
    expect(cloudLabels("6f1b4c1e-6c0c-4a5e-9c55-6f6f3b1d2a11", feed("markets", "tech"))).toEqual({
      "stockfeed-cluster": "6f1b4c1e-6c0c-4a5e-9c55-6f6f3b1d2a11",
      "stockfeed-namespace": "markets",
      "stockfeed-name": "tech",
    });
  });

  it("carry a hash where Google Cloud would refuse them, so that a.b stays another than a-b", () => {
    const dotted = cloudLabels("Prod EU", feed("markets", "a.b"));
    expect(dotted["stockfeed-cluster"]).toMatch(/^prod-eu-[0-9a-z]{8}$/);
    expect(dotted["stockfeed-name"]).toMatch(/^a-b-[0-9a-z]{8}$/);
    expect(cloudLabels("prod", feed("markets", "a-b"))["stockfeed-name"]).toBe("a-b");
  });

  it("never change, since they find the feed's own objects again", () => {
    expect(cloudLabels("prod", feed("markets", "tech.eu"))["stockfeed-name"]).toBe("tech-eu-kn0pjzsn");
    expect(feedLabel(feed("markets", "a".repeat(64)))).toBe(`${"a".repeat(54)}-eniiu5ez`);
  });
});

it("keeps every label within its kind's limit and form", () => {
  fc.assert(
    fc.property(anyName, fc.string({ minLength: 1 }), (any, clusterId) => {
      expect(feedLabel(any)).toMatch(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/);
      for (const value of Object.values(cloudLabels(clusterId, any))) expect(value).toMatch(/^[a-z0-9_-]{1,63}$/);
    }),
  );
});

it("keeps every name within its kind's limit and form", () => {
  fc.assert(
    fc.property(anyName, (any) => {
      const kubernetes = workloadName(any, "windows");
      const topic = pubsubName(any, "quotes");
      const job = jobName(any, "12h30m");
      expect(kubernetes.length).toBeLessThanOrEqual(52);
      expect(topic.length).toBeLessThanOrEqual(255);
      expect(job.length).toBeLessThanOrEqual(63);
      for (const name of [kubernetes, topic, job]) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])$/);
      for (const name of [topic, job]) expect(name).toMatch(/^[a-z]/);
    }),
  );
});
