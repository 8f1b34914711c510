// A time series drawn by uPlot: its options from the page's colours, and the cursor it shares with every other chart.

import uPlot from "uplot";
import { clock, minute } from "../lib/format";
import { alpha, type Palette } from "../map/palette";

export interface Line { values: Float64Array; colour: string; filled: boolean }
export interface TrendData { seconds: Float64Array; lines: readonly Line[] }

export interface TrendOptions {
  palette: Palette;
  /** How a value is written on the axis. */
  write: (value: number) => string;
  /** Whether its instants are written below it; a chart above another leaves that to it. */
  times: boolean;
  /** The instant under the pointer, in ms; null when it has left. */
  point: (at: number | null) => void;
}

const AXIS_PX = 52;
const TICKS_APART_PX = 90;
const GRID_APART_PX = 26;
/** Seconds between times that are written. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];
const TIMES_PX = 24;
const FILL = 0.22;

/** From the least value, zero included, to the most, with some air. */
const range = (_: uPlot, least: number | null, most: number | null): [number, number] => {
  const [low, high] = [Math.min(0, least ?? 0), Math.max(0, most ?? 0)];
  const air = Math.max(1e-9, (high - low) * 0.06);
  return [low < 0 ? low - air : 0, high > 0 ? high + air : low < 0 ? 0 : 1];
};

function options({ lines }: TrendData, { palette, write, times, point }: TrendOptions): uPlot.Options {
  const axis: uPlot.Axis = { stroke: palette.text3, font: `11px ${palette.font}`, grid: { stroke: palette.line, width: 1 }, ticks: { show: false } };
  return {
    width: 100, height: 100, padding: [8, 16, times ? 0 : 8, 0], legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6, width: 2, stroke: palette.surface, fill: (_, index) => lines[index - 1]?.colour ?? palette.text } },
    scales: { x: { time: false }, y: { range } },
    axes: [
      { ...axis, size: times ? TIMES_PX : 0, space: TICKS_APART_PX, incrs: STEPS_S, grid: { show: false }, values: (_, splits, __, ___, step) => splits.map((at) => (!times ? "" : step < 60 ? clock(at * 1000) : minute(at * 1000))) },
      { ...axis, size: AXIS_PX, space: GRID_APART_PX, values: (_, splits) => splits.map((value) => write(Math.abs(value))) },
    ],
    series: [{}, ...lines.map(({ colour, filled }): uPlot.Series => ({ stroke: colour, width: 1.25, points: { show: false }, ...(filled ? { fill: alpha(colour, FILL), fillTo: () => 0 } : {}) }))],
    hooks: { setCursor: [(u) => point(pointed(u))] },
  };
}

const pointed = (u: uPlot): number | null => {
  const at = u.cursor.idx === null || u.cursor.idx === undefined ? undefined : u.data[0][u.cursor.idx];
  return at === undefined ? null : at * 1000;
};

export class Trend {
  #plot: uPlot;
  #watch: ResizeObserver;

  constructor(root: HTMLElement, data: TrendData, given: TrendOptions) {
    this.#plot = new uPlot(options(data, given), columns(data), root);
    const fit = (): void => this.#plot.setSize({ width: Math.max(50, root.clientWidth), height: Math.max(50, root.clientHeight) });
    this.#watch = new ResizeObserver(fit);
    this.#watch.observe(root);
    fit();
  }

  show(data: TrendData): void {
    this.#plot.setData(columns(data));
  }

  /** Where the cursor of another chart is; null hides it. */
  cursor(at: number | null): void {
    const left = at === null ? -10 : this.#plot.valToPos(at / 1000, "x");
    if (Math.abs((this.#plot.cursor.left ?? -10) - left) > 0.5) this.#plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
  }

  destroy(): void {
    this.#watch.disconnect();
    this.#plot.destroy();
  }
}

const columns = ({ seconds, lines }: TrendData): uPlot.AlignedData => [Array.from(seconds), ...lines.map(({ values }) => Array.from(values))];
