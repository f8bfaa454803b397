import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REQUEST_BUCKETS, type RequestDurations, requestDurationsSchema, withRequest } from "./request-durations.ts";

const tally = (durations: readonly number[]) => durations.reduce<RequestDurations | undefined>(withRequest, undefined);

describe("durations of requests", () => {
  it("count each request once, by the least bound that it was within", () => {
    expect(tally([0.05, 0.051, 0.1, 0.2, 4, 5, 5.001])).toEqual({
      within: { "0.05": 1, "0.1": 2, "0.25": 1, "5": 2, Infinity: 1 },
      seconds: 14.402,
    });
  });

  it("add up to the millisecond, whatever the order", () => {
    const milliseconds = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(milliseconds, (all) => {
        const told = tally(all.map((each) => each / 1000));
        expect(told?.seconds).toBe(all.reduce((sum, each) => sum + each, 0) / 1000);
        for (const bound of REQUEST_BUCKETS) {
          const upTo = Object.entries(told?.within ?? {}).filter(([each]) => Number(each) <= bound);
          const counted = upTo.reduce((sum, [, count]) => sum + count, 0);
          expect(counted).toBe(all.filter((each) => each / 1000 <= bound).length);
        }
      }),
    );
  });

  it("take no time where the clock was set back meanwhile", () => {
    expect(tally([-3600])).toEqual({ within: { "0.05": 1 }, seconds: 0 });
  });

  it("of another version, with other bounds, go into the next greater bucket", () => {
    const within = { "0.01": 1, "0.05": 2, "0.3": 4, "10": 8, Infinity: 16, soon: 32 };
    expect(requestDurationsSchema.parse({ within, seconds: 9 })).toEqual({
      within: { "0.05": 3, "0.5": 4, Infinity: 56 },
      seconds: 9,
    });
  });
});
