import type { z } from "zod";
import type { KubeObject } from "../../api/kube-object.ts";
import { type statusSchema } from "../../api/status.ts";
import { type StockFeed, stockFeedSchema } from "../../api/stockfeed.ts";
import { CliError } from "../cli-error.ts";

type Status = z.output<typeof statusSchema>;

/** A feed's columns, from an object that may be older or newer than this program: what is not there is empty. */
export interface FeedColumns {
  readonly provider: string;
  readonly symbols: string;
  readonly every: string;
  readonly engine: string;
  readonly suspended: boolean;
}

/** The columns of a feed as the API server has it. */
export function readFeed({ spec }: KubeObject): FeedColumns {
  const said = spec as {
    readonly provider?: { readonly type?: string };
    readonly symbols?: readonly string[];
    readonly polling?: { readonly interval?: string };
    readonly engine?: string;
    readonly suspend?: boolean;
  };
  return {
    provider: said.provider?.type ?? "",
    symbols: String(said.symbols?.length ?? ""),
    every: said.polling?.interval ?? "",
    engine: said.engine ?? "",
    suspended: said.suspend === true,
  };
}

/** What the operator says of it; empty before it has said anything. */
export function statusOf(feed: KubeObject): Pick<Status, "marketState" | "pipelines"> {
  return feed.status ?? {};
}

/** The feed's conditions; none before the operator has seen it. */
export function conditionsOf(feed: KubeObject): NonNullable<Status["conditions"]> {
  return (feed.status as Status | undefined)?.conditions ?? [];
}

/**
 * The feed with every default filled in.
 * @throws CliError for one that this version does not understand
 */
export function asStockFeed(feed: KubeObject): StockFeed {
  const parsed = stockFeedSchema.safeParse(feed);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? "" : ` ${issue.path.join(".")}: ${issue.message}`;
  throw new CliError(
    `This version does not understand ${feed.metadata.name}.${where} Is the plugin older than the CRD?`,
  );
}
