// Country names in the reader's language from the browser's own tables, short where those are long.

import { text } from "./text";
import { unit } from "./units";

const named = (language: string): Intl.DisplayNames => new Intl.DisplayNames([language], { type: "region", fallback: "code" });
let names = named("en");

export const nameCountriesIn = (language: string): void => void (names = named(language));

/** A country as a code, or as a flag where the reader wants it so: regional indicators, which read as the code without such a font. */
export const countryMark = (code: string): string =>
  unit("flags") === "on" && /^[A-Z]{2}$/.test(code) ? String.fromCodePoint(...[...code].map((letter) => 0x1f1a5 + letter.charCodeAt(0))) : code;

/** The name of an alpha-2 code; the code itself when it is not one. */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return text.countries[code] ?? names.of(code) ?? code;
}
