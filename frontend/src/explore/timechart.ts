// Charts over time: stacked area, stacked bars, lines, scatter. Gaps stay gaps; the range before is a dashed line.

import { alpha } from "../map/palette";
import { colourOf, type Colours } from "./colours";
import type { Model, Series, Values } from "./model";
import { scaleOf } from "./measures";
import { box, cut, disc, through, type Mark, type Scene } from "./scene";
import { timeTicks, valueTicks } from "./ticks";

export type TimeShape = "area" | "bars" | "lines" | "scatter";
export interface Frame { width: number; height: number; colours: Colours; /** Whether there is room for names at the right end. */ labels: boolean }
/** What lies under a place: an interval and a series, −1 for none. */
export interface Hit { at: number; series: number }
/** A drawn chart, and how places on it are understood. */
export interface Chart extends Scene {
  hit(x: number, y: number): Hit;
  /** Where an interval is, and the second under an x; a chart without time has none. */
  time: { x(at: number): number; second(x: number): number; top: number; bottom: number; left: number; right: number } | null;
  /** Where a series is at an interval, for the dot and for what opens there. */
  place(at: number, series: number): readonly [number, number];
}

const [LEFT, TOP, BOTTOM, RIGHT, LABELS] = [60, 22, 26, 16, 156];
const GRID_PX = 56;
const TIME_PX = 100;
const NAME_PX = 16;
const SIZE = 11;
const DASH = [2, 3];
/** Pixels around a line or a dot that are its own. */
const NEAR = 24;

interface Plot { left: number; right: number; top: number; bottom: number; most: number; x(at: number): number; y(value: number): number; step: number }

