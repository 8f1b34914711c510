// Country names in the reader's language from the browser's own tables, short where those are long.

import { text } from "./text";

const named = (language: string): Intl.DisplayNames => new Intl.DisplayNames([language], { type: "region", fallback: "code" });
let names = named("en");

export const nameCountriesIn = (language: string): void => void (names = named(language));

/** The name of an alpha-2 code; the code itself when it is not one. */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code;
  return text.countries[code] ?? names.of(code) ?? code;
}
