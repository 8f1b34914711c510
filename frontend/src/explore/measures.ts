// What can be measured, of an interval and as it is written: volumes add up over time, rates and the bytes of a packet do not.

import { bitRate, bytes, count, fixed, rate, UNKNOWN } from "../lib/format";
import { axisUnit } from "../chart/mirror";
import { unit } from "../lib/units";

export const MEASURES = ["bytes", "packets", "flows", "bps", "pps", "bpp"] as const;
export type Measure = (typeof MEASURES)[number];

export type Counts = Readonly<Record<"bytes" | "packets" | "flows", readonly (number | null)[]>>;
export const COUNTED = ["bytes", "packets", "flows"] as const;

/** A value of an interval of so many seconds; null where nothing is known of it. */
export function valueAt(counts: Counts, at: number, measure: Measure, seconds: number): number | null {
  const [bytes, packets] = [counts.bytes[at] ?? null, counts.packets[at] ?? null];
  switch (measure) {
    case "bps": return bytes === null ? null : (bytes * 8) / seconds;
    case "pps": return packets === null ? null : packets / seconds;
    case "bpp": return bytes === null || packets === null || packets === 0 ? null : bytes / packets;
    default: return counts[measure][at] ?? null;
  }
}

/** Averages cannot be laid on each other, nor parted among keys. */
export const addsUp = (measure: Measure): boolean => measure !== "bpp";

/** What a whole of the measure is counted in, for shares. */
export const shareOf = (measure: Measure): "bytes" | "packets" | "flows" => (measure === "packets" || measure === "pps" ? "packets" : measure === "flows" ? "flows" : "bytes");

const STEPS: ReadonlyArray<readonly [number, string]> = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** By what an axis up to `most` is divided, and the unit its numbers have then. */
export function scaleOf(measure: Measure, most: number): { divisor: number; unit: string } {
  if (measure === "bps") return axisUnit(most);
  const binary = measure === "bytes" && unit("volumes") === "iec";
  const [i, size, name] = STEPS.map(([size, name], at) => [at, binary ? 1024 ** (STEPS.length - at) : size, binary ? (name === "k" ? "Ki" : `${name}i`) : name] as const).find(([, size]) => most >= 2 * size) ?? [-1, 1, ""];
  const what = measure === "bytes" || measure === "bpp" ? "B" : "";
  return { divisor: i < 0 ? 1 : size, unit: measure === "pps" ? `${name}/s` : name + what };
}

/** 1.45 G: bits, whose unit is said above; in bytes where the reader wants rates so. */
function bits(value: number): string {
  const { value: number, unit: name } = unit("rates") === "bytes" ? bitRate(value) : rate(value);
  return [number, unit("rates") === "bytes" ? name : name.replace("/s", "")].filter(Boolean).join("\u202f");
}

/** A value as it stands in tables and tips. */
export function written(measure: Measure, value: number | null): string {
  if (value === null) return UNKNOWN;
  if (measure === "bytes") return bytes(value);
  if (measure === "bps") return bits(value);
  if (measure === "bpp") return `${value < 100 ? fixed(value, 1) : count(value)}\u202fB`;
  return measure === "pps" ? `${value < 10 && !Number.isInteger(value) ? fixed(value, 1) : count(value)}/s` : count(value);
}
