// What Explore is asked to show, and its part of the address: only what is not as usual is written there. `range` is there for a range
// that moves; one that does not is the `t` of every page.

import { DIMENSIONS, LABELS, prefixOf, type Dimension, type LabelMode } from "./dimensions";
import { MEASURES, type Measure } from "./measures";

export const CHARTS = ["area", "bars", "lines", "scatter", "pie", "hbars"] as const;
export type Chart = (typeof CHARTS)[number];
export const SIDES = ["both", "source", "destination"] as const;
export type Side = (typeof SIDES)[number];
/** Seconds of an interval that can be chosen; 0: as long as gives about 200. */
export const STEPS = [0, 10, 60, 300, 600, 1800, 3600, 21_600, 86_400] as const;
export const TOPS = [5, 8, 10, 15, 20, 50, 0] as const;

/** The part of it that a saved graph keeps. */
export interface Question {
  readonly by: Dimension;
  /** Null: as long as is usual for the dimension. */
  readonly prefix: number | null;
  readonly measure: Measure;
  /** What rows are ranked by; null: by the measure. */
  readonly sort: Measure | null;
  readonly order: "desc" | "asc";
  readonly top: number;
  readonly per: "range" | "interval";
  readonly step: number;
  readonly side: Side;
  readonly previous: boolean;
}

export interface ExploreState extends Question {
  readonly chart: Chart;
  readonly percent: boolean;
  readonly labels: LabelMode;
  /** As it was written. */
  readonly range: string;
  /** The saved graph it began with; empty for none. */
  readonly graph: string;
}

export const USUAL: ExploreState = {
  by: "country", prefix: null, measure: "bps", sort: null, order: "desc", top: 8, per: "range", step: 0, side: "both", previous: false, chart: "area", percent: false, labels: "both", range: "-1h", graph: "",
};

export type Params = Readonly<Record<string, string>>;

const oneOf = <T extends string>(choices: readonly T[], text: string | undefined, usual: T): T => choices.find((choice) => choice === text) ?? usual;
const whole = (text: string | undefined, most: number): number | null => (text !== undefined && /^\d{1,9}$/.test(text) && Number(text) <= most ? Number(text) : null);

const DAY_S = 86_400;
const TOP_MOST = 1000;
const RANGE_LONGEST = 80;

export function readState(of: Params): ExploreState {
  const by = oneOf(DIMENSIONS, of["by"], USUAL.by);
  return {
    by, prefix: whole(of["len"], prefixOf(by)?.[0] ?? -1), measure: oneOf(MEASURES, of["show"], USUAL.measure), sort: MEASURES.find((measure) => measure === of["sort"]) ?? null,
    order: oneOf(["desc", "asc"], of["order"], USUAL.order), top: whole(of["top"], TOP_MOST) ?? USUAL.top, per: oneOf(["range", "interval"], of["per"], USUAL.per), step: whole(of["step"], 30 * DAY_S) ?? USUAL.step,
    side: oneOf(SIDES, of["side"], USUAL.side), previous: of["prev"] === "1", chart: oneOf(CHARTS, of["chart"], USUAL.chart), percent: of["pct"] === "1", labels: oneOf(LABELS, of["label"], USUAL.labels),
    range: (of["range"] ?? "").slice(0, RANGE_LONGEST).trim() || USUAL.range, graph: /^[\w-]{1,64}$/.exec(of["graph"] ?? "")?.[0] ?? "",
  };
}

export function writeState(state: ExploreState): Params {
  const all: Record<string, string> = {
    by: state.by, len: state.prefix === null ? "" : String(state.prefix), show: state.measure, sort: state.sort ?? "", order: state.order, top: String(state.top), per: state.per, step: String(state.step), side: state.side,
    prev: state.previous ? "1" : "", chart: state.chart, pct: state.percent ? "1" : "", label: state.labels, range: state.range, graph: state.graph,
  };
  const usual: Record<string, string> = { by: USUAL.by, show: USUAL.measure, order: USUAL.order, top: String(USUAL.top), per: USUAL.per, step: String(USUAL.step), side: USUAL.side, chart: USUAL.chart, label: USUAL.labels, range: USUAL.range };
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => value !== (usual[name] ?? "")));
}

/** As the API is asked; `from` and `to` in seconds. */
export function parameters(state: ExploreState, filter: string, { from, to }: { from: number; to: number }): URLSearchParams {
  const moment = (second: number): string => new Date(second * 1000).toISOString().replace(".000Z", "Z");
  const wanted = { by: state.by, measure: state.measure, sort: state.sort ?? state.measure, order: state.order, top: String(state.top), per: state.per, from: moment(from), to: moment(to), side: state.side, filter };
  const query = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
  const usual = prefixOf(state.by)?.[1];
  if (usual !== undefined) query.set("prefix_length", String(state.prefix ?? usual));
  if (state.step > 0) query.set("interval", String(state.step));
  if (state.previous) query.set("previous", "true");
  return query;
}
