import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/kube-object.ts";
import { ApiError } from "./api-error.ts";
import type { ApiRequest } from "./api-exchange.ts";
import { writeFinalizer } from "./feed-writes.ts";

const feedAt = (resourceVersion: string, finalizers: string[] = [], uid = "u"): KubeObject => ({
  apiVersion: "stockfeed.dev/v1alpha1",
  kind: "StockFeed",
  metadata: { name: "tech", namespace: "markets", uid, resourceVersion, finalizers },
});

/** Sets the finalizer with this feed in the cache, and gives the bodies of what was sent. */
async function setFinalizer(cached: KubeObject | undefined, present: boolean, refusal?: ApiError) {
  const sent: ApiRequest["body"][] = [];
  const write = ({ body }: Pick<ApiRequest, "body">) => {
    sent.push(body);
    return refusal ? Promise.reject(refusal) : Promise.resolve({ status: 200, body, headers: {} });
  };
  const options = { write, cached: () => cached, observe: () => undefined, forget: () => undefined };
  await writeFinalizer(options, feedAt("1"), present);
  return sent;
}

describe("the finalizer of a feed", () => {
  it("is written beside others', on the very version that the cache has, so that nobody's write is lost", async () => {
    const finalizers = ["theirs", "stockfeed.dev/cloud-objects"];
    expect(await setFinalizer(feedAt("7", ["theirs"]), true)).toEqual([
      { metadata: { uid: "u", resourceVersion: "7", finalizers } },
    ]);
    expect(await setFinalizer(feedAt("8", finalizers), false)).toEqual([
      { metadata: { uid: "u", resourceVersion: "8", finalizers: ["theirs"] } },
    ]);
    const conflict = new ApiError("Conflict", "the feed has changed");
    await expect(setFinalizer(feedAt("7"), true, conflict)).rejects.toBe(conflict);
  });

  it("is not written where it is as wanted, on another feed of the name, or on one that is gone", async () => {
    expect(await setFinalizer(feedAt("7", ["stockfeed.dev/cloud-objects"]), true)).toEqual([]);
    expect(await setFinalizer(feedAt("7", ["theirs"]), false)).toEqual([]);
    expect(await setFinalizer(feedAt("7", [], "another"), true)).toEqual([]);
    await setFinalizer(feedAt("7"), true, new ApiError("NotFound", "gone"));
  });
});
