import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryManifest } from "../../test/arbitrary-feed.ts";
import { assertWindowSpec, slotsPerWindow } from "../windows/window-spec.ts";
import { stockFeedSchema } from "./stockfeed.ts";
import { resolutionLabel, windowSpecs } from "./window-specs.ts";

const parse = (manifest: unknown) => stockFeedSchema.parse(manifest).spec;
const feed = (polling: object, resolutions?: object[]) =>
  parse({
    apiVersion: "stockfeed.dev/v1alpha1",
    kind: "StockFeed",
    metadata: { name: "tech" },
    spec: { symbols: ["AAPL"], provider: { type: "Simulated" }, polling, resolutions },
  });

describe("the windows of a spec", () => {
  it("are 1, 5 and 15 minutes unless it says otherwise, of 6, 30 and 90 slots at 10 s", () => {
    const windows = windowSpecs(feed({}));
    expect(windows).toEqual([
      { sizeMs: 60_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
      { sizeMs: 300_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
      { sizeMs: 900_000, periodMs: 10_000, offsetMs: 5_000, allowedLatenessMs: 60_000 },
    ]);
    expect(windows.map(slotsPerWindow)).toEqual([6, 30, 90]);
    expect(windows.map(resolutionLabel)).toEqual(["1m", "5m", "15m"]);
  });

  it("start half an interval in where that is less than 5 s, and where they are told to", () => {
    expect(windowSpecs(feed({ interval: "1s" }))[0]).toMatchObject({ offsetMs: 500 });
    expect(windowSpecs(feed({ interval: "5m" }, [{ window: "1h", offset: "0s" }]))[0]).toMatchObject({ offsetMs: 0 });
    expect(windowSpecs(feed({ interval: "5m" }, [{ window: "1h", offset: "4m" }]))[0]).toMatchObject({
      offsetMs: 240_000,
    });
  });

  it("can be computed, whatever valid feed they are of", () => {
    fc.assert(
      fc.property(arbitraryManifest, (manifest) => {
        const spec = parse(manifest);
        for (const window of windowSpecs(spec)) {
          assertWindowSpec(window);
          expect(spec.symbols.length * slotsPerWindow(window)).toBeLessThan(50_000_000);
        }
      }),
    );
  });
});
