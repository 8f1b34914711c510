// Charts of a whole range: pie and horizontal bars, of what each key has in all of it.

import { share } from "../lib/format";
import { colourOf } from "./colours";
import { addsUp, scaleOf, written, type Measure } from "./measures";
import type { Model, Series } from "./model";
import { box, cut, through, widthOf, type Mark } from "./scene";
import type { Chart, Frame } from "./timechart";
import { valueTicks } from "./ticks";

const SIZE = 12;
const SMALL = 11;

const valueOf = (series: Series, measure: Measure): number => Math.max(0, series.sums.totals[measure] ?? 0);
const sumOf = (series: readonly Series[], measure: Measure): number => series.reduce((sum, of) => sum + valueOf(of, measure), 0);
/** What shares are of: the filtered traffic, or the keys together where both ends count. */
const wholeOf = (model: Model, series: readonly Series[]): number => Math.max(model.sums.totals[model.measure] ?? 0, 0) || sumOf(series, model.measure);

const figure = (of: Series, model: Model, whole: number): string => (addsUp(model.measure) ? (model.percent ? share(valueOf(of, model.measure), whole) : `${written(model.measure, valueOf(of, model.measure))} · ${share(valueOf(of, model.measure), whole)}`) : written(model.measure, valueOf(of, model.measure)));

const ROW = { least: 22, most: 36 };

export function barChart(model: Model, series: readonly Series[], frame: Frame): Chart {
  const { colours } = frame;
  const names = Math.min(frame.width * 0.34, 240, Math.max(80, ...series.map(({ label }) => widthOf(label, SIZE) + 28)));
  const figures = Math.max(70, ...series.map((of) => widthOf(figure(of, model, wholeOf(model, series)), SMALL) + 14));
  const [left, right, top] = [16 + names, frame.width - 8 - figures, 12];
  const row = Math.min(ROW.most, Math.max(ROW.least, (frame.height - top - 30) / Math.max(1, series.length)));
  const bottom = top + row * series.length;
  const whole = wholeOf(model, series);
  const most = Math.max(1e-9, ...series.map((of) => valueOf(of, model.measure)), ...series.map((of) => of.before?.totals[model.measure] ?? 0));
  const x = (value: number): number => left + (value / most) * Math.max(20, right - left);
  const scale = model.percent ? { divisor: whole / 100 || 1, unit: "%" } : scaleOf(model.measure, most);
  const grid = valueTicks(most, scale.divisor, Math.max(2, (right - left) / 120)).flatMap(({ value, text }, i, all): Mark[] => [
    { kind: "shape", d: through([[Math.round(x(value)) + 0.5, top], [Math.round(x(value)) + 0.5, bottom]]), stroke: value === 0 ? colours.line2 : colours.line },
    { kind: "words", x: x(value), y: bottom + 16, text: i === all.length - 1 ? `${text}\u202f${scale.unit}` : text, fill: colours.text3, anchor: "middle", size: SMALL },
  ]);
  const rows = series.flatMap((one, of): Mark[] => {
    const y = top + row * (of + 0.5);
    const value = valueOf(one, model.measure);
    const before = one.before?.totals[model.measure] ?? null;
    return [
      { kind: "words", x: left - 10, y: y + 4, text: cut(one.label, names - 10, SIZE), fill: colours.text, anchor: "end", size: SIZE, of },
      { kind: "shape", d: box(left, y - row * 0.3, Math.max(1, x(value) - left), row * 0.6), fill: colourOf(one.slot, colours), of },
      ...(before === null ? [] : [{ kind: "shape", d: through([[x(before), y - row * 0.4], [x(before), y + row * 0.4]]), stroke: colours.text, width: 1, dash: [2, 3] } as Mark]),
      { kind: "words", x: Math.max(x(value), x(before ?? 0)) + 8, y: y + 4, text: figure(one, model, whole), fill: colours.text2, anchor: "start", size: SMALL, of },
    ];
  });
  const rowAt = (y: number): number => (y < top || y >= bottom ? -1 : Math.floor((y - top) / row));
  return { width: frame.width, height: Math.max(frame.height, bottom + 26), marks: [...grid, ...rows], time: null, hit: (_, y) => ({ at: -1, series: rowAt(y) }), place: (_, of) => [x(valueOf(series[of] as Series, model.measure)), top + row * (of + 0.5)] };
}

