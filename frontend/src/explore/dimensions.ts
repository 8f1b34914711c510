// What traffic can be split by: Wireglobe's own dimensions and the 19 aggregations of nfdump and FlowGraph, under their ids. For each,
// what its keys are: how they are written, what filters by one, which page it has. To add one: a line here, its words in the catalogues
// (`explore.dimensions`).

import { language } from "../lib/language";
import { countryMark, countryName } from "../lib/country";
import { CONTINENTS } from "../filter/words";
import { serviceName } from "../lib/rows";
import { text } from "../lib/text";
import { asFilter, type Dimension as Selectable } from "../lib/selection";
import type { Entity, EntityDimension } from "../lib/urlstate";

export const GROUPS = ["places", "networks", "hosts", "services", "exporter"] as const;
export type Group = (typeof GROUPS)[number];

interface Kind {
  group: Group;
  /** What a click selects elsewhere, where it is the same. */
  select?: Selectable;
  /** The filter of a key, where it is no selection; none: it cannot be filtered by. */
  filter?: (key: string) => string;
  page?: EntityDimension;
  /** A short mark before the name. */
  code?: (key: string) => string;
  name?: (key: string, name: string) => string;
  /** Source and destination are one question, of which a side can be chosen; the exporter's fields say which end they are of. */
  sided?: true;
  /** The longest prefix it can be cut to, and the usual one. */
  prefix?: readonly [most: number, usual: number];
}

const asn = (key: string): string => (/^\d+$/.test(key) ? `AS${key}` : "");
const named = (key: string, name: string): string => name || key;
const beside = (key: string, name: string): string => (name ? `${key} ${name}` : key);

function continentName(key: string): string {
  const region = CONTINENTS.find(([code]) => code === key)?.[1];
  return region === undefined ? "" : (new Intl.DisplayNames([language()], { type: "region" }).of(region) ?? "");
}

const address = (words: string): Partial<Kind> => ({ filter: (key) => `${words} ${key}`, page: "host", name: named });
const network = (words: string, most: number, usual: number): Kind => ({ group: "exporter", filter: (key) => `${words} ${key}`, page: "prefix", prefix: [most, usual] });
const system = (words: string): Kind => ({ group: "exporter", filter: (key) => `${words} ${key}`, page: "asn", code: asn, name: named });

const KINDS = {
  country: { group: "places", sided: true, select: "country", page: "country", code: countryMark, name: countryName },
  continent: { group: "places", sided: true, select: "continent", code: (key) => key, name: (key, name) => continentName(key) || named(key, name) },
  place: { group: "places", sided: true, select: "place", name: (key) => text.host.places[key] ?? key },
  asn: { group: "networks", sided: true, select: "asn", page: "asn", code: asn, name: named },
  prefix: { group: "networks", sided: true, select: "prefix", page: "prefix" },
  host: { group: "hosts", sided: true, select: "host", page: "host", name: named },
  pair: { group: "hosts", filter: (key) => pairFilter(key) },
  domain: { group: "hosts", select: "domain", page: "domain" },
  os: { group: "hosts", filter: (key) => `os ${key.toLowerCase()}` },
  mac: { group: "hosts", sided: true, select: "mac", name: beside },
  vlan: { group: "hosts", filter: (key) => (/^\d+$/.test(key) ? `vlan ${key}` : "not vlan") },
  service: { group: "services", select: "service", name: serviceName },
  protocol: { group: "services", select: "proto" },
  port: { group: "services", sided: true, select: "service", name: (key, name) => beside(serviceName(key), serviceName(name)) },
  pr: { group: "exporter", filter: (key) => `proto ${key}`, name: named },
  sa: { group: "exporter", ...address("src host") },
  da: { group: "exporter", ...address("dst host") },
  sp: { group: "exporter", filter: (key) => `src port ${key}` },
  dp: { group: "exporter", filter: (key) => `dst port ${key}` },
  sas: system("src asn"),
  das: system("dst asn"),
  nas: system("next as"),
  pas: system("prev as"),
  nh: { group: "exporter", ...address("next ip") },
  nhb: { group: "exporter", ...address("bgpnext ip") },
  ra: { group: "exporter", ...address("router ip") },
  exp: { group: "exporter", filter: (key) => `exporter ${key}` },
  in: { group: "exporter", filter: (key) => `in if ${key}` },
  out: { group: "exporter", filter: (key) => `out if ${key}` },
  sn4: network("src net", 32, 24),
  sn6: network("src net", 128, 48),
  dn4: network("dst net", 32, 24),
  dn6: network("dst net", 128, 48),
} as const satisfies Record<string, Kind>;

export type Dimension = keyof typeof KINDS;
export const DIMENSIONS = Object.keys(KINDS) as Dimension[];

const kind = (dimension: Dimension): Kind => KINDS[dimension];

export const inGroup = (group: Group): Dimension[] => DIMENSIONS.filter((dimension) => kind(dimension).group === group);
/** Null for what has no prefix length. */
export const prefixOf = (dimension: Dimension): readonly [most: number, usual: number] | null => kind(dimension).prefix ?? null;
export const hasSides = (dimension: Dimension): boolean => kind(dimension).sided === true;

/** What no database, route or name was known for; exporters say 0 of a system they do not tell. */
const UNKNOWN_KEY = "unknown";
const isUnknown = (dimension: Dimension, key: string): boolean => key === UNKNOWN_KEY || key === "" || (key === "0" && kind(dimension).page === "asn");

function pairFilter(key: string): string {
  const [from = "", to = ""] = key.split(" > ");
  return `src host ${from} and dst host ${to}`;
}

/** What a click on the key filters by; empty where the language has no word for it. */
export function filterOf(dimension: Dimension, key: string): string {
  const { select, filter } = kind(dimension);
  if (isUnknown(dimension, key)) return "";
  return filter?.(key) ?? (select === undefined ? "" : asFilter({ dimension: select, key }));
}

/** The page of the key; null where it has none. */
export function pageOf(dimension: Dimension, key: string): Entity | null {
  const { page } = kind(dimension);
  return page === undefined || isUnknown(dimension, key) || (page === "country" && !/^[A-Z]{2}$/.test(key)) ? null : { dimension: page, key };
}

/** How networks are called: by number and owner, by owner, by number (asn_report's three). */
export const LABELS = ["both", "name", "code"] as const;
export type LabelMode = (typeof LABELS)[number];

export interface KeyName { code: string; name: string }

/** How a key is written: its mark and its name; `unknown` in the reader's words. */
export function nameOf(dimension: Dimension, key: string, name: string, unknown: string): KeyName {
  const { code, name: write } = kind(dimension);
  if (isUnknown(dimension, key)) return { code: "", name: unknown };
  const [mark, written] = [code?.(key) ?? "", write?.(key, name) ?? key];
  return { code: mark, name: written === key && mark !== "" ? "" : written };
}

/** A name in one line. */
export function labelOf({ code, name }: KeyName, dimension: Dimension, mode: LabelMode): string {
  if (kind(dimension).page !== "asn") return name || code;
  if (mode === "code") return code || name;
  return mode === "name" ? name || code : code && name ? `${code}: ${name}` : code || name;
}
