// What is known of one host: its row of the hosts, and of the details its names and what the databases say, each answer
// with its source. The document is that of `wireglobe geo lookup`; what has another shape than expected is left out.

import type { TableView } from "../table";
import { countryName } from "./country";
import { coordinates } from "./format";
import { placeName } from "./located";
import { text } from "./text";

export interface KnownName { name: string; source: string; first: number; last: number }
/** A line of the card: what, the answer, a qualifier, and who says so. */
export interface Fact { what: string; answer: string; qualifier: string; source: string }
export interface Detail { names: KnownName[]; facts: Fact[]; hints: string[] }

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});
const textOf = (fields: Fields, name: string): string => (typeof fields[name] === "string" ? (fields[name] as string) : "");
const numberOf = (fields: Fields, name: string): number | null => (typeof fields[name] === "number" ? (fields[name] as number) : null);
const listOf = (fields: Fields, name: string): unknown[] => (Array.isArray(fields[name]) ? (fields[name] as unknown[]) : []);

function names(value: unknown): KnownName[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((one) => ({
    name: textOf(one, "name"), source: textOf(one, "source"), first: numberOf(one, "first_ms") ?? 0, last: numberOf(one, "last_ms") ?? 0,
  }));
}

/** City and country may come from two databases: both are named. */
function placeFact(geo: Fields, sources: Fields): Fact {
  const category = text.host.places[textOf(geo, "place")];
  const [city, country] = [textOf(geo, "city"), textOf(geo, "country")];
  const said = [city && textOf(sources, "city"), country && textOf(sources, "country")].filter(Boolean);
  return {
    what: text.host.place, answer: category ?? (placeName(city, textOf(geo, "region"), country) || text.host.noPlace),
    qualifier: category === undefined ? "" : country && countryName(country), source: [...new Set(said)].join(" · "),
  };
}

function networkFact(geo: Fields, sources: Fields): Fact {
  const asn = numberOf(geo, "asn");
  const name = textOf(geo, "as_name");
  const said = [textOf(sources, "asn"), name && textOf(sources, "as_name")].filter(Boolean);
  return {
    what: text.host.network, answer: [asn === null ? "" : `AS${asn}`, name].filter(Boolean).join(" "), qualifier: "",
    source: [...new Set(said)].join(" · "),
  };
}

/** What the databases say of what the reader knows better; empty where they agree. */
function otherwise(geo: Fields): Fact {
  const of = fieldsOf(geo["databases"]);
  const [country, asn] = [textOf(of, "country"), numberOf(of, "asn")];
  const network = [asn === null ? "" : `AS${asn}`, textOf(of, "as_name")].filter(Boolean).join(" ");
  const said = [country && countryName(country), network, textOf(of, "prefix")].filter(Boolean).join(", ");
  return { what: text.host.databases, answer: said || (geo["databases"] ? text.host.noPlace : ""), qualifier: "", source: "" };
}

function facts(geo: Fields): Fact[] {
  const by = fieldsOf(geo["source"]);
  const sources = Object.fromEntries(Object.entries(by).map(([what, who]) => [what, who === "settings" ? text.host.bySettings : who]));
  const [lat, lon] = [numberOf(geo, "lat"), numberOf(geo, "lon")];
  const others = listOf(geo, "origins").filter((asn) => typeof asn === "number" && asn !== numberOf(geo, "asn"));
  const all: Fact[] = [
    placeFact(geo, sources),
    {
      what: text.host.coordinates, answer: lat === null || lon === null ? "" : coordinates(lat, lon, numberOf(geo, "accuracy_km")), qualifier: "",
      source: textOf(sources, "city"),
    },
    networkFact(geo, sources),
    { what: text.host.prefix, answer: textOf(geo, "prefix"), qualifier: textOf(geo, "prefix_kind"), source: textOf(sources, "prefix") },
    { what: text.host.origins, answer: others.map((asn) => `AS${String(asn)}`).join(" "), qualifier: "", source: "" },
    otherwise(geo),
    { what: text.host.note, answer: textOf(geo, "note"), qualifier: "", source: "" },
  ];
  return all.filter(({ answer }) => answer !== "");
}

/** `null` until the details have come. */
export function readDetail(table: TableView, address: string): Detail | null {
  const row = table.row(address);
  if (row < 0) return null;
  return { names: names(table.cell("names", row)), ...readLookup(table.cell("geo", row)) };
}

/** What the databases and the reader's own settings say, of a document of `wireglobe geo lookup`. */
export function readLookup(document: unknown): Pick<Detail, "facts" | "hints"> {
  const geo = fieldsOf(document);
  return { facts: facts(geo), hints: listOf(geo, "hints").filter((hint): hint is string => typeof hint === "string") };
}
