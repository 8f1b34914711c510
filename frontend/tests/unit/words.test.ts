// The catalogues: the same keys, the same figures in every sentence, and no sentence anywhere else.
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { countryName, nameCountriesIn } from "../../src/lib/country";
import { bitRate, bytes, share, span, writeNumbersIn } from "../../src/lib/format";
import { pick } from "../../src/lib/language";
import { de } from "../../src/words/de";
import { en } from "../../src/words/en";
import { pagesDe } from "../../src/words/pages.de";
import { pagesEn } from "../../src/words/pages.en";

type Leaf = string | ((...values: unknown[]) => string);

/** Every text of a catalogue with its path. */
function leaves(value: unknown, path = ""): [string, Leaf][] {
  if (typeof value === "string" || typeof value === "function") return [[path, value as Leaf]];
  return Object.entries(value as object).flatMap(([key, below]) => leaves(below, `${path}.${key}`));
}

/** Which of a text's values it shows: those that change it. */
function shown(leaf: Leaf): boolean[] {
  if (typeof leaf === "string") return [];
  const values = Array.from({ length: leaf.length }, (_, i) => 2 + i);
  return values.map((_, i) => leaf(...values) !== leaf(...values.map((value, k) => (k === i ? 77 : value))));
}

describe.each([["the first screen", en, de], ["the pages", pagesEn, pagesDe]])("the German words of %s", (_, english, german) => {
  const [ours, theirs] = [new Map(leaves(english)), new Map(leaves(german))];
  test("have the keys of the English ones", () => {
    expect([...theirs.keys()]).toEqual([...ours.keys()]);
  });
  test("show the values that the English ones show", () => {
    for (const [path, leaf] of ours) expect([path, shown(theirs.get(path) ?? "")]).toEqual([path, shown(leaf)]);
  });
  test("are empty only where the English ones are", () => {
    for (const [path, leaf] of ours) expect([path, theirs.get(path) === ""]).toEqual([path, leaf === ""]);
  });
});

describe("markup", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".svelte"));
  /** Names of formats and keys are the same in every language. */
  const NAMES = /\b(?:CSV|JSON|PCAP|SVG|PNG|Esc|Enter)\b/g;
  const ATTRIBUTES = /(?:title|aria-label|placeholder|label|alt)="([^"{]*\p{L}{2}[^"]*)"/gu;

  function words(source: string): string[] {
    const markup = source.replace(/<(script|style)[\s\S]*?<\/\1>|<!--[\s\S]*?-->/g, "");
    let bare = markup;
    for (let before = ""; before !== bare; ) [before, bare] = [bare, bare.replace(/\{[^{}]*\}/g, "")];
    const between = bare.replace(/<[^>]*>/g, "\n").split("\n").filter((line) => /\p{L}{2}/u.test(line.replace(NAMES, "")));
    return [...between, ...[...markup.matchAll(ATTRIBUTES)].map((match) => match[1] ?? "")];
  }

  test.each(files)("%s has no words of its own", (name) => {
    expect(words(readFileSync(`src/${name}`, "utf8"))).toEqual([]);
  });
});

describe("the language", () => {
  afterEach(() => {
    writeNumbersIn("en");
    nameCountriesIn("en");
  });
  test("is the one chosen, else the first of the browser's that there is, else English", () => {
    expect([pick("de", ["en-GB"]), pick(null, ["fr", "de-AT", "en"]), pick(null, ["fr"]), pick("xx", ["de"]), pick(null, [])]).toEqual(["de", "de", "en", "de", "en"]);
  });
  test("has its decimal sign in every number", () => {
    writeNumbersIn("de");
    const plain = [bytes(20.9e9), bitRate(412_600_000).value, share(328, 1000), share(1, 1e6), span(4100)].map((word) => word.replaceAll("\u202f", " "));
    expect(plain).toEqual(["20,9 GB", "412,6", "32,8 %", "< 0,1 %", "4,1 s"]);
  });
  test("names countries", () => {
    nameCountriesIn("de");
    expect([countryName("NL"), countryName("AT"), countryName("zz")]).toEqual(["Niederlande", "Österreich", "zz"]);
  });
  test("has plural forms", () => {
    expect([en.map.arcs(1, 1), en.map.arcs(2, 2), de.map.arcs(1, 1), de.map.arcs(2, 2)]).toEqual(["1 arc", "2 arcs", "1 Bogen", "2 Bögen"]);
  });
});
