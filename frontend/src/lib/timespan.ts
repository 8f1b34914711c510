// A part of the past: whole seconds since the Unix epoch, `to` the first one after it. In addresses as two moments in UTC,
// `2026-11-21T14:00:00Z..2026-11-21T14:05:00Z`.

import { clock, minute } from "./format";

export interface Span { readonly from: number; readonly to: number }

const moment = (second: number): string => new Date(second * 1000).toISOString().replace(".000Z", "Z");

export const spanText = ({ from, to }: Span): string => `${moment(from)}..${moment(to)}`;

/** As the API wants it. */
export const spanQuery = (span: Span | null): Record<string, string> => (span === null ? {} : { from: moment(span.from), to: moment(span.to) });

export function readSpan(text: string | null): Span | null {
  const [from, to] = (text ?? "").split("..").map((part) => Date.parse(part) / 1000);
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to)) return null;
  return spanOf(from, to);
}

/** Two moments in either order, widened to whole seconds; null when they are too near to each other. */
export function spanOf(a: number, b: number): Span | null {
  const [from, to] = [Math.floor(Math.min(a, b)), Math.ceil(Math.max(a, b))];
  return to > from ? { from, to } : null;
}

export const sameSpan = (a: Span | null, b: Span | null): boolean => a?.from === b?.from && a?.to === b?.to;

export const lengthOf = ({ from, to }: Span): number => to - from;

/** The neighbour before (−1) or behind (1), never beyond `end`. */
export function stepped(span: Span, steps: number, end: number): Span {
  const length = lengthOf(span);
  const to = Math.min(span.to + steps * length, Math.max(end, span.to - length));
  return { from: to - length, to };
}

const DAY_S = 86_400;
const dayOf = (second: number): number => Math.floor(second / DAY_S);
/** 11-21, month and day as in ISO 8601. */
const date = (second: number): string => moment(second).slice(5, 10);

/** 14:00:10 – 14:05:00; by minutes where it is whole ones; with the date where it is not that of `today`, with both where they differ. */
export function spanLabel({ from, to }: Span, today: number | null = null): string {
  const write = from % 60 === 0 && to % 60 === 0 ? minute : clock;
  const isLong = dayOf(from) !== dayOf(to - 1);
  const dated = isLong || (today !== null && dayOf(today) !== dayOf(from));
  return `${dated ? `${date(from)} ` : ""}${write(from * 1000)}\u2009–\u2009${isLong ? `${date(to)} ` : ""}${write(to * 1000)}`;
}
