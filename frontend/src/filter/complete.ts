// What is offered where the caret stands.

import { pageText } from "../lib/pagetext";
import type { Place } from "./place";
import { valuesOf, type Value } from "./values";
import { JOINS, WORDS, type WordName } from "./words";

export interface Option { word: string; meaning: string; kind: "word" | "value" | "recent" }

const SHOWN_MOST = 60;

const words = (): Value[] => (Object.keys(WORDS) as WordName[]).map((word) => ({ word, meaning: pageText.filter.words[word] }));
const joins = (): Value[] => JOINS.map((word) => ({ word, meaning: pageText.filter.words[word] }));

/** Those that begin with what is typed, then those whose meaning has a word that does. What is there already is not offered. */
export function matching(values: readonly Value[], partial: string): Value[] {
  const typed = partial.toLowerCase();
  if (typed === "") return [...values];
  const begins = values.filter(({ word }) => word.toLowerCase().startsWith(typed) && word.toLowerCase() !== typed);
  const means = values.filter((value) => !begins.includes(value) && value.word.toLowerCase() !== typed && value.meaning.toLowerCase().split(/[\s(.,-]+/).some((part) => part.startsWith(typed)));
  return [...begins, ...means];
}

/** The meanings of the language's own words are searched from three letters on: too much begins alike. */
const MEANING_FROM = 3;
const byWord = (values: readonly Value[], partial: string): Value[] =>
  matching(values, partial).filter(({ word }) => partial.length >= MEANING_FROM || word.startsWith(partial.toLowerCase()));

/** The filters used last that begin with the whole text. */
const recent = (filters: readonly string[], text: string): Option[] =>
  filters.filter((filter) => filter !== text.trim() && filter.startsWith(text.trim())).map((word) => ({ word, meaning: "", kind: "recent" }));

export async function optionsAt(text: string, place: Place, used: readonly string[]): Promise<Option[]> {
  const { expected, partial, again } = place;
  const found: Option[] = [];
  const add = (values: readonly Value[], kind: Option["kind"]): void => void found.push(...values.map(({ word, meaning }) => ({ word, meaning, kind })));
  if (expected.kind === "value") add(matching(await valuesOf(expected.of), partial), "value");
  if (expected.kind === "join") add(byWord(joins(), partial), "word");
  if (expected.kind === "question") {
    if (place.from === 0) found.push(...recent(used, text));
    if (again !== null && partial !== "") add(matching(await valuesOf(again), partial), "value");
    add(byWord(words(), partial), "word");
  }
  return found.slice(0, SHOWN_MOST);
}
