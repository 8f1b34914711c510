// The map's colours, read from the style sheet's variables so that a theme is defined in one place only.

const NAMES = [
  "bg", "surface", "text", "text2", "text3", "line", "line2", "in", "out", "water", "land", "coast", "border", "grat", "halo", "unseen", "red",
] as const;

export type Palette = Readonly<Record<(typeof NAMES)[number], string>> & {
  /** Choropleth colours, least to most. */
  readonly ramp: readonly string[];
  readonly font: string;
  /** Size of names on the map in pixels. */
  readonly label: number;
};

export const CLASSES = 7;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const named = Object.fromEntries(NAMES.map((name) => [name, value(name)])) as Record<(typeof NAMES)[number], string>;
  return { ...named, ramp: Array.from({ length: CLASSES }, (_, i) => value(`ramp${i + 1}`)), font: style.fontFamily, label: Number(value("map-label")) || 11 };
}

/** The style sheet's minifier shortens #ffffff to #fff. */
const long = (colour: string): string => (colour.length === 4 ? `#${[...colour.slice(1)].map((digit) => digit + digit).join("")}` : colour);

/** `colour` (#rgb or #rrggbb) with an opacity of 0 to 1. */
export const alpha = (colour: string, opacity: number): string =>
  long(colour) + Math.round(Math.min(1, Math.max(0, opacity)) * 255).toString(16).padStart(2, "0");
