// From the store's document to what is drawn and listed: series in the order of their rank, what is below the top last, each key with a
// colour that stays its own while one dimension is looked at.

import { covered } from "../lib/privacy";
import { labelOf, nameOf, type Dimension, type KeyName, type LabelMode } from "./dimensions";
import type { KeySums, Part, QueryDocument, Sums } from "./document";
import { addsUp, COUNTED, shareOf, valueAt, type Counts, type Measure } from "./measures";

export type Values = readonly (number | null)[];

export interface Series {
  readonly key: string;
  readonly name: KeyName;
  readonly label: string;
  /** Which of the series' colours; null for what is below the top. */
  readonly slot: number | null;
  readonly values: Values;
  /** The same key one range before; null where that was not asked for. */
  readonly previous: Values | null;
  readonly sums: Sums;
  readonly before: Sums | null;
}

export interface Model {
  readonly at: readonly number[];
  readonly interval: number;
  /** The intervals as a whole: the first may begin before the range, the last end after it. */
  readonly from: number;
  readonly to: number;
  readonly measure: Measure;
  readonly percent: boolean;
  /** Whether values may be laid on each other. */
  readonly stacks: boolean;
  readonly series: readonly Series[];
  /** All of the filtered traffic; where both ends count, less than the keys together. */
  readonly total: Values;
  readonly previousTotal: Values | null;
  readonly sums: Sums;
  readonly before: Sums | null;
  readonly gaps: QueryDocument["gaps"];
}

export interface Wish { by: Dimension; measure: Measure; percent: boolean; labels: LabelMode; words: { unknown: string; other: (keys: number) => string } }

/** More than this cannot be told apart in a chart; the table has them all. */
export const DRAWN_MOST = 24;

/** Colours by key: the first come gets the first, and keeps it until another dimension is looked at. */
export class Slots {
  #by = "";
  #slots = new Map<string, number>();

