// Moments as people write them: `-24h`, `now`, `yesterday`, `last tuesday 14:00`, `2026-11-20 14:00`, `14:00`, `vor 3 Tagen`.
// All in UTC, weeks from Monday (ISO 8601). A word that names a day, week or month stands for all of it.

import { plainWords } from "./words";

/** Seconds since the Unix epoch; `to` equals `from` for an instant. */
export interface Moment {
  readonly from: number;
  readonly to: number;
  /** Whether it means something else as time goes on. */
  readonly moving: boolean;
}

const DAY = 86_400;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: DAY, w: 7 * DAY };
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/** The first day of the Unix epoch was a Thursday. */
const EPOCH_WEEKDAY = 4;
const TIME = /^(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?(?: ?o'clock)?$/;

const instant = (at: number, moving: boolean): Moment => ({ from: at, to: at, moving });
const dayOf = (at: number): number => Math.floor(at / DAY) * DAY;
const mondayOf = (at: number): number => dayOf(at) - ((Math.floor(at / DAY) + EPOCH_WEEKDAY + 6) % 7) * DAY;
const monthOf = (at: number, by: number): number => {
  const date = new Date(at * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + by, 1) / 1000;
};
const yearOf = (at: number, by: number): number => Date.UTC(new Date(at * 1000).getUTCFullYear() + by, 0, 1) / 1000;

/** The same clock so many months before; the last day of a shorter month. */
function monthsBefore(at: number, months: number): number {
  const first = monthOf(at, -months);
  const days = (monthOf(at, 1 - months) - first) / DAY;
  const day = Math.min(days, new Date(at * 1000).getUTCDate());
  return first + (day - 1) * DAY + (at % DAY);
}

/** So long before; null for a unit there is not. */
export function before(at: number, amount: number, unit: string): number | null {
  if (unit === "mo") return monthsBefore(at, amount);
  if (unit === "y") return monthsBefore(at, amount * 12);
  const seconds = SECONDS[unit];
  return seconds === undefined ? null : at - amount * seconds;
}

/** Seconds into the day; null when it is no time of day. */
function clockOf(text: string): number | null {
  const found = TIME.exec(text);
  if (found === null || (found[2] === undefined && !text.endsWith("o'clock"))) return null;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)];
  return hours > 24 || minutes > 59 || seconds > 59 || (hours === 24 && minutes + seconds > 0) ? null : hours * 3600 + minutes * 60 + seconds;
}

/** A day, or a time of it. */
function within(day: number, time: string | undefined, moving: boolean): Moment | null {
  if (time === undefined || time === "") return { from: day, to: day + DAY, moving };
  const clock = clockOf(time);
  return clock === null ? null : instant(day + clock, moving);
}

type Rule = readonly [RegExp, (found: RegExpExecArray, now: number) => Moment | null];

/** Back from now: null for a unit there is not. */
function ago(now: number, amount: string | undefined, unit: string | undefined): Moment | null {
  const at = before(now, Number(amount), unit ?? "");
  return at === null ? null : instant(at, true);
}

/** This week, last month: the calendar's own; hours and days run up to now. */
function calendar(now: number, back: 0 | 1, unit: string): Moment | null {
  const part = (from: number, to: number): Moment => ({ from, to, moving: true });
  if (unit === "w") return part(mondayOf(now) - back * 7 * DAY, mondayOf(now) + (1 - back) * 7 * DAY);
  if (unit === "mo") return part(monthOf(now, -back), monthOf(now, 1 - back));
  if (unit === "y") return part(yearOf(now, -back), yearOf(now, 1 - back));
  const length = SECONDS[unit];
  if (length === undefined) return null;
  return back === 1 ? part(now - length, now) : part(Math.floor(now / length) * length, Math.floor(now / length) * length + length);
}

/** The latest such day; `last` never means today. */
function weekday(now: number, name: string, last: boolean): number {
  const today = (Math.floor(now / DAY) + EPOCH_WEEKDAY) % 7;
  const back = (today - WEEKDAYS.indexOf(name) + 7) % 7;
  return dayOf(now) - (back === 0 && last ? 7 : back) * DAY;
}

/** A date of the calendar; null for the 31st of February. */
function date(year: string | undefined, month: string | undefined, day: string | undefined): number | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const at = new Date(Date.UTC(y, m - 1, d));
  return at.getUTCMonth() === m - 1 && at.getUTCDate() === d ? at.getTime() / 1000 : null;
}

const dated = (day: number | null, time: string | undefined): Moment | null => (day === null ? null : within(day, time, false));
const DAYS_BACK: Readonly<Record<string, number>> = { today: 0, yesterday: 1, ereyesterday: 2 };

const RULES: readonly Rule[] = [
  [/^now$/, (_, now) => instant(now, true)],
  [/^now ?- ?(\d+(?:\.\d+)?) ([a-z]+)$|^-(\d+(?:\.\d+)?) ([a-z]+)$/, (found, now) => ago(now, found[1] ?? found[3], found[2] ?? found[4])],
  [/^(?:ago )?(\d+(?:\.\d+)?) ([a-z]+)(?: ago)?$/, (found, now) => (found[0].includes("ago") ? ago(now, found[1], found[2]) : null)],
  [/^last (\d+) ([a-z]+)$/, ([, amount, unit], now) => { const at = before(now, Number(amount), unit ?? ""); return at === null ? null : { from: at, to: now, moving: true }; }],
  [/^(last|this) ([a-z]+)$/, ([, which, unit], now) => calendar(now, which === "last" ? 1 : 0, unit ?? "")],
  [/^(today|yesterday|ereyesterday)(?: (.+))?$/, ([, word, time], now) => within(dayOf(now) - (DAYS_BACK[word ?? ""] ?? 0) * DAY, time, true)],
  [/^(last |this )?([a-z]+day)(?: (.+))?$/, ([, last, name, time], now) => (WEEKDAYS.includes(name ?? "") ? within(weekday(now, name ?? "", last === "last "), time, true) : null)],
  [/^(\d{4})-(\d{1,2})-(\d{1,2})(?: (.+))?$/, ([, y, m, d, time]) => dated(date(y, m, d), time)],
  [/^(\d{1,2})\.(\d{1,2})\.(\d{4})(?: (.+))?$/, ([, d, m, y, time]) => dated(date(y, m, d), time)],
];

/** `2026-11-20T14:00:00Z` and with another zone. */
function rfc3339(text: string): Moment | null {
  const at = /^\d{4}-\d\d-\d\dt\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?$/i.test(text.trim()) ? Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text.trim()) ? text.trim() : `${text.trim()}Z`) : NaN;
  return Number.isFinite(at) ? instant(Math.floor(at / 1000), false) : null;
}

/** A time of day by itself is the latest one that has been. */
function timeOnly(text: string, now: number): Moment | null {
  const clock = clockOf(text);
  if (clock === null) return null;
  const today = dayOf(now) + clock;
  return instant(today > now ? today - DAY : today, false);
}

/** What the text says of a moment, seen from `now` (seconds); null when it says none. */
export function readMoment(text: string, now: number): Moment | null {
  const whole = rfc3339(text);
  if (whole !== null) return whole;
  const words = plainWords(text);
  for (const [form, read] of RULES) {
    const found = form.exec(words);
    const moment = found === null ? null : read(found, now);
    if (moment !== null) return moment;
  }
  return timeOnly(words, now);
}
