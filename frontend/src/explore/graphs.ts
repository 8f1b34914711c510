// Saved graphs: what Explore was asked, kept at the server for all; and a few to begin with that are not kept anywhere.

import { ask, fields, list, text, type Fields } from "../lib/ask";
import { readSpan, spanText, type Span } from "../lib/timespan";
import { readState, USUAL, writeState, type ExploreState, type Params } from "./state";

/** When a FlowGraph graph was drawn: dates, times of day, days of the week (1 Monday to 7); none means always. */
export interface Schedule { readonly startDate: string; readonly stopDate: string; readonly startTime: string; readonly stopTime: string; readonly days: readonly number[] }

export interface Graph {
  readonly id: string;
  readonly title: string;
  readonly state: ExploreState;
  readonly filter: string;
  /** A range that does not move; null where `state.range` says it. */
  readonly span: Span | null;
  readonly mask: readonly Schedule[] | null;
}

const field = (of: Fields, ...names: string[]): unknown => names.map((name) => of[name]).find((value) => value !== undefined && value !== null);

/** A schedule in either spelling: ours, or FlowGraph's own. */
function schedule(of: Fields): Schedule {
  const days = field(of, "days", "dow", "DoW");
  const of_ = (...names: string[]): string => text(field(of, ...names));
  return { startDate: of_("start_date", "StartDate"), stopDate: of_("stop_date", "StopDate"), startTime: of_("start_time", "StartTime"), stopTime: of_("stop_time", "StopTime"), days: (Array.isArray(days) ? days : []).map(Number).filter((day) => day >= 1 && day <= 7) };
}

export function readGraph(of: Fields): Graph {
  const query = fields(of["query"]);
  const said = (name: string): string => (query[name] === undefined || query[name] === null ? "" : String(query[name]));
  const range = fields(of["range"]);
  const params: Params = {
    by: said("by"), len: said("prefix_length"), show: said("measure") || "bytes", sort: said("sort") === said("measure") ? "" : said("sort"), order: said("order"), top: said("top") || "10", per: said("per"), step: said("interval"), side: said("side"),
    prev: query["previous"] === true ? "1" : "", chart: text(of["chart"]), pct: of["percent"] === true ? "1" : "", range: text(of["range"]), graph: text(of["id"]),
  };
  const mask = list(of["mask"]).map(schedule);
  return { id: text(of["id"]), title: text(of["title"]), filter: text(query["filter"]), state: readState(params), span: text(of["range"]) ? null : readSpan(`${text(range["from"])}..${text(range["to"])}`), mask: mask.length > 0 ? mask : null };
}

/** What is not said is left out. */
const writeSchedule = ({ startDate, stopDate, startTime, stopTime, days }: Schedule): object =>
  Object.fromEntries(Object.entries({ start_date: startDate, stop_date: stopDate, start_time: startTime, stop_time: stopTime, days }).filter(([, value]) => value.length > 0));

const moment = (second: number): string => new Date(second * 1000).toISOString().replace(".000Z", "Z");

/** As the API takes it. */
export function writeGraph(title: string, state: ExploreState, filter: string, span: Span | null, mask: readonly Schedule[] | null): object {
  return {
    title, chart: state.chart, percent: state.percent, range: span === null ? state.range : { from: moment(span.from), to: moment(span.to) },
    query: {
      by: state.by, ...(state.prefix === null ? {} : { prefix_length: state.prefix }), measure: state.measure, sort: state.sort ?? state.measure, order: state.order, top: state.top, per: state.per,
      ...(state.step > 0 ? { interval: state.step } : {}), filter, side: state.side, previous: state.previous,
    },
    ...(mask === null ? {} : { mask: mask.map(writeSchedule) }),
  };
}

export const graphs = async (): Promise<Graph[]> => list((await ask("graphs"))["graphs"]).map(readGraph);
const one = (answer: Fields): Graph => readGraph(list(answer["graphs"])[0] ?? answer);
export const save = async (body: object): Promise<Graph> => one(await ask("graphs", "POST", body));
export const update = async (id: string, body: object): Promise<Graph> => one(await ask(`graphs/${encodeURIComponent(id)}`, "PUT", body));
export const remove = async (id: string): Promise<void> => void (await ask(`graphs/${encodeURIComponent(id)}`, "DELETE"));
/** Takes FlowGraph's graphs.json; says how many came. */
export const take = async (file: object): Promise<number> => list((await ask("graphs/import", "POST", file))["graphs"]).length;

/** Whether the graph is shown as it was saved. */
export function isChanged(graph: Graph, state: ExploreState, filter: string, span: Span | null): boolean {
  const plain = (of: ExploreState): string => JSON.stringify(writeState({ ...of, graph: "", labels: USUAL.labels, range: "" }));
  const when = (of: ExploreState, span: Span | null): string => (span === null ? of.range : spanText(span));
  return plain(graph.state) !== plain(state) || graph.filter !== filter || when(graph.state, graph.span) !== when(state, span);
}

export type StartName = "countries" | "networks" | "talkers" | "services" | "asn" | "asnBars";
/** To begin with; `asn` and `asnBars` are asn_report's page. */
export const STARTS: ReadonlyArray<readonly [StartName, Partial<ExploreState>]> = [
  ["countries", { by: "country", range: "-24h" }],
  ["networks", { by: "asn", range: "-7d", previous: true, chart: "lines" }],
  ["talkers", { by: "host", range: "-1h", chart: "hbars", measure: "bytes" }],
  ["services", { by: "service", range: "-24h", measure: "pps", chart: "bars" }],
  ["asn", { by: "asn", range: "-24h", side: "destination", chart: "pie", measure: "bytes", top: 15 }],
  ["asnBars", { by: "asn", range: "-24h", side: "destination", chart: "hbars", measure: "bytes", top: 15 }],
];

/** Monday to Friday as one, single days as they come. */
function daysText(days: readonly number[], names: readonly string[]): string {
  const sorted = [...new Set(days)].sort((a, b) => a - b);
  const run = sorted.length > 2 && (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) === sorted.length - 1;
  const name = (day: number | undefined): string => names[(day ?? 1) - 1] ?? "";
  return run ? `${name(sorted[0])}–${name(sorted.at(-1))}` : sorted.map(name).join(", ");
}

/** A mask in words: Mon–Fri 08:00–18:00; or Sat, Sun. */
export function maskText(mask: readonly Schedule[], words: { always: string; days: readonly string[]; dates: (from: string, to: string) => string }): string {
  const said = mask.map(({ startDate, stopDate, startTime, stopTime, days }) =>
    [startDate || stopDate ? words.dates(startDate, stopDate) : "", daysText(days, words.days), startTime || stopTime ? `${startTime || "00:00"}–${stopTime || "24:00"}` : ""].filter(Boolean).join(" ") || words.always);
  return said.length === 0 ? words.always : said.join(" · ");
}
