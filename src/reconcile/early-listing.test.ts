import { describe, expect, it } from "vitest";
import { feedObject } from "../../test/reconcile-world.ts";
import { MessagingError } from "../controller-ports.ts";
import { earlyListing } from "./early-listing.ts";
import type { FeedDefaults } from "./feed-book.ts";

const feedOf = (spec: object) =>
  ({ kind: "StockFeed", change: { type: "added", object: feedObject({ spec }) } }) as const;

describe("the early listing", () => {
  it("lists the project of each feed that is there at the start once, while it leads, and if it may use it", () => {
    const listed: string[] = [];
    const inventory = (project: string) => {
      listed.push(project);
      return Promise.reject(new MessagingError("Unavailable", "not now"));
    };
    const defaults = { pubsub: { projectId: "common" } } as FeedDefaults;
    let leads = false;
    const hear = earlyListing({ inventory }, { defaults, allowedProjects: ["acme", "common"] }, () => leads);
    hear({ ...feedOf({ pubsub: { projectId: "acme" } }), initial: true });
    expect(listed).toEqual([]);
    leads = true;
    for (let i = 0; i < 2; i++) hear({ ...feedOf({ pubsub: { projectId: "acme" } }), initial: true });
    hear({ ...feedOf({ pubsub: { projectId: "theirs" } }), initial: true });
    hear({ ...feedOf({ pubsub: undefined }), initial: true });
    hear({ ...feedOf({ pubsub: { projectId: "later" } }), initial: false });
    expect(listed).toEqual(["acme", "common"]);
  });
});
