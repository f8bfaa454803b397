import { Chart, Testing } from "cdk8s";
import { describe, expect, it } from "vitest";
import { parseManifests } from "../src/api/parse.ts";
import { StockFeed, type StockFeedSpecInput } from "./stock-feed.ts";

const spec: StockFeedSpecInput = { symbols: ["AAPL"], provider: { type: "Simulated" } };

/** What a chart with one such feed is made of. */
function synth(of: StockFeedSpecInput) {
  const chart = new Chart(Testing.app(), "feeds", { namespace: "markets", labels: { team: "quant" } });
  new StockFeed(chart, "tech", { metadata: { name: "tech" }, spec: of });
  return Testing.synth(chart) as unknown[];
}

describe("a StockFeed in a chart", () => {
  it("is a manifest that is valid, with nothing in it that was not said", () => {
    const [manifest] = synth(spec);
    expect(manifest).toEqual({
      apiVersion: "stockfeed.dev/v1alpha1",
      kind: "StockFeed",
      metadata: { name: "tech", namespace: "markets", labels: { team: "quant" } },
      spec,
    });
    expect(parseManifests([{ source: "chart", text: JSON.stringify(manifest) }])).toMatchObject({ ok: true });
  });

  it("is refused as it is made where the API server would refuse it, naming field, value and mend", () => {
    expect(() => synth({ ...spec, polling: { interval: "7s" } })).toThrow(
      /spec\.polling\.interval is "?7s"? but .*divide a minute/,
    );
    expect(() => synth({ ...spec, symbols: [] })).toThrow(/spec\.symbols/);
  });
});
