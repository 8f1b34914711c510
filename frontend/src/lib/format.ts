// Numbers as the reader sees them: decimal units, three significant digits, the decimal sign of the language, a thin no-break
// space before units and between thousands (ISO 80000-1, in every language), 24-hour UTC times, dates of ISO 8601. Unknown is a dash,
// zero is 0.

import { text } from "./text";
import { unit } from "./units";

const THIN = "\u202f";
const MINUS = "\u2212";
export const UNKNOWN = "\u2014";
const STEPS = ["", "k", "M", "G", "T", "P"] as const;
const BINARY_STEPS = ["", "Ki", "Mi", "Gi", "Ti", "Pi"] as const;

export interface Quantity { value: string; unit: string }

let language = "en";
const formats = new Map<number, Intl.NumberFormat>();

/** From now on numbers have that language's decimal sign. */
export function writeNumbersIn(next: string): void {
  language = next;
  formats.clear();
}

/** A number with so many digits after the decimal sign. */
export function fixed(n: number, digits: number): string {
  let format = formats.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
    formats.set(digits, format);
  }
  return format.format(n).replace("-", MINUS);
}

/** So many significant digits, without zeros at the end. */
export function significant(n: number, digits: number): string {
  const exact = String(Number(n.toPrecision(digits)));
  return exact.includes("e") ? exact : fixed(n, exact.split(".")[1]?.length ?? 0);
}

/** The step (0 = ones, 1 = thousands, …) whose number is below 1000 once rounded to three digits. */
function stepOf(n: number, base = 1000): number {
  let step = 0;
  for (let rest = Math.abs(n); rest >= 999.5 && step < STEPS.length - 1; rest /= base) step += 1;
  return step;
}

/** Three significant digits, for a number below 1000. */
function three(n: number): string {
  const size = Math.abs(n);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return Number.isInteger(n) && size < 1000 ? String(n) : fixed(n, digits);
}

function scaled(n: number, unit: string): Quantity {
  const step = stepOf(n);
  return { value: step === 0 ? three(Math.round(n)) : three(n / 1000 ** step), unit: `${STEPS[step] ?? ""}${unit}` };
}

const joined = ({ value, unit }: Quantity): string => (unit ? value + THIN + unit : value);

function scaledBinary(n: number, unit: string): Quantity {
  const step = stepOf(n, 1024);
  return { value: three(step === 0 ? Math.round(n) : n / 1024 ** step), unit: `${BINARY_STEPS[step] ?? ""}${unit}` };
}

/** A volume: 20.9 GB, 704 kB, 60 B, 0; 19.5 GiB where the reader wants it so. */
export const bytes = (n: number): string => (n === 0 ? "0" : joined(unit("volumes") === "iec" ? scaledBinary(n, "B") : scaled(n, "B")));

/** A rate of bits, in bit/s with one decimal from a thousand on: 412.6 Mbit/s; in B/s where the reader wants it so. */
export function bitRate(n: number): Quantity {
  if (unit("rates") === "bytes") return byteRate(n / 8);
  const step = stepOf(n);
  return { value: step === 0 ? String(Math.round(n)) : fixed(n / 1000 ** step, 1), unit: `${STEPS[step] ?? ""}bit/s` };
}

function byteRate(n: number): Quantity {
  const binary = unit("volumes") === "iec";
  const step = stepOf(n, binary ? 1024 : 1000);
  const value = n / (binary ? 1024 : 1000) ** step;
  return { value: step === 0 ? String(Math.round(value)) : fixed(value, 1), unit: `${(binary ? BINARY_STEPS : STEPS)[step] ?? ""}B/s` };
}

/** A rate of things: 71.4 k/s. */
export function rate(n: number): Quantity {
  const { value, unit } = scaled(n, "");
  return { value, unit: `${unit}/s` };
}

/** A count with its thousands parted: 8 214. */
export const grouped = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, THIN);

/** A count: whole up to 99 999, then 608 k. */
export const count = (n: number): string => (Math.abs(n) < 99_999.5 ? grouped(n) : joined(scaled(n, "")));

/** A part of a whole: 32.8 %, < 0.1 %. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return UNKNOWN;
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return `<${THIN}${fixed(0.1, 1)}${THIN}%`;
  return `${fixed(percent, percent > 99.94 || percent === 0 ? 0 : 1)}${THIN}%`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** 14:03:22 (UTC); a dash before the first packet. */
export function clock(ms: number): string {
  if (ms <= 0) return UNKNOWN;
  const at = new Date(ms);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** 2026-11-21 14:03:22 (UTC). */
export const day = (ms: number): string => (ms <= 0 ? UNKNOWN : `${new Date(ms).toISOString().slice(0, 10)} ${clock(ms)}`);

/** The time of day, with the date unless it is that of `now` (UTC). */
export const when = (ms: number, now: number): string => (day(ms).slice(0, 10) === day(now).slice(0, 10) ? clock(ms) : day(ms));

/** 14:03 (UTC). */
export const minute = (ms: number): string => clock(ms).slice(0, 5);

/** 14:03:22.418 (UTC). */
export const precise = (ms: number): string => `${clock(ms)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;

/** An age: 14 s, 3 min, 2 h, 5 d. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}${THIN}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${THIN}min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}${THIN}h`;
  return `${Math.floor(seconds / 86_400)}${THIN}d`;
}

/** A length of time: 8 ms, 4.1 s, 3 min, 2 h. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}${THIN}ms`;
  return ms < 60_000 ? `${significant(ms / 1000, 2)}${THIN}s` : age(ms);
}

export const negative = (text: string): string => MINUS + text;

/** How a measure writes its values. */
export const measure = (metric: string, n: number): string => (metric === "bytes" ? bytes(n) : count(n));

/** Degrees with their halves, and how exact they are at best: 52.4° N 4.9° E ± 11 km. */
export function coordinates(lat: number, lon: number, km: number | null): string {
  const half = (value: number, [positive, negative]: readonly [string, string]): string => `${fixed(Math.abs(value), 1)}°${THIN}${value < 0 ? negative : positive}`;
  const at = `${half(lat, [text.halves.north, text.halves.south])} ${half(lon, [text.halves.east, text.halves.west])}`;
  return km === null ? at : `${at} ±${THIN}${km}${THIN}km`;
}

/** The same where there is no room for the error: ≈ 1 234. */
export const roughly = (n: number, error: number): string => (error > 0 ? `≈${THIN}${count(n)}` : count(n));

/** A number that is an estimate says so, with its standard error: ≈ 1 234 ± 4 %. */
export const about = (n: number, error: number): string => (error > 0 ? `≈${THIN}${count(n)} ±${THIN}${Math.ceil(error * 100)}${THIN}%` : count(n));

/** A figure of which something may be missing is the least that is true. */
export const least = (text: string, missing: number): string => (missing > 0 ? `≥${THIN}${text}` : text);
