// The colours of series, read from the style sheet: eight, and further ones mixed from them with the ground.

import { readPalette, type Palette } from "../map/palette";

export interface Colours extends Palette { readonly series: readonly string[]; readonly other: string }

const SERIES = 8;
/** How much of the colour is left in its second, third round. */
const LEFT = [1, 0.62, 0.38];

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { ...readPalette(element), series: Array.from({ length: SERIES }, (_, i) => value(`series${i + 1}`)), other: value("series-other") };
}

const channels = (colour: string): number[] => {
  const long = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join("") : colour.slice(1);
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16) || 0);
};

/** So much of one colour, the rest of another. */
export function mixed(colour: string, ground: string, part: number): string {
  const [a, b] = [channels(colour), channels(ground)];
  return `#${a.map((value, i) => Math.round(value * part + (b[i] ?? 0) * (1 - part)).toString(16).padStart(2, "0")).join("")}`;
}

export function colourOf(slot: number | null, { series, other, surface }: Colours): string {
  if (slot === null) return other;
  const round = LEFT[Math.floor(slot / SERIES) % LEFT.length] ?? 1;
  const colour = series[slot % SERIES] ?? other;
  return round === 1 ? colour : mixed(colour, surface, round);
}
