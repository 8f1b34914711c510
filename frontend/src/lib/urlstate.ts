// The page's state in its address: `?f=EXPR&sel=country:NL&m=bytes&d=both&v=flat`. What is as usual is left out; what is
// not understood falls back to the usual, so an old or broken link still opens.

import type { Metric } from "../wire";
import { asText, fromText, type Selection } from "./selection";

export type Direction = "in" | "out" | "both";
export type Projection = "flat" | "globe";

export interface ViewState {
  readonly filter: string;
  readonly selection: Selection | null;
  readonly metric: Metric;
  readonly direction: Direction;
  readonly projection: Projection;
}

export const USUAL: ViewState = { filter: "", selection: null, metric: "bytes", direction: "both", projection: "flat" };

const METRICS: readonly Metric[] = ["bytes", "packets", "flows"];
const DIRECTIONS: readonly Direction[] = ["in", "out", "both"];
const PROJECTIONS: readonly Projection[] = ["flat", "globe"];

const oneOf = <T extends string>(choices: readonly T[], text: string | null, usual: T): T => choices.find((choice) => choice === text) ?? usual;

export function readUrl(search: string): ViewState {
  const query = new URLSearchParams(search);
  return {
    filter: query.get("f")?.trim() ?? "",
    selection: fromText(query.get("sel") ?? ""),
    metric: oneOf(METRICS, query.get("m"), USUAL.metric),
    direction: oneOf(DIRECTIONS, query.get("d"), USUAL.direction),
    projection: oneOf(PROJECTIONS, query.get("v"), USUAL.projection),
  };
}

export function writeUrl(view: ViewState): string {
  const query = new URLSearchParams();
  if (view.filter) query.set("f", view.filter);
  if (view.selection) query.set("sel", asText(view.selection));
  if (view.metric !== USUAL.metric) query.set("m", view.metric);
  if (view.direction !== USUAL.direction) query.set("d", view.direction);
  if (view.projection !== USUAL.projection) query.set("v", view.projection);
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}
