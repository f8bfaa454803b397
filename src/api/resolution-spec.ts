import { z } from "zod";
import { durationField } from "./duration.ts";

/** One sliding window over a feed's quotes. */
export const resolutionSchema = z
  .strictObject({
    window: durationField("Length of the sliding window: a whole multiple of polling.interval.", {
      least: "1s",
      most: "24h",
    }),
    offset: durationField(
      "Where windows start within the interval, below it; 5s unless said, or half the interval where that is less.",
      { least: "0s", most: "24h" },
    ).optional(),
    allowedLateness: durationField(
      "How long after a window's end a quote may still come and its row be written again.",
      {
        least: "0s",
        most: "24h",
      },
    ).default("60s"),
  })
  .meta({ description: "One sliding window." });
