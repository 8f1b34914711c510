// The document of `wireglobe query` and of `/api/v1/query`, read with care: what has another shape than expected counts as nothing.

import { fields, list, number, text, type Fields } from "../lib/ask";
import { MEASURES, type Counts, type Measure } from "./measures";

export interface Summary { readonly min: number | null; readonly avg: number | null; readonly p95: number | null; readonly max: number | null; readonly last: number | null; readonly total: number | null }
/** What is known of one key, of what is below the top, or of all. */
export interface Sums extends Counts {
  readonly totals: Readonly<Record<Measure, number | null>>;
  /** Of the total, by what is counted. */
  readonly percent: Readonly<Record<"bytes" | "packets" | "flows", number | null>>;
  /** Of the measure that was asked for. */
  readonly summary: Summary;
}
export interface KeySums extends Sums { readonly key: string; readonly name: string }
export interface Part {
  /** Seconds since the Unix epoch where each interval begins. */
  readonly at: readonly number[];
  readonly keys: readonly KeySums[];
  /** Below the top; null where nothing is. */
  readonly other: (Sums & { readonly keys: number }) | null;
  readonly total: Sums;
}
export interface QueryDocument extends Part {
  readonly from: number;
  readonly to: number;
  /** Seconds of an interval. */
  readonly interval: number;
  readonly measure: Measure;
  readonly previous: Part | null;
  readonly gaps: readonly { from: number; to: number }[];
  readonly notes: readonly string[];
}

const second = (value: unknown): number => (Number.isFinite(Date.parse(text(value))) ? Date.parse(text(value)) / 1000 : 0);
const orNull = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const numbers = (value: unknown, length: number): (number | null)[] => Array.from({ length }, (_, i) => orNull(Array.isArray(value) ? value[i] : null));

function sums(of: Fields, length: number): Sums {
  const [totals, percent, summary] = [fields(of["totals"]), fields(of["percent"]), fields(of["summary"])];
  return {
    bytes: numbers(of["bytes"], length), packets: numbers(of["packets"], length), flows: numbers(of["flows"], length),
    totals: Object.fromEntries(MEASURES.map((measure) => [measure, orNull(totals[measure])])) as Sums["totals"],
    percent: { bytes: orNull(percent["bytes"]), packets: orNull(percent["packets"]), flows: orNull(percent["flows"]) },
    summary: { min: orNull(summary["min"]), avg: orNull(summary["avg"]), p95: orNull(summary["p95"]), max: orNull(summary["max"]), last: orNull(summary["last"]), total: orNull(summary["total"]) },
  };
}

function part(of: Fields): Part {
  const at = (Array.isArray(of["at"]) ? of["at"] : []).map(second);
  const other = fields(of["other"]);
  return {
    at, total: sums(fields(of["total"]), at.length), other: Object.keys(other).length === 0 ? null : { ...sums(other, at.length), keys: number(other["keys"]) },
    keys: list(of["keys"]).map((row) => ({ key: String(row["key"] ?? ""), name: text(row["name"]), ...sums(row, at.length) })),
  };
}

export function readDocument(of: Fields): QueryDocument {
  const previous = fields(of["previous"]);
  return {
    ...part(of), from: second(of["from"]), to: second(of["to"]), interval: Math.max(1, number(of["interval"])), measure: MEASURES.find((measure) => measure === of["measure"]) ?? "bytes",
    previous: Object.keys(previous).length === 0 ? null : part(previous), gaps: list(of["gaps"]).map((gap) => ({ from: second(gap["from"]), to: second(gap["to"]) })),
    notes: (Array.isArray(of["notes"]) ? of["notes"] : []).filter((note): note is string => typeof note === "string"),
  };
}

/** What the store holds. */
export interface Held { readonly enabled: boolean; readonly from: number | null; readonly to: number | null; readonly bytes: number; readonly steps: readonly { seconds: number; from: number }[] }

export const readHeld = (of: Fields): Held => ({
  enabled: of["enabled"] === true, from: second(of["from"]) || null, to: second(of["to"]) || null, bytes: number(of["bytes"]),
  steps: list(of["steps"]).map((step) => ({ seconds: number(step["seconds"]), from: second(step["from"]) })),
});
