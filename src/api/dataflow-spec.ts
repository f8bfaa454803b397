import { z } from "zod";
import { durationField } from "./duration.ts";
import { formattedText } from "./formatted-text.ts";
import { projectIdField } from "./identifiers.ts";

/** How a feed's Dataflow jobs run. */
export const dataflowSchema = z.strictObject({
  template: z.enum(["TypeScript", "BeamYaml"]).default("TypeScript").meta({
    description: "TypeScript submits StockFeed's own Beam graph; BeamYaml launches Google's hosted template.",
  }),
  projectIds: z.array(projectIdField).min(1).max(20).meta({
    description: "Projects to place jobs in, in this order.",
    "x-kubernetes-list-type": "atomic",
  }),
  region: formattedText(
    { form: /^[a-z]+(-[a-z]+)+[0-9]{1,2}$/, most: 63 },
    { rule: "must be a Google Cloud region", fix: "Write a region, without a zone, such as europe-west2." },
  ).meta({ description: "Region of the jobs, such as europe-west2." }),
  tempLocation: formattedText(
    { form: /^gs:\/\/[a-z0-9][a-z0-9._-]*[a-z0-9](\/[!-~]*)?$/, most: 1024 },
    {
      rule: "must be a Cloud Storage location",
      fix: "Write a bucket, with a folder if need be, such as gs://acme/tmp.",
    },
  ).meta({ description: "Cloud Storage location of staged pipelines and temporary files." }),
  maxWorkers: z.int().min(1).max(1000).default(3).meta({ description: "Most workers of one job." }),
  updatePolicy: z
    .enum(["Replace", "DrainThenStart", "Overlap"])
    .default("Replace")
    .meta({
      description:
        "How a changed job takes over: Replace updates it in place (or drains it first for another template), DrainThenStart ends the old one first, " +
        "Overlap ends the old one once the new one runs.",
    }),
  drainTimeout: durationField("How long a drain may take before the job is cancelled.", {
    least: "1s",
    most: "24h",
  }).default("10m"),
});
