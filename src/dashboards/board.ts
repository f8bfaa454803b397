/** A board: what is on it, where, and how one gets to the others. */
import {
  type AnnotationContainer,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  defaultDashboard,
  type Panel,
  type RowPanel,
  type VariableModel,
  VariableType,
} from "@grafana/grafana-foundation-sdk/dashboard";

/** Panels under a heading. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Board {
  /** Name of its file and end of its UID. */
  readonly name: "operator" | "feed" | "market" | "dataflow";
  readonly title: string;
  /** What it answers, in a sentence. */
  readonly description: string;
  readonly variables: readonly VariableModel[];
  readonly sections: readonly Section[];
  /** How far back it looks at first, such as `now-3h`. */
  readonly from: string;
}

/** Grafana's classic model of a dashboard, which every version of it imports from a file. */
type GrafanaDashboard = ReturnType<typeof defaultDashboard>;

const COLUMNS = 24;
const BOARDS = { operator: "Operator", feed: "Feed", market: "Market", dataflow: "Dataflow" } as const;

/** UID of a board, which links and provisioning know it by. */
function boardUid(name: Board["name"]): string {
  return `stockfeed-${name}`;
}

/** The address of a board. @param query its variables, as `var-feed=…`; may have Grafana's variables in it */
export function boardUrl(name: Board["name"], ...query: readonly string[]): string {
  return `/d/${boardUid(name)}?${query.join("&")}`;
}

/** The board as Grafana reads it from a file. */
export function grafanaDashboard(board: Board): GrafanaDashboard {
  const { name, title, description, variables, sections, from } = board;
  return {
    ...defaultDashboard(),
    uid: boardUid(name),
    title: `StockFeed / ${title}`,
    description,
    tags: ["stockfeed"],
    graphTooltip: DashboardCursorSync.Crosshair,
    refresh: "30s",
    time: { from, to: "now" },
    links: linksFrom(board),
    templating: { list: [...variables] },
    annotations: { list: [] } satisfies AnnotationContainer,
    panels: placed(sections),
  };
}

/** Links to the other boards; they keep the time, and the data sources, project and dataset that both have. */
function linksFrom({ name, variables }: Board): NonNullable<GrafanaDashboard["links"]> {
  const query = variables
    .filter(({ type }) => type === VariableType.Datasource || type === VariableType.Textbox)
    .map((variable) => `var-${variable.name}=\${${variable.name}}`);
  return (Object.keys(BOARDS) as Board["name"][])
    .filter((other) => other !== name)
    .map((other) =>
      new DashboardLinkBuilder(BOARDS[other])
        .type(DashboardLinkType.Link)
        .icon("dashboard")
        .tooltip(`To the board ${BOARDS[other]}`)
        .url(boardUrl(other, ...query))
        .keepTime(true)
        .includeVars(false)
        .targetBlank(false)
        .build(),
    );
}

/** Panels beside each other while they fit, sections below each other. */
function placed(sections: readonly Section[]): (Panel | RowPanel)[] {
  const all: (Panel | RowPanel)[] = [];
  let y = 0;
  for (const { title, panels } of sections) {
    const id = all.length + 1;
    all.push({ type: "row", id, title, collapsed: false, panels: [], gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    let [x, height] = [0, 0];
    y += 1;
    for (const panel of panels) {
      const { w, h } = panel.gridPos ?? { w: COLUMNS, h: 8 };
      if (x + w > COLUMNS) [x, y, height] = [0, y + height, 0];
      all.push({ ...panel, id: all.length + 1, gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return all;
}