  take(by: string, keys: readonly string[]): ReadonlyMap<string, number> {
    if (by !== this.#by) [this.#by, this.#slots] = [by, new Map()];
    for (const key of [...this.#slots.keys()]) if (!keys.includes(key)) this.#slots.delete(key);
    const used = new Set(this.#slots.values());
    let next = 0;
    for (const key of keys.slice(0, DRAWN_MOST)) {
      if (this.#slots.has(key)) continue;
      while (used.has(next)) next += 1;
      used.add(next);
      this.#slots.set(key, next);
    }
    return this.#slots;
  }
}

const added = (a: Values, b: Values): (number | null)[] => a.map((value, i) => (value === null && (b[i] ?? null) === null ? null : (value ?? 0) + (b[i] ?? 0)));
const plus = (a: number | null, b: number | null): number | null => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));
const NOTHING = { min: null, avg: null, p95: null, max: null, last: null, total: null };

/** Several keys as one. */
export function joined(parts: readonly Sums[]): Sums | null {
  const [first, ...rest] = parts;
  if (first === undefined) return null;
  const sum = (pick: (of: Sums) => Values): Values => rest.reduce((all, of) => added(all, pick(of)), pick(first));
  const totals = { ...first.totals };
  for (const of of rest) for (const measure of [...COUNTED, "bps", "pps"] as const) totals[measure] = plus(totals[measure], of.totals[measure]);
  totals.bpp = totals.packets ? (totals.bytes ?? 0) / totals.packets : null;
  const percent = Object.fromEntries(COUNTED.map((what) => [what, parts.reduce<number | null>((all, of) => plus(all, of.percent[what]), null)])) as Sums["percent"];
  return { bytes: sum((of) => of.bytes), packets: sum((of) => of.packets), flows: sum((of) => of.flows), totals, percent, summary: rest.length === 0 ? first.summary : NOTHING };
}

/** The values of a row as they are drawn. */
function values(counts: Counts, of: Part, { measure, percent }: Wish, interval: number): Values {
  return of.at.map((_, i) => {
    const value = valueAt(counts, i, measure, interval);
    if (!percent || !addsUp(measure)) return value;
    const whole = valueAt(of.total, i, measure, interval);
    return value === null || whole === null || whole === 0 ? null : (value / whole) * 100;
  });
}

/** As long as `length`: the range before may have one interval more or less. */
const fitted = (of: Values, length: number): Values => Array.from({ length }, (_, i) => of[i] ?? null);

function series(row: KeySums, document: QueryDocument, wish: Wish, slot: number | null): Series {
  const masked = covered(row.key);
  const name = nameOf(wish.by, masked, masked === row.key ? row.name : "", wish.words.unknown);
  const before = document.previous?.keys.find(({ key }) => key === row.key) ?? null;
  const previous = document.previous === null ? null : before === null ? document.at.map(() => null) : fitted(values(before, document.previous, wish, document.interval), document.at.length);
  return { key: row.key, name, label: labelOf(name, wish.by, wish.labels), slot, values: values(row, document, wish, document.interval), previous, sums: row, before };
}

export function modelOf(document: QueryDocument, wish: Wish, slots: Slots): Model {
  const taken = slots.take(wish.by, document.keys.map(({ key }) => key));
  const all = document.keys.map((row) => series(row, document, wish, taken.get(row.key) ?? null));
  const percent = wish.percent && addsUp(wish.measure);
  const [first, last] = [document.at[0] ?? document.from, document.at.at(-1) ?? document.to - document.interval];
  const before = document.previous;
  const beneath = joined([...(document.other === null ? [] : [document.other])]);
  const label = wish.words.other(document.other?.keys ?? 0);
  const other: Series[] = beneath === null ? [] : [{ key: "", name: { code: "", name: label }, label, slot: null, values: values(beneath, document, wish, document.interval), previous: null, sums: beneath, before: before?.other ?? null }];
  return {
    at: document.at, interval: document.interval, from: Math.min(document.from, first), to: Math.max(document.to, last + document.interval), measure: wish.measure, percent, stacks: addsUp(wish.measure), series: [...all, ...other],
    total: values(document.total, document, wish, document.interval), previousTotal: before === null ? null : fitted(values(stackBefore(before), before, wish, document.interval), document.at.length),
    sums: document.total, before: before?.total ?? null, gaps: document.gaps,
  };
}

/** The height of the stack one range before: all keys and what is below them, where the server says that; else the total. */
const stackBefore = (before: Part): Sums => (before.other === null ? before.total : (joined([...before.keys, before.other]) ?? before.total));

/** What is drawn of it: the first series, and all others as one. */
export function drawn(model: Model, other: (keys: number) => string): readonly Series[] {
  const named = model.series.filter(({ key, slot }) => key !== "" || slot !== null);
  const last = model.series.find(({ key, slot }) => key === "" && slot === null);
  if (named.length <= DRAWN_MOST) return model.series;
  const rest = [...named.slice(DRAWN_MOST), ...(last === undefined ? [] : [last])];
  const sums = joined(rest.map(({ sums }) => sums));
  if (sums === null) return model.series;
  const label = other(named.length - DRAWN_MOST);
  const values = model.measure === "bpp" ? sums.bytes.map((_, i) => valueAt(sums, i, model.measure, model.interval)) : rest.reduce<Values>((all, of) => added(all, of.values), model.at.map(() => null));
  return [...named.slice(0, DRAWN_MOST), { key: "", name: { code: "", name: label }, label, slot: null, values, previous: null, sums, before: null }];
}

/** The change against the range before, as a share of it; null where there was nothing. */
export function change(now: Sums, before: Sums | null, measure: Measure): number | null {
  const [a, b] = [now.totals[measure], before?.totals[measure] ?? null];
  return a === null || b === null || b === 0 ? null : (a - b) / b;
}

/** The share of the total of what the measure counts; null for averages. */
export const shareIn = (sums: Sums, measure: Measure): number | null => (addsUp(measure) ? sums.percent[shareOf(measure)] : null);
