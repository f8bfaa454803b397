import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partSharing } from "./part-sharing.ts";

const probe = () => ({ httpGet: { path: "/healthz", port: "metrics" }, periodSeconds: 10 });

describe("parts of objects that are shared", () => {
  it("are the same object where they are equal, whatever they are part of", () => {
    const share = partSharing();
    const [one, other] = [share({ name: "a", probe: probe() }), share([{ name: "b", deep: { probe: probe() } }])];
    expect(other[0]?.deep.probe).toBe(one.probe);
  });

  it("leave every object as it reads, order of fields and elements too", () => {
    const share = partSharing();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(share(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("are told apart from lists with the same content, and from the same fields in another order", () => {
    const share = partSharing();
    const [object, list] = [share({ 0: "a" }), share(["a"])];
    expect([object, list]).toEqual([{ 0: "a" }, ["a"]]);
    expect(Object.keys(share({ b: 1, a: 1 }))).toEqual(["b", "a"]);
    expect(Object.keys(share({ a: 1, b: 1 }))).toEqual(["a", "b"]);
  });
});
