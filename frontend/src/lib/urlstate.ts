// The page's state in its address: `/alerts/ID?tab=all&sev=high&rule=scan&t=FROM..TO&f=EXPR&sel=country:NL&m=bytes&d=both&v=flat`,
// `/country/NL`, `/prefix/192.0.2.0/24`. What is as usual is left out; what is not understood falls back to the usual, so an old
// or broken link still opens.

import type { Metric } from "../wire";
import { SEVERITIES, TABS, type Severity, type Tab } from "./alerts";
import { asText, fromText, type Selection } from "./selection";
import { readSpan, spanText, type Span } from "./timespan";

export type Direction = "in" | "out" | "both";
export type Projection = "flat" | "globe";
/** The world, and the five regions of TSA's maps. */
export const REGIONS = ["world", "africa", "asia", "europe", "north", "south"] as const;
export type Region = (typeof REGIONS)[number];

/** Pages without a subject, by the first part of their path. */
const PLAIN = ["alerts", "explore", "hosts", "packets", "block", "system", "wall"] as const;
export type Page = "overview" | "entity" | (typeof PLAIN)[number];

/** What has a page of its own, by the first part of its path. */
const ENTITY_PATHS = { country: "country", as: "asn", prefix: "prefix", host: "host", domain: "domain" } as const;
export type EntityDimension = (typeof ENTITY_PATHS)[keyof typeof ENTITY_PATHS];
export interface Entity extends Selection { dimension: EntityDimension }

export interface ViewState {
  readonly page: Page;
  /** Whose page it is; null on all pages but those of entities. */
  readonly entity: Entity | null;
  /** The alert that is open beside the list. */
  readonly alert: string | null;
  readonly tab: Tab;
  /** The least severity listed. */
  readonly severity: Severity;
  /** A rule, or a family of rules; empty for all. */
  readonly rule: string;
  /** The part of the past that everything is of; null for now. */
  readonly range: Span | null;
  readonly filter: string;
  readonly selection: Selection | null;
  readonly metric: Metric;
  readonly direction: Direction;
  readonly projection: Projection;
  /** The part of the flat map that fills the frame. */
  readonly region: Region;
  /** What Explore shows; it reads it itself. */
  readonly explore: Readonly<Record<string, string>>;
}

export const USUAL: ViewState = {
  page: "overview", entity: null, alert: null, tab: "inbox", severity: "info", rule: "",
  range: null, filter: "", selection: null, metric: "bytes", direction: "both", projection: "flat", region: "world", explore: {},
};

/** Explore's own part of the address. */
const EXPLORE = ["by", "len", "show", "chart", "top", "sort", "order", "per", "step", "side", "pct", "prev", "label", "range", "graph"] as const;

const METRICS: readonly Metric[] = ["bytes", "packets", "flows"];
const DIRECTIONS: readonly Direction[] = ["in", "out", "both"];
const PROJECTIONS: readonly Projection[] = ["flat", "globe"];

const oneOf = <T extends string>(choices: readonly T[], text: string | null, usual: T): T => choices.find((choice) => choice === text) ?? usual;

type Where = Pick<ViewState, "page" | "entity" | "alert">;
const OVERVIEW: Where = { page: "overview", entity: null, alert: null };

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

function readEntity(first: string, rest: string): Where | null {
  const dimension = Object.entries(ENTITY_PATHS).find(([path]) => path === first)?.[1];
  const selection = dimension === undefined ? null : fromText(`${dimension}:${decoded(rest)}`);
  return dimension === undefined || selection === null ? null : { page: "entity", entity: { dimension, key: selection.key }, alert: null };
}

/** `/alerts/00000012`, `/block`, `/as/1136`; anything else is the overview. */
function readPath(path: string): Where {
  const [, first = "", rest = ""] = /^\/([a-z]*)\/?(.*?)\/?$/.exec(path) ?? [];
  if (first === "alerts") return { ...OVERVIEW, page: "alerts", alert: /^[\w-]{1,64}$/.exec(rest)?.[0] ?? null };
  const plain = PLAIN.find((page) => page === first);
  return plain === undefined ? (readEntity(first, rest) ?? OVERVIEW) : { ...OVERVIEW, page: plain };
}

const entityPath = ({ dimension, key }: Entity): string => {
  const path = Object.entries(ENTITY_PATHS).find(([, known]) => known === dimension)?.[0] ?? "";
  return `/${path}/${encodeURIComponent(key).replaceAll("%3A", ":").replaceAll("%2F", "/")}`;
};

function pathOf({ page, entity, alert }: ViewState): string {
  if (page === "entity" && entity !== null) return entityPath(entity);
  if (page === "alerts" && alert !== null) return `/alerts/${alert}`;
  return page === "overview" || page === "entity" ? "/" : `/${page}`;
}

/** The page of a selection, where it has one; its filter and measure go along, its selection has become the page. */
export function entityOf(selection: Selection): Entity | null {
  const dimension = Object.values(ENTITY_PATHS).find((known) => known === selection.dimension);
  return dimension === undefined ? null : { dimension, key: selection.key };
}

export const entityView = (entity: Entity): Partial<ViewState> => ({ page: "entity", entity, alert: null, selection: null });

export function readUrl(search: string, path = "/"): ViewState {
  const query = new URLSearchParams(search);
  return {
    ...readPath(path),
    tab: oneOf(TABS, query.get("tab"), USUAL.tab),
    severity: oneOf(SEVERITIES, query.get("sev"), USUAL.severity),
    rule: /^[\w.]{1,64}$/.exec(query.get("rule") ?? "")?.[0] ?? "",
    range: readSpan(query.get("t")),
    filter: query.get("f")?.trim() ?? "",
    selection: fromText(query.get("sel") ?? ""),
    metric: oneOf(METRICS, query.get("m"), USUAL.metric),
    direction: oneOf(DIRECTIONS, query.get("d"), USUAL.direction),
    projection: oneOf(PROJECTIONS, query.get("v"), USUAL.projection),
    region: oneOf(REGIONS, query.get("r"), USUAL.region),
    explore: Object.fromEntries(EXPLORE.flatMap((name) => (query.get(name) === null ? [] : [[name, query.get(name) ?? ""]]))),
  };
}

export function writeUrl(view: ViewState): string {
  const query = new URLSearchParams();
  if (view.tab !== USUAL.tab) query.set("tab", view.tab);
  if (view.severity !== USUAL.severity) query.set("sev", view.severity);
  if (view.rule) query.set("rule", view.rule);
  if (view.range) query.set("t", spanText(view.range));
  if (view.filter) query.set("f", view.filter);
  if (view.selection) query.set("sel", asText(view.selection));
  if (view.metric !== USUAL.metric) query.set("m", view.metric);
  if (view.direction !== USUAL.direction) query.set("d", view.direction);
  if (view.projection !== USUAL.projection) query.set("v", view.projection);
  if (view.region !== USUAL.region) query.set("r", view.region);
  if (view.page === "explore") for (const name of EXPLORE) if (view.explore[name]) query.set(name, view.explore[name]);
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

/** The whole address, without the host. */
export const address = (view: ViewState): string => pathOf(view) + writeUrl(view);
