// What the databases here know of a key, asked when somebody opens its details; nobody else is asked.

import { ask, fields, text, type Fields } from "../lib/ask";
import { countryName } from "../lib/country";
import { pageText } from "../lib/pagetext";
import { asFilter } from "../lib/selection";
import { text as words } from "../lib/text";
import type { Entity } from "../lib/urlstate";
import { readDetail, type Fact } from "../lib/detail";
import { Table } from "../table";
import type { Snap } from "../wire";

export interface Known { facts: readonly Fact[]; names: readonly string[] }

/** The row of a topic that has the key, and the whole answer as a table. */
async function row(topic: string, entity: Entity): Promise<{ of: Fields; table: Table }> {
  const answer = await ask(`topics/${topic}?${new URLSearchParams({ filter: asFilter(entity), k: "50" })}`);
  const table = new Table();
  table.snap({ type: "snap", sub: 0, seq: 0, at: 0, from: 0, total: 0, total_error: 0, range: null, dropped: 0, ...answer } as unknown as Snap);
  const columns = fields(answer["columns"]);
  const at = table.row(entity.key);
  return { table, of: Object.fromEntries(Object.keys(columns).map((name) => [name, at < 0 ? null : table.cell(name, at)])) };
}

const TOPICS = { host: "details", asn: "asns", prefix: "prefixes", country: "countries", domain: "domains" } as const;

function plain(of: Fields): Fact[] {
  const facts = pageText.explore.details;
  const country = text(of["country"]);
  const all: readonly (readonly [string, string])[] = [[facts.name, text(of["name"])], [facts.country, country && `${country} ${countryName(country)}`], [facts.kind, words.list.prefixKinds[text(of["prefix_kind"])] ?? text(of["prefix_kind"])]];
  return all.filter(([, answer]) => answer !== "").map(([what, answer]) => ({ what, answer, qualifier: "", source: "" }));
}

export async function known(entity: Entity): Promise<Known> {
  const { of, table } = await row(TOPICS[entity.dimension], entity);
  if (entity.dimension !== "host") return { facts: plain(of), names: [] };
  const detail = readDetail(table, entity.key);
  return { facts: detail?.facts ?? [], names: detail?.names.map(({ name }) => name) ?? [] };
}

/** Where RIPE's statistics are of it; empty for what they do not know. */
export function ripestat({ dimension, key }: Entity): string {
  const item = dimension === "asn" ? `AS${key}` : dimension === "host" || dimension === "prefix" ? key : dimension === "country" ? key.toLowerCase() : "";
  return item === "" ? "" : `https://stat.ripe.net/${item}`;
}

export const isEmpty = ({ facts, names }: Known): boolean => facts.length === 0 && names.length === 0;