/** Which intervals have anything, run by run. */
function runs(known: readonly boolean[]): [number, number][] {
  const found: [number, number][] = [];
  known.forEach((is, i) => {
    const last = found.at(-1);
    if (!is) return;
    if (last !== undefined && last[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
}

/** Where each layer begins and ends, from the first series up; null in gaps. */
export function layers(series: readonly Series[], length: number): { low: number; high: number }[][] {
  const heights = new Array<number>(length).fill(0);
  return series.map(({ values }) => heights.map((low, i) => {
    const high = low + (values[i] ?? 0);
    heights[i] = high;
    return { low, high };
  }));
}

const known = (series: readonly Series[], length: number): boolean[] => Array.from({ length }, (_, i) => series.some(({ values }) => (values[i] ?? null) !== null));
const largest = (values: Values): number => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);

function mostOf(model: Model, series: readonly Series[], stacked: boolean): number {
  const before = stacked ? largest(model.previousTotal ?? []) : Math.max(0, ...series.map(({ previous }) => largest(previous ?? [])));
  const now = stacked ? Math.max(0, ...(layers(series, model.at.length).at(-1) ?? []).map(({ high }) => high)) : Math.max(0, ...series.map(({ values }) => largest(values)));
  return Math.max(before, now, model.percent ? 100 : 0) || 1;
}

function plotOf(model: Model, frame: Frame, most: number): Plot {
  const [left, right, top, bottom] = [LEFT, frame.width - (frame.labels ? LABELS : RIGHT), TOP, frame.height - BOTTOM];
  const span = Math.max(1, model.to - model.from);
  const air = model.percent && most <= 100 ? 1 : 1.04;
  return {
    left, right, top, bottom, most, step: (model.interval / span) * (right - left),
    x: (at) => left + (((model.at[at] ?? model.from) + model.interval / 2 - model.from) / span) * (right - left),
    y: (value) => bottom - (value / (most * air)) * (bottom - top),
  };
}

function axes(model: Model, frame: Frame, plot: Plot): Mark[] {
  const { colours } = frame;
  const scale = model.percent ? { divisor: 1, unit: "%" } : scaleOf(model.measure, plot.most);
  const words = { kind: "words", size: SIZE, fill: colours.text3 } as const;
  const values = valueTicks(plot.most, scale.divisor, Math.max(2, (plot.bottom - plot.top) / GRID_PX)).flatMap(({ value, text }): Mark[] => [
    { kind: "shape", d: through([[plot.left, Math.round(plot.y(value)) + 0.5], [plot.right, Math.round(plot.y(value)) + 0.5]]), stroke: value === 0 ? colours.line2 : colours.line },
    { ...words, x: plot.left - 8, y: plot.y(value) + 4, text, anchor: "end" },
  ]);
  const span = Math.max(1, model.to - model.from);
  const times = timeTicks(model.from, model.to, Math.max(2, (plot.right - plot.left) / TIME_PX)).map(({ second, text }): Mark => ({
    ...words, x: Math.min(plot.right, plot.left + ((second - model.from) / span) * (plot.right - plot.left)), y: plot.bottom + 17, text, anchor: "middle",
  }));
  return [...values, ...times, { ...words, x: plot.left - 8, y: plot.top - 9, text: scale.unit, anchor: "end" }];
}

/** Ground under what is not known. */
function gapMarks(model: Model, plot: Plot, colours: Colours): Mark[] {
  const span = Math.max(1, model.to - model.from);
  const x = (second: number): number => plot.left + (Math.min(1, Math.max(0, (second - model.from) / span))) * (plot.right - plot.left);
  return model.gaps.filter(({ from, to }) => x(to) - x(from) > 0.5).map(({ from, to }) => ({ kind: "shape", d: box(x(from), plot.top, x(to) - x(from), plot.bottom - plot.top), fill: alpha(colours.line2, 0.28) }));
}

function areaMarks(series: readonly Series[], plot: Plot, colours: Colours): Mark[] {
  const length = series[0]?.values.length ?? 0;
  const stretches = runs(known(series, length));
  return layers(series, length).flatMap((layer, of): Mark[] => stretches.map(([from, to]): Mark => {
    const half = to - from === 1 ? plot.step / 2 : 0;
    const at = Array.from({ length: to - from }, (_, i) => from + i).flatMap((i) => (half === 0 ? [[i, plot.x(i)] as const] : [[i, plot.x(i) - half] as const, [i, plot.x(i) + half] as const]));
    const edge = (which: "low" | "high"): (readonly [number, number])[] => at.map(([i, x]) => [x, plot.y(layer[i]?.[which] ?? 0)] as const);
    return { kind: "shape", d: `${through([...edge("high"), ...edge("low").reverse()])}z`, fill: colourOf(series[of]?.slot ?? null, colours), stroke: colours.surface, width: 1, of };
  })).reverse();
}

function barMarks(series: readonly Series[], plot: Plot, colours: Colours): Mark[] {
  const width = Math.max(1, plot.step > 4 ? plot.step - Math.min(4, plot.step * 0.2) : plot.step);
  return layers(series, series[0]?.values.length ?? 0).map((layer, of): Mark => ({
    kind: "shape", fill: colourOf(series[of]?.slot ?? null, colours), of,
    d: layer.map(({ low, high }, i) => (high > low ? box(plot.x(i) - width / 2, plot.y(high), width, Math.max(0.3, plot.y(low) - plot.y(high) - (plot.y(low) - plot.y(high) > 3 ? 1 : 0))) : "")).join(""),
  }));
}

/** Lines through what is known, with a dot where a value stands alone. */
function path(values: Values, plot: Plot): string {
  return runs(values.map((value) => value !== null)).map(([from, to]) => (to - from === 1 ? disc(plot.x(from), plot.y(values[from] ?? 0), 1) : through(Array.from({ length: to - from }, (_, i) => [plot.x(from + i), plot.y(values[from + i] ?? 0)] as const)))).join("");
}

const lineMarks = (series: readonly Series[], plot: Plot, colours: Colours): Mark[] => series.map(({ values, slot }, of): Mark => ({ kind: "shape", d: path(values, plot), stroke: colourOf(slot, colours), width: 1.5, of })).reverse();

const dotMarks = (series: readonly Series[], plot: Plot, colours: Colours): Mark[] =>
  series.map(({ values, slot }, of): Mark => ({ kind: "shape", d: values.map((value, i) => (value === null ? "" : disc(plot.x(i), plot.y(value), 2.5))).join(""), fill: colourOf(slot, colours), opacity: 0.85, of })).reverse();

function beforeMarks(model: Model, series: readonly Series[], plot: Plot, stacked: boolean, colours: Colours): Mark[] {
  const dashed = (values: Values, stroke: string): Mark => ({ kind: "shape", d: path(values, plot), stroke, width: 1, dash: DASH });
  // All of it is a hundred percent, then as now.
  if (stacked) return model.previousTotal === null || model.percent ? [] : [{ ...dashed(model.previousTotal, colours.surface), dash: [], width: 2.5, opacity: 0.6 } as Mark, dashed(model.previousTotal, colours.text)];
  return series.flatMap(({ previous, slot }) => (previous === null ? [] : [dashed(previous, colourOf(slot, colours))]));
}

/** Where names beside the right end stand, apart from each other: what they name is at `y`, they are at `at`. */
function namePlaces(ends: readonly (number | null)[], plot: Plot): { of: number; y: number; at: number }[] {
  const most = Math.max(1, Math.floor((plot.bottom - plot.top) / NAME_PX));
  const wanted = ends.flatMap((y, of) => (y === null ? [] : [{ of, y, at: y }])).slice(0, most).sort((a, b) => b.y - a.y);
  let above = Infinity;
  for (const one of wanted) above = one.at = Math.min(one.y, above - NAME_PX);
  let least = plot.top;
  for (const one of above < plot.top ? wanted.toReversed() : []) {
    one.at = Math.max(one.at, least);
    least = one.at + NAME_PX;
  }
  return wanted;
}

function nameMarks(series: readonly Series[], ends: readonly (number | null)[], plot: Plot, colours: Colours): Mark[] {
  return namePlaces(ends, plot).flatMap(({ of, y, at }): Mark[] => {
    const one = series[of];
    if (one === undefined) return [];
    return [
      { kind: "shape", d: through([[plot.right + 2, y], [plot.right + 10, at]]), stroke: colours.line2 },
      { kind: "shape", d: box(plot.right + 13, at - 4, 8, 8), fill: colourOf(one.slot, colours), of },
      { kind: "words", x: plot.right + 27, y: at + 4, text: cut(one.label, LABELS - 30, SIZE), fill: colours.text2, anchor: "start", size: SIZE, of },
    ];
  });
}

export function timeChart(model: Model, series: readonly Series[], shape: TimeShape, frame: Frame): Chart {
  const stacked = model.stacks && (shape === "area" || shape === "bars");
  const plot = plotOf(model, frame, mostOf(model, series, stacked));
  const length = model.at.length;
  const heaps = stacked ? layers(series, length) : [];
  const middle = (at: number, of: number): number | null => {
    const [layer, value] = [heaps[of]?.[at], series[of]?.values[at] ?? null];
    if (stacked) return layer === undefined || value === null ? null : plot.y((layer.low + layer.high) / 2);
    return value === null ? null : plot.y(value);
  };
  const last = known(series, length).lastIndexOf(true);
  const ends = frame.labels && last >= 0 ? series.map((_, of) => middle(last, of)) : [];
  const draw = { area: stacked ? areaMarks : lineMarks, bars: stacked ? barMarks : lineMarks, lines: lineMarks, scatter: dotMarks }[shape];
  const at = (x: number): number => (length === 0 ? -1 : Math.min(length - 1, Math.max(0, Math.round((x - plot.x(0)) / Math.max(1e-9, plot.step)))));
  const under = (index: number, y: number): number => {
    if (stacked) return heaps.findIndex((layer) => (layer[index]?.high ?? 0) > (layer[index]?.low ?? 0) && y >= plot.y(layer[index]?.high ?? 0) && y <= plot.y(layer[index]?.low ?? 0));
    const near = series.map((_, of) => ({ of, far: Math.abs((middle(index, of) ?? Infinity) - y) })).sort((a, b) => a.far - b.far)[0];
    return near !== undefined && near.far < NEAR ? near.of : -1;
  };
  return {
    width: frame.width, height: frame.height,
    marks: [...gapMarks(model, plot, frame.colours), ...axes(model, frame, plot), ...draw(series, plot, frame.colours), ...beforeMarks(model, series, plot, stacked, frame.colours), ...nameMarks(series, ends, plot, frame.colours)],
    hit: (x, y) => {
      if (frame.labels && x > plot.right + 8) return { at: last, series: namePlaces(ends, plot).find(({ at }) => Math.abs(at - y) <= NAME_PX / 2)?.of ?? -1 };
      return x < plot.left - 4 || x > plot.right + 4 ? { at: -1, series: -1 } : { at: at(x), series: under(at(x), y) };
    },
    time: { ...plot, second: (x) => model.from + (Math.min(1, Math.max(0, (x - plot.left) / (plot.right - plot.left)))) * (model.to - model.from) },
    place: (index, of) => [plot.x(index), middle(index, of) ?? plot.bottom],
  };
}
