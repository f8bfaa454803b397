import { ApiObject, type ApiObjectMetadata } from "cdk8s";
import type { Construct } from "constructs";
import type { z } from "zod";
import { findings } from "../src/api/issue-wording.ts";
import { formatPath } from "../src/api/problem.ts";
import { API_VERSION, KIND, type specSchema, stockFeedSchema } from "../src/api/stockfeed.ts";

/** A spec as people write it: what has a default may be left out. */
export type StockFeedSpecInput = z.input<typeof specSchema>;

export interface StockFeedProps {
  /** Name, namespace, labels and annotations; a name is made of the construct's path where none is given. */
  readonly metadata?: ApiObjectMetadata;
  readonly spec: StockFeedSpecInput;
}

/**
 * A StockFeed in a cdk8s chart. What the API server would refuse is refused as the chart is made, with the same words; of
 * the defaults none is written, so that a later version's apply.
 */
export class StockFeed extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: StockFeedProps) {
    super(scope, id, { apiVersion: API_VERSION, kind: KIND, ...(metadata && { metadata }), spec });
    this.node.addValidation({ validate: () => problemsOf(this.toJson()) });
  }
}

/** What is wrong with a manifest, a sentence each. */
function problemsOf(manifest: unknown): string[] {
  const parsed = stockFeedSchema.safeParse(manifest, { reportInput: true });
  return (parsed.error?.issues ?? [])
    .flatMap((issue) => findings(issue, manifest))
    .map(({ path, value, rule, fix }) => {
      const found = value === undefined ? "" : ` is ${value} but`;
      return `${formatPath(path)}${found} ${rule}. ${fix}`;
    });
}
