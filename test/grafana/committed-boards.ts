/** The boards as they are committed, read as Grafana would: nothing of the source that they are made of. */
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../charts/stockfeed-operator/dashboards/", import.meta.url);

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly expr?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly rawSql?: string;
}

export interface PanelFile {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly decimals?: number;
      readonly noValue?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
      readonly links?: readonly { readonly title: string; readonly url: string }[];
      readonly custom?: Readonly<Record<string, unknown>>;
    };
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly transformations?: readonly { readonly id: string; readonly options: Readonly<Record<string, unknown>> }[];
}

export interface BoardFile {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly panels: readonly PanelFile[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly label: string;
      readonly description: string;
      readonly query: string | { readonly rawSql: string };
      readonly regex?: string;
    }[];
  };
}

/** Each committed board, by its file's name. */
export function committedBoards(): ReadonlyMap<string, BoardFile> {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  return new Map(
    files.map((name) => [
      name.replace(/\.json$/, ""),
      JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as BoardFile,
    ]),
  );
}

/** Panels that show something: rows are headings. */
export function panelsOf({ panels }: BoardFile): readonly PanelFile[] {
  return panels.filter(({ type }) => type !== "row");
}
