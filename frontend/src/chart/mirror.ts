// The mirrored area: in above the zero line, out below it, one scale for both, few ticks, no smoothing.

import { minute, clock, significant } from "../lib/format";
import { indexAt, timeAt, type Series } from "../lib/series";
import { alpha, type Palette } from "../map/palette";
import { unit } from "../lib/units";
import type { Frame } from "./canvas";
import { dot } from "./sparkline";

/** An alert's moment (ms), and whether it is a grave one. */
export interface Tick { at: number; grave: boolean }
/** `brush`: the part that everything is of, or that is being chosen; ms. */
export interface Mirror { series: Series; palette: Palette; cursor: number | null; divisor: number; brush: readonly [number, number] | null; ticks: readonly Tick[] }

const LEFT = 56;
const RIGHT = 16;
const BOTTOM = 18;
const TOP = 6;

interface Plot { left: number; right: number; zero: number; perBit: number; top: number; bottom: number }

/** 1, 2 or 5 times a power of ten, about a third of the range. */
export function tickStep(range: number): number {
  const raw = Math.max(range, 1e-9) / 3;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((m) => m * power).find((step) => step >= raw) ?? 10 * power;
}

/** The unit of the axis: what to divide bit/s by, and its name, as the reader wants rates written. */
export function axisUnit(most: number): { divisor: number; unit: string } {
  if (unit("rates") === "bytes") return byteUnit(most / 8, unit("volumes") === "iec");
  if (most >= 2e9) return { divisor: 1e9, unit: "Gbit/s" };
  if (most >= 2e6) return { divisor: 1e6, unit: "Mbit/s" };
  if (most >= 2e3) return { divisor: 1e3, unit: "kbit/s" };
  return { divisor: 1, unit: "bit/s" };
}

function byteUnit(most: number, binary: boolean): { divisor: number; unit: string } {
  const base = binary ? 1024 : 1000;
  const step = [3, 2, 1].find((step) => most >= 2 * base ** step) ?? 0;
  return { divisor: 8 * base ** step, unit: `${(binary ? ["", "Ki", "Mi", "Gi"] : ["", "k", "M", "G"])[step] ?? ""}B/s` };
}

export const most = (values: Float64Array): number => values.reduce((a, b) => Math.max(a, b), 0);

function plot({ width, height }: Frame, { series }: Mirror): Plot {
  const [up, down] = [most(series.bits_in), most(series.bits_out)];
  const range = Math.max(up + down, 1);
  const perBit = (height - TOP - BOTTOM) / range;
  return { left: LEFT, right: width - RIGHT, zero: TOP + up * perBit, perBit, top: TOP, bottom: height - BOTTOM };
}

interface ScaleX {
  /** Screen x of a bucket. */
  x(i: number): number;
  /** The bucket's instant under an x. */
  at(x: number): number;
  /** Screen x of an instant (ms), and the second under an x, both within the plot. */
  of(ms: number): number;
  second(x: number): number;
}

export function scaleX(width: number, series: Series): ScaleX {
  const last = Math.max(1, series.bits_in.length - 1);
  const step = (width - LEFT - RIGHT) / last;
  const within = (i: number): number => Math.min(last, Math.max(0, i));
  return {
    x: (i) => LEFT + i * step,
    at: (x) => timeAt(series, within(Math.round((x - LEFT) / step))),
    of: (ms) => LEFT + within((ms / 1000 - series.start) / series.step) * step,
    second: (x) => series.start + within((x - LEFT) / step) * series.step,
  };
}

function area(frame: Frame, p: Plot, m: Mirror, direction: "in" | "out"): void {
  const { context, width } = frame;
  const values = direction === "in" ? m.series.bits_in : m.series.bits_out;
  const sign = direction === "in" ? -1 : 1;
  const { x } = scaleX(width, m.series);
  context.beginPath();
  const first = m.series.lead;
  context.moveTo(x(first), p.zero + sign * (values[first] ?? 0) * p.perBit);
  for (let i = first + 1; i < values.length; i += 1) context.lineTo(x(i), p.zero + sign * (values[i] ?? 0) * p.perBit);
  context.strokeStyle = m.palette[direction];
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.stroke();
  context.lineTo(x(values.length - 1), p.zero);
  context.lineTo(x(first), p.zero);
  context.fillStyle = alpha(m.palette[direction], 0.22);
  context.fill();
  dot(context, x(values.length - 1), p.zero + sign * (values.at(-1) ?? 0) * p.perBit, 2.5, m.palette[direction]);
}

