// Going through a chart by keys: left and right through time, up and down through the keys; Shift marks a part of the time.

import type { Hit } from "./timechart";

/** Seconds; `from` is where it began, which may be the later end. */
export interface Brush { readonly from: number; readonly to: number }
export interface Place { readonly hit: Hit; readonly brush: Brush | null }
interface Press { key: string; shiftKey: boolean; ctrlKey: boolean }
interface Ground { at: readonly number[]; interval: number; /** How many series there are. */ series: number; /** Whether it has a time to go through. */ timed: boolean }

export const NOWHERE: Hit = { at: -1, series: -1 };
/** Intervals at once, with Ctrl. */
const FAR = 10;

const clamped = (n: number, last: number): number => Math.min(last, Math.max(0, n));
const turned = (from: number, by: number, count: number): number => (from < 0 ? (by > 0 ? 0 : count - 1) : (from + by + count) % Math.max(1, count));

/** The part from where it began to the interval that was come to, which is in it. */
function marked(begun: number, at: number, { interval }: Ground): Brush {
  return { from: begun, to: at >= begun ? at + interval : at };
}

function throughTime(sideways: number, press: Press, { hit, brush }: Place, ground: Ground): Place {
  const last = ground.at.length - 1;
  const from = hit.at >= 0 ? hit.at : sideways > 0 ? -1 : last + 1;
  const at = clamped(from + sideways * (press.ctrlKey ? FAR : 1), last);
  const begun = brush?.from ?? ground.at[clamped(hit.at < 0 ? at : hit.at, last)] ?? 0;
  return { hit: { at, series: Math.max(0, hit.series) }, brush: press.shiftKey ? marked(begun, ground.at[at] ?? 0, ground) : null };
}

/** Where a press of a key leads; null when it leads nowhere. */
export function walked(press: Press, place: Place, ground: Ground): Place | null {
  const sideways = press.key === "ArrowRight" ? 1 : press.key === "ArrowLeft" ? -1 : 0;
  const up = press.key === "ArrowUp" ? 1 : press.key === "ArrowDown" ? -1 : 0;
  if ((sideways === 0 && up === 0) || ground.series === 0) return null;
  if (!ground.timed) return { hit: { at: -1, series: turned(place.hit.series, sideways || -up, ground.series) }, brush: null };
  if (sideways !== 0) return throughTime(sideways, press, place, ground);
  return { ...place, hit: { at: place.hit.at < 0 ? ground.at.length - 1 : place.hit.at, series: turned(place.hit.series, up, ground.series) } };
}

/** Whole intervals around what was marked. */
export function snapped({ from, to }: Brush, interval: number): [from: number, to: number] {
  return [Math.floor(Math.min(from, to) / interval) * interval, Math.ceil(Math.max(from, to) / interval) * interval];
}