interface Slice { of: number; from: number; to: number }

function slicesOf(series: readonly Series[], measure: Measure): Slice[] {
  const whole = sumOf(series, measure) || 1;
  let from = 0;
  return series.map((one, of) => {
    const to = from + valueOf(one, measure) / whole;
    const slice = { of, from, to };
    from = to;
    return slice;
  });
}

const NAME_PX = 17;

/** Largest from the top, clockwise; each name beside its slice, those that would fall together apart. */
export function pieChart(model: Model, series: readonly Series[], frame: Frame): Chart {
  const { colours, width, height } = frame;
  const radius = Math.max(40, Math.min(height / 2 - 20, width * (frame.labels ? 0.2 : 0.42)));
  const [cx, cy] = [width / 2, height / 2];
  const slices = slicesOf(series, model.measure);
  const on = (turn: number, r: number): readonly [number, number] => [cx + r * Math.sin(turn * 2 * Math.PI), cy - r * Math.cos(turn * 2 * Math.PI)];
  const shapes = slices.filter(({ from, to }) => to > from).map(({ of, from, to }): Mark => {
    const [[ax, ay], [bx, by]] = [on(from, radius), on(Math.min(to, from + 0.99999), radius)];
    return { kind: "shape", of, fill: colourOf(series[of]?.slot ?? null, colours), stroke: colours.surface, width: 1, d: `M${cx} ${cy}L${ax.toFixed(2)} ${ay.toFixed(2)}A${radius} ${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${bx.toFixed(2)} ${by.toFixed(2)}z` };
  });
  const side = (right: boolean): Mark[] => {
    const named = slices.filter(({ from, to }) => to > from && ((from + to) / 2 < 0.5) === right).map((slice) => ({ ...slice, y: on((slice.from + slice.to) / 2, radius + 14)[1] })).sort((a, b) => a.y - b.y);
    const most = Math.floor((height - 16) / NAME_PX);
    const shown = named.sort((a, b) => (b.to - b.from) - (a.to - a.from)).slice(0, most).sort((a, b) => a.y - b.y);
    const places: number[] = [];
    for (const { y } of shown) places.push(Math.max(y, (places.at(-1) ?? -Infinity) + NAME_PX, 12));
    for (let i = places.length - 1, top = height - 8; i >= 0; i -= 1, top -= NAME_PX) places[i] = Math.min(places[i] ?? 0, top);
    return shown.flatMap(({ of, from, to }, i): Mark[] => {
      const [one, y, sign] = [series[of], places[i] ?? 0, right ? 1 : -1];
      if (one === undefined) return [];
      const room = width / 2 - radius - 40;
      return [
        { kind: "shape", d: through([on((from + to) / 2, radius + 2), on((from + to) / 2, radius + 10), [cx + sign * (radius + 24), y - 4]]), stroke: colours.line2 },
        { kind: "words", x: cx + sign * (radius + 30), y, text: cut(`${one.label}  ${figure(one, model, wholeOf(model, series))}`, room, SIZE), fill: colours.text, anchor: right ? "start" : "end", size: SIZE, of },
      ];
    });
  };
  /** Where there is no room beside it, large slices have their share in them; the table has the names. */
  const inside = (): Mark[] => slices.filter(({ from, to }) => to - from >= 0.06).map(({ of, from, to }): Mark => {
    const [x, y] = on((from + to) / 2, radius * 0.68);
    return { kind: "words", x, y: y + 4, text: share(to - from, 1), fill: colours.bg, anchor: "middle", size: SIZE, bold: true, of };
  });
  const sliceAt = (x: number, y: number): number => {
    if (Math.hypot(x - cx, y - cy) > radius) return -1;
    const turn = (Math.atan2(x - cx, cy - y) / (2 * Math.PI) + 1) % 1;
    return slices.find(({ from, to }) => turn >= from && turn < to)?.of ?? -1;
  };
  return {
    width, height, marks: [...shapes, ...(frame.labels ? [...side(true), ...side(false)] : inside())], time: null, hit: (x, y) => ({ at: -1, series: sliceAt(x, y) }),
    place: (_, of) => { const slice = slices[of]; return slice === undefined ? [cx, cy] : on((slice.from + slice.to) / 2, radius * 0.6); },
  };
}
