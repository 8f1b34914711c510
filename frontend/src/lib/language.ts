// The reader's language: the first of the browser's that there is a catalogue for, unless one was chosen; the choice stays in
// this browser. A catalogue is loaded when it is needed. To add a language: its two catalogues in `src/words/`, one line in
// CATALOGUES.

import { drawAnew } from "./anew";
import { nameCountriesIn } from "./country";
import { writeNumbersIn } from "./format";
import { pageText, type PageTexts } from "./pagetext";
import { kept, keep } from "./storage";
import { text, type Texts } from "./text";

export type Language = "en" | "de";

interface Catalogue { name: string; first: () => Promise<Texts>; pages: () => Promise<PageTexts> }

const CATALOGUES: Readonly<Record<Language, Catalogue>> = {
  en: { name: "English", first: async () => (await import("../words/en")).en, pages: async () => (await import("../words/pages.en")).pagesEn },
  de: { name: "Deutsch", first: async () => (await import("../words/de")).de, pages: async () => (await import("../words/pages.de")).pagesDe },
};

/** Each language by its own name. */
export const LANGUAGES = Object.entries(CATALOGUES).map(([id, { name }]) => ({ id: id as Language, name }));

const KEY = "wireglobe.language";
const known = (tag: string | null): Language | undefined => LANGUAGES.find(({ id }) => id === tag)?.id;

/** The first of the wanted languages there is a catalogue for: `de-AT` is German. */
export const pick = (chosen: string | null, wanted: readonly string[]): Language =>
  known(chosen) ?? wanted.map((tag) => known(tag.toLowerCase().split("-")[0] ?? "")).find((found) => found !== undefined) ?? "en";

let current: Language = "en";
let pagesIn: Language | null = null;

export const language = (): Language => current;

type Branch = Record<string, unknown>;
const isBranch = (value: unknown): value is Branch => typeof value === "object" && value !== null && !Array.isArray(value);

/** Puts the words of `from` into `into`, whose objects stay. */
export function fill(into: Branch, from: Branch): void {
  for (const [key, value] of Object.entries(from)) {
    const old = into[key];
    if (isBranch(value)) fill(isBranch(old) ? old : ((into[key] = {}) as Branch), value);
    else into[key] = value;
  }
}

/** Speaks the language; resolves when all that is loaded has its words. */
async function speak(next: Language): Promise<void> {
  const [first, pages] = await Promise.all([CATALOGUES[next].first(), pagesIn === null ? null : CATALOGUES[next].pages()]);
  current = next;
  fill(text, first);
  if (pages !== null) {
    fill(pageText, pages);
    pagesIn = next;
  }
  writeNumbersIn(next);
  nameCountriesIn(next);
  document.documentElement.lang = next;
}

/** The words of the first screen; to be awaited before anything is shown. */
export const startLanguage = (): Promise<void> => speak(pick(kept(KEY), navigator.languages));

/** The words of the pages; to be awaited before one of them is loaded. */
export async function startPages(): Promise<void> {
  if (pagesIn === current) return;
  fill(pageText, await CATALOGUES[current].pages());
  pagesIn = current;
}

export async function chooseLanguage(next: Language): Promise<void> {
  keep(KEY, next);
  await speak(next);
  drawAnew();
}
