// The page's state in its address: `/alerts/ID?tab=all&sev=high&rule=scan&f=EXPR&sel=country:NL&m=bytes&d=both&v=flat`.
// What is as usual is left out; what is not understood falls back to the usual, so an old or broken link still opens.

import type { Metric } from "../wire";
import { SEVERITIES, TABS, type Severity, type Tab } from "./alerts";
import { asText, fromText, type Selection } from "./selection";

export type Direction = "in" | "out" | "both";
export type Projection = "flat" | "globe";

export type Page = "overview" | "alerts";

export interface ViewState {
  readonly page: Page;
  /** The alert that is open beside the list. */
  readonly alert: string | null;
  readonly tab: Tab;
  /** The least severity listed. */
  readonly severity: Severity;
  /** A rule, or a family of rules; empty for all. */
  readonly rule: string;
  readonly filter: string;
  readonly selection: Selection | null;
  readonly metric: Metric;
  readonly direction: Direction;
  readonly projection: Projection;
}

export const USUAL: ViewState = {
  page: "overview", alert: null, tab: "inbox", severity: "info", rule: "",
  filter: "", selection: null, metric: "bytes", direction: "both", projection: "flat",
};

const METRICS: readonly Metric[] = ["bytes", "packets", "flows"];
const DIRECTIONS: readonly Direction[] = ["in", "out", "both"];
const PROJECTIONS: readonly Projection[] = ["flat", "globe"];

const oneOf = <T extends string>(choices: readonly T[], text: string | null, usual: T): T => choices.find((choice) => choice === text) ?? usual;

/** `/alerts/00000012`; anything else is the overview. */
function readPath(path: string): Pick<ViewState, "page" | "alert"> {
  const [, page, id] = /^\/(alerts)(?:\/([\w-]{1,64}))?\/?$/.exec(path) ?? [];
  return page === undefined ? { page: "overview", alert: null } : { page: "alerts", alert: id ?? null };
}

const pathOf = ({ page, alert }: ViewState): string => (page === "overview" ? "/" : alert === null ? "/alerts" : `/alerts/${alert}`);

export function readUrl(search: string, path = "/"): ViewState {
  const query = new URLSearchParams(search);
  return {
    ...readPath(path),
    tab: oneOf(TABS, query.get("tab"), USUAL.tab),
    severity: oneOf(SEVERITIES, query.get("sev"), USUAL.severity),
    rule: /^[\w.]{1,64}$/.exec(query.get("rule") ?? "")?.[0] ?? "",
    filter: query.get("f")?.trim() ?? "",
    selection: fromText(query.get("sel") ?? ""),
    metric: oneOf(METRICS, query.get("m"), USUAL.metric),
    direction: oneOf(DIRECTIONS, query.get("d"), USUAL.direction),
    projection: oneOf(PROJECTIONS, query.get("v"), USUAL.projection),
  };
}

export function writeUrl(view: ViewState): string {
  const query = new URLSearchParams();
  if (view.tab !== USUAL.tab) query.set("tab", view.tab);
  if (view.severity !== USUAL.severity) query.set("sev", view.severity);
  if (view.rule) query.set("rule", view.rule);
  if (view.filter) query.set("f", view.filter);
  if (view.selection) query.set("sel", asText(view.selection));
  if (view.metric !== USUAL.metric) query.set("m", view.metric);
  if (view.direction !== USUAL.direction) query.set("d", view.direction);
  if (view.projection !== USUAL.projection) query.set("v", view.projection);
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

/** The whole address, without the host. */
export const address = (view: ViewState): string => pathOf(view) + writeUrl(view);
