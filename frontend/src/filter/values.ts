// Values that can stand behind a word of the filter language, with what they mean: fixed ones from tables and the browser's
// names, those of the traffic from the server's lists, the largest first.

import { ask, fields, list, text as textOf } from "../lib/ask";
import { countryName } from "../lib/country";
import { language } from "../lib/language";
import { pageText } from "../lib/pagetext";
import { text } from "../lib/text";
import { CONTINENTS, DIRECTIONS, OPERATING_SYSTEMS, PLACES, PORTS, PROTOCOLS, type ValueKind } from "./words";

export interface Value { word: string; meaning: string }

const ROWS_MOST = 200;
/** What the traffic has may be this old. */
const FRESH_MS = 15_000;

/** Regions that are no countries, or parts of one that have a code reserved. */
const NO_COUNTRIES: readonly string[] = ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"];

const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
const codes = letters.flatMap((a) => letters.map((b) => a + b)).filter((code) => new Intl.Locale(`und-${code}`).region === code && !NO_COUNTRIES.includes(code));

/** All countries the browser has a name for, those of the traffic first. */
async function countries(): Promise<Value[]> {
  const names = new Intl.DisplayNames([language()], { type: "region", fallback: "none" });
  const all = codes.filter((code) => names.of(code) !== undefined);
  const seen = (await rows("countries")).map(({ word }) => word);
  return [...new Set([...seen.filter((code) => all.includes(code)), ...all])].map((word) => ({ word, meaning: countryName(word) }));
}

function continents(): Value[] {
  const names = new Intl.DisplayNames([language()], { type: "region", fallback: "none" });
  return CONTINENTS.map(([word, region]) => ({ word, meaning: names.of(region) ?? "" }));
}

/** The keys of a topic with their names, the largest first. */
async function rows(topic: string): Promise<Value[]> {
  const answer = await ask(`topics/${topic}?k=${ROWS_MOST}`);
  const names = fields(answer["columns"])["name"];
  const keys = Array.isArray(answer["keys"]) ? answer["keys"] : [];
  return keys.map((key, i) => ({ word: textOf(key), meaning: textOf(Array.isArray(names) ? names[i] : "") })).filter(({ word }) => word !== "" && word !== "unknown");
}

/** Rules, and the families they belong to. */
async function rules(): Promise<Value[]> {
  const all = list((await ask("rules"))["rules"]).map((rule) => ({ word: textOf(rule["rule"]), meaning: textOf(rule["title"]) }));
  const families = [...new Set(all.map(({ word }) => word.split(".")[0] ?? ""))];
  return [...families.map((word) => ({ word, meaning: text.alerts.family(word) })), ...all];
}

const named = (words: readonly string[], meanings: Readonly<Record<string, string>>): Value[] => words.map((word) => ({ word, meaning: meanings[word] ?? "" }));

const SOURCES: Readonly<Record<ValueKind, () => Value[] | Promise<Value[]>>> = {
  country: countries,
  continent: continents,
  asn: () => rows("asns"),
  prefix: () => rows("prefixes"),
  host: () => rows("hosts"),
  net: () => rows("prefixes"),
  domain: () => rows("domains"),
  service: async () => (await rows("services")).filter(({ word }) => !word.includes("/")),
  mac: () => rows("macs"),
  alert: rules,
  os: () => named(OPERATING_SYSTEMS, pageText.filter.systems),
  place: () => named(PLACES, { ...text.host.places, unknown: text.dock.hints.unknown, global: pageText.filter.publicPlace }),
  direction: () => named(DIRECTIONS, pageText.filter.directions),
  port: () => PORTS.map(([port, service]) => ({ word: String(port), meaning: service })),
  protocol: () => named(PROTOCOLS, {}),
  other: () => [],
};

const kept = new Map<ValueKind, { at: number; values: Promise<readonly Value[]> }>();

/** What can stand there; nothing when the server cannot be asked. */
export function valuesOf(kind: ValueKind): Promise<readonly Value[]> {
  const before = kept.get(kind);
  if (before !== undefined && Date.now() - before.at < FRESH_MS) return before.values;
  const values = Promise.resolve().then(SOURCES[kind]).catch(() => []);
  kept.set(kind, { at: Date.now(), values });
  return values;
}