function level(frame: Frame, p: Plot, m: Mirror, bits: number): void {
  const { context } = frame;
  const y = Math.round(p.zero - bits * p.perBit) + 0.5;
  context.beginPath();
  context.moveTo(p.left, y);
  context.lineTo(p.right, y);
  context.strokeStyle = bits === 0 ? m.palette.line2 : m.palette.line;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = m.palette.text3;
  context.fillText(significant(Math.abs(bits / m.divisor), 3), p.left - 8, y);
}

function levels(frame: Frame, p: Plot, m: Mirror): void {
  const step = tickStep((p.bottom - p.top) / p.perBit);
  frame.context.textAlign = "right";
  frame.context.textBaseline = "middle";
  level(frame, p, m, 0);
  for (const side of [1, -1]) {
    const room = (side > 0 ? p.zero - p.top : p.bottom - p.zero) / p.perBit;
    for (let bits = step; bits <= room; bits += step) level(frame, p, m, bits * side);
  }
}

/** Round instants: every 15 s, minute, two… about eight of them. */
function times(frame: Frame, p: Plot, m: Mirror): void {
  const { context, width, height } = frame;
  const span = m.series.bits_in.length * m.series.step;
  const every = [10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200].find((s) => span / s <= Math.max(2, width / 160)) ?? 86400;
  const { x } = scaleX(width, m.series);
  context.fillStyle = m.palette.text3;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (let second = Math.ceil(m.series.start / every) * every; ; second += every) {
    const at = x((second - m.series.start) / m.series.step);
    if (at > p.right - 20) return;
    if (at < p.left + 14) continue;
    context.fillText(every < 60 ? clock(second * 1000) : minute(second * 1000), at, height - 4);
    context.fillRect(Math.round(at), p.bottom, 1, 3);
  }
}

function cursor(frame: Frame, p: Plot, m: Mirror, i: number): void {
  const { context } = frame;
  const x = scaleX(frame.width, m.series).x(i);
  context.fillStyle = m.palette.text;
  context.fillRect(Math.round(x), p.top, 1, p.bottom - p.top);
  for (const [direction, sign, values] of [["in", -1, m.series.bits_in], ["out", 1, m.series.bits_out]] as const) {
    const y = p.zero + sign * (values[i] ?? 0) * p.perBit;
    dot(context, x, y, 4.5, m.palette.surface);
    dot(context, x, y, 3, m.palette[direction]);
  }
}

/** What is not of the range stands back; its edges can be taken hold of. */
function brush(frame: Frame, p: Plot, m: Mirror, [from, to]: readonly [number, number]): void {
  const { context } = frame;
  const scale = scaleX(frame.width, m.series);
  const [left, right] = [scale.of(from), scale.of(to)];
  context.fillStyle = alpha(m.palette.surface, 0.66);
  context.fillRect(p.left, p.top, left - p.left, p.bottom - p.top);
  context.fillRect(right, p.top, p.right - right, p.bottom - p.top);
  context.fillStyle = m.palette.text;
  for (const edge of [left, right]) {
    context.fillRect(Math.round(edge) - 0.5, p.top, 1, p.bottom - p.top);
    context.fillRect(Math.round(edge) - 2, (p.top + p.bottom) / 2 - 8, 4, 16);
  }
}

/** A grave alert: red, with a triangle; another: grey, with a ring. */
function tick(frame: Frame, p: Plot, m: Mirror, { at, grave }: Tick): void {
  const { context } = frame;
  const x = Math.round(scaleX(frame.width, m.series).of(at));
  context.fillStyle = context.strokeStyle = grave ? m.palette.red : m.palette.text3;
  context.lineWidth = 1.25;
  context.fillRect(x, p.top + 8, 1, p.bottom - p.top - 8);
  context.beginPath();
  if (grave) {
    context.moveTo(x + 0.5, p.top - 2);
    context.lineTo(x + 5, p.top + 6);
    context.lineTo(x - 4, p.top + 6);
    context.closePath();
  } else {
    context.arc(x + 0.5, p.top + 3, 3, 0, 2 * Math.PI);
  }
  context.stroke();
}

export function drawMirror(frame: Frame, m: Mirror): void {
  if (m.series.bits_in.length < 2) return;
  const p = plot(frame, m);
  frame.context.font = `400 11px ${m.palette.font}`;
  levels(frame, p, m);
  area(frame, p, m, "in");
  area(frame, p, m, "out");
  times(frame, p, m);
  const [first, end] = [timeAt(m.series, 0), timeAt(m.series, m.series.bits_in.length)];
  for (const each of m.ticks.filter(({ at }) => at >= first && at < end)) tick(frame, p, m, each);
  if (m.brush !== null) brush(frame, p, m, m.brush);
  const at = m.cursor === null ? -1 : indexAt(m.series, m.cursor);
  if (at >= 0) cursor(frame, p, m, at);
}
