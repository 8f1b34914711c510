// Ranges as people write them, in one field or two: `-24h`, `yesterday`, `last week`, `-7d..-1d`, `2026-11-20 14:00..+2h`. A range
// that moves with time is kept as it is written; one that does not becomes two moments.

import type { Span } from "../lib/timespan";
import { before, readMoment } from "./moment";
import { plainWords } from "./words";

/** A range at one time. */
export interface Range extends Span {
  /** Whether it means something else as time goes on. */
  readonly moving: boolean;
}
/** Which end was not understood; `order`: the later one came first. */
export type Fault = "from" | "to" | "order";
export type Read = { range: Range; fault: null } | { range: null; fault: Fault };

/** What presets are called in addresses, by the names of their words (`explore.presets`). */
export const PRESETS = [
  ["hour", "-1h"], ["day", "-24h"], ["week", "-7d"], ["month", "-30d"], ["today", "today"], ["yesterday", "yesterday"], ["thisWeek", "this week"], ["lastWeek", "last week"], ["thisMonth", "this month"], ["lastMonth", "last month"],
] as const;
export type PresetName = (typeof PRESETS)[number][0];

const good = (from: number, to: number, moving: boolean): Read => (from < to ? { range: { from: Math.floor(from), to: Math.ceil(to), moving }, fault: null } : { range: null, fault: "order" });
const bad = (fault: Fault): Read => ({ range: null, fault });

/** The two ends of a text, the second empty where there is but one. */
export function endsOf(text: string): readonly [string, string] {
  const [from = "", ...rest] = text.split(/\.\.|\s+(?:to|until|bis)\s+|\s+[\u2013\u2014]\s+/);
  return [from.trim(), rest.join("..").trim()];
}

/** `+2h` is counted from the other end. */
function later(text: string, from: number): number | null {
  const [, amount, unit] = /^\+(\d+) ([a-z]+)$/.exec(plainWords(text)) ?? [];
  return amount === undefined || unit === undefined ? null : before(from, -Number(amount), unit);
}

/** A range of two ends; an empty second one means: to the end of the first, or to now. */
export function readEnds(from: string, to: string, now: number): Read {
  const first = readMoment(from, now);
  if (first === null) return bad("from");
  if (to === "") return first.from === first.to ? good(first.from, now, true) : good(first.from, Math.min(first.to, Math.max(now, first.from + 1)), first.moving);
  const length = later(to, first.from);
  if (length !== null) return good(first.from, length, first.moving);
  const second = readMoment(to, now);
  return second === null ? bad("to") : good(first.from, second.to, first.moving || second.moving);
}

export const readRange = (text: string, now: number): Read => readEnds(...endsOf(text), now);

/** As it is written in an address. */
export const rangeText = (from: string, to: string): string => (to === "" || (to === "now" && !/^(?:today|this )/.test(from)) ? from : `${from}..${to}`);
