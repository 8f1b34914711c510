// The series topic (a row a second) as columns for charts: ordered, gaps as zero, seconds joined into buckets so that
// a chart has about as many points as it can show. Rates are per second.

import type { TableView } from "../table";

export interface Series {
  /** Start of the first bucket and length of each, seconds of packet time. */
  start: number;
  step: number;
  /** Buckets before the first whole one: unknown, so not drawn. */
  lead: number;
  bits_in: Float64Array;
  bits_out: Float64Array;
  packets: Float64Array;
}

export const LONGEST_S = 900;
const SHORTEST_S = 60;
const POINTS_MOST = 180;

export const EMPTY_SERIES: Series = { start: 0, step: 1, lead: 0, bits_in: new Float64Array(), bits_out: new Float64Array(), packets: new Float64Array() };

/** What was recorded, so that a fresh start does not show an empty quarter of an hour. */
const spanOf = (recorded: number, longest: number): number => Math.min(longest, Math.max(SHORTEST_S, recorded));

/** Seconds that a row stands for: one, unless the table says otherwise. */
const rowOf = (table: TableView): number => Math.max(1, table.number("seconds", 0));

/** The rows of a table, the latest `longest` seconds of them. */
export function readSeries(table: TableView, longest = LONGEST_S): Series {
  const seconds = table.keys.map(Number);
  if (seconds.length === 0) return EMPTY_SERIES;
  const row = rowOf(table);
  const past = table.about !== null;
  const [first, last] = [seconds.reduce((a, b) => Math.min(a, b)), seconds.reduce((a, b) => Math.max(a, b))];
  const recorded = last - first + row;
  const span = past ? Math.min(longest, recorded) : spanOf(recorded, longest);
  const step = row * Math.max(1, Math.ceil(span / row / POINTS_MOST));
  const start = past ? last + row - span : Math.floor((last + row - span) / step) * step;
  const buckets = Math.floor((last - start) / step) + 1;
  const lead = Math.max(0, Math.ceil((first - start) / step));
  const series: Series = { start, step, lead, bits_in: new Float64Array(buckets), bits_out: new Float64Array(buckets), packets: new Float64Array(buckets) };
  for (const [index, second] of seconds.entries()) add(series, table, index, second);
  return past ? series : lastWhole(series, last);
}

function add(series: Series, table: TableView, row: number, second: number): void {
  const i = Math.floor((second - series.start) / series.step);
  if (i < 0) return;
  const n = (column: string): number => table.number(column, row) / series.step;
  series.bits_in[i] = (series.bits_in[i] ?? 0) + n("bytes_in") * 8;
  series.bits_out[i] = (series.bits_out[i] ?? 0) + n("bytes_out") * 8;
  series.packets[i] = (series.packets[i] ?? 0) + n("packets_in") + n("packets_out") + n("packets_other");
}

/** A bucket that is not full yet would show a fall that never was; the second under way likewise. */
function lastWhole(series: Series, last: number): Series {
  const count = series.bits_in.length;
  const whole = series.step === 1 ? count - 1 : Math.floor((last - series.start) / series.step);
  if (whole < 2 || whole >= count) return series;
  return { ...series, bits_in: series.bits_in.subarray(0, whole), bits_out: series.bits_out.subarray(0, whole), packets: series.packets.subarray(0, whole) };
}

export const timeAt = (series: Series, i: number): number => (series.start + i * series.step) * 1000;

/** The bucket of an instant (ms), or −1 outside. */
export function indexAt(series: Series, ms: number): number {
  const i = Math.floor((ms / 1000 - series.start) / series.step);
  return i >= 0 && i < series.bits_in.length ? i : -1;
}
