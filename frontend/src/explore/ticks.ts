// Where the axes are written on, and what with.

import { clock, minute, significant } from "../lib/format";
import { language } from "../lib/language";

/** 1, 2, 2.5 or 5 times a power of ten, so that about `count` fit. */
export function niceStep(range: number, count: number): number {
  const raw = Math.max(range, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((step) => step >= raw * 0.999) ?? 10 * power;
}

/** Values from zero to `most`, with their words. */
export function valueTicks(most: number, divisor: number, count: number): { value: number; text: string }[] {
  const step = niceStep(most / divisor, count);
  return Array.from({ length: Math.floor(most / divisor / step + 1e-9) + 1 }, (_, i) => ({ value: i * step * divisor, text: significant(i * step, 6) }));
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000];
const DAY_S = 86_400;

/** 20 Nov (UTC). */
export const dayName = (second: number): string => new Date(second * 1000).toLocaleDateString(language() === "en" ? "en-GB" : language(), { day: "numeric", month: "short", timeZone: "UTC" });

/** 20 Nov 14:05, with seconds where they matter: among intervals of less than a minute (UTC). */
export const momentName = (second: number, step = 1): string => `${dayName(second)} ${second % 60 === 0 || step >= 60 ? minute(second * 1000) : clock(second * 1000)}`;

/** Moments from `from` to `to`, at most `count`; midnight is told by its date. */
export function timeTicks(from: number, to: number, count: number): { second: number; text: string }[] {
  const step = STEPS_S.find((step) => (to - from) / step <= Math.max(1, count)) ?? 31_536_000;
  const write = (second: number): string => (step >= DAY_S || second % DAY_S === 0 ? dayName(second) : step < 60 ? clock(second * 1000) : minute(second * 1000));
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => ({ second: first + i * step, text: write(first + i * step) }));
}
