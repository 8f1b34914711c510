// What the command palette can do: pages, actions, and whatever the typed text names. To add an action: one line in `actions`, its
// words in the catalogues (`palette.actions`).

import { valuesOf, type Value } from "../filter/values";
import type { ValueKind } from "../filter/words";
import { matching } from "../filter/complete";
import { chooseLanguage, language, LANGUAGES } from "./language";
import { pageText } from "./pagetext";
import { togglePrivacy } from "./privacy";
import { fromText } from "./selection";
import { text } from "./text";
import { toggleTheme } from "./theme";
import { REGIONS, entityView, type Entity, type EntityDimension, type Page } from "./urlstate";
import type { Store } from "../store";

export interface Command { id: string; title: string; detail: string; keys: string; run: () => void }

const PAGES: ReadonlyArray<readonly [Exclude<Page, "entity" | "wall">, string]> = [["overview", "g o"], ["alerts", "g a"], ["explore", "g e"], ["hosts", "g h"], ["packets", "g p"], ["block", "g b"], ["system", "g s"]];
const METRICS = ["bytes", "packets", "flows"] as const;
const DIRECTIONS = ["in", "out", "both"] as const;
const FOUND_MOST = 6;

const pages = (store: Store): Command[] =>
  PAGES.map(([page, keys]) => ({ id: `page-${page}`, title: text.pages[page], detail: pageText.palette.page, keys, run: () => store.setView({ page, entity: null, alert: null }) }));

const copyLink = (): void => void navigator.clipboard?.writeText(location.href).catch(() => undefined);

function actions(store: Store, help: () => void): Command[] {
  const words = pageText.palette.actions;
  const { metric, direction, projection, region } = store.view;
  const plain = (id: keyof typeof words, keys: string, run: () => void): Command => ({ id, title: words[id], detail: "", keys, run });
  return [
    plain(store.link.paused ? "resume" : "pause", "Space", () => store.pause(!store.link.paused)),
    ...(store.view.range === null ? [] : [plain("live", "l", () => store.setRange(null))]),
    plain("theme", "d", toggleTheme),
    plain(projection === "flat" ? "globe" : "flat", "f", () => store.setView({ projection: projection === "flat" ? "globe" : "flat" })),
    plain("privacy", "", togglePrivacy),
    plain("wall", "", () => void (store.setView({ page: "wall", entity: null, alert: null }), document.documentElement.requestFullscreen?.().catch(() => undefined))),
    plain("copyLink", "", copyLink),
    plain("clear", "", () => store.setView({ filter: "", selection: null })),
    plain("print", "", () => print()),
    plain("help", "?", help),
    ...METRICS.filter((each) => each !== metric).map((each) => ({ id: `metric-${each}`, title: `${text.map.measure}: ${text.metrics[each]}`, detail: "", keys: "", run: () => store.setView({ metric: each }) })),
    ...DIRECTIONS.filter((each) => each !== direction).map((each) => ({ id: `direction-${each}`, title: `${text.map.direction}: ${text.map[each]}`, detail: "", keys: "", run: () => store.setView({ direction: each }) })),
    ...REGIONS.filter((each) => each !== region).map((each) => ({ id: `region-${each}`, title: `${text.map.region}: ${text.map.regions[each]}`, detail: "", keys: "", run: () => store.setView({ region: each, projection: "flat", page: "overview", entity: null, alert: null }) })),
    ...LANGUAGES.filter(({ id }) => id !== language()).map(({ id, name }) => ({ id: `language-${id}`, title: `${text.language}: ${name}`, detail: "", keys: "", run: () => void chooseLanguage(id) })),
  ];
}

const toEntity = (store: Store, dimension: EntityDimension, key: string, title: string): Command => ({
  id: `${dimension}:${key}`, title, detail: pageText.entity.kinds[dimension], keys: "", run: () => store.setView(entityView({ dimension, key })),
});

/** What the text is by its form: an AS number, an address, a network, a domain. */
export function readEntity(typed: string): Entity | null {
  const asn = /^(?:AS)?(\d{1,10})$/i.exec(typed)?.[1];
  if (asn !== undefined) return { dimension: "asn", key: asn };
  const isAddress = /^[\d.]+$/.test(typed) ? typed.split(".").length === 4 : /^[0-9a-f:.]+$/i.test(typed) && typed.split(":").length > 2;
  const dimension = /^[0-9a-f:.]+\/\d{1,3}$/i.test(typed) ? "prefix" : isAddress ? "host" : /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u.test(typed) ? "domain" : null;
  return dimension !== null && fromText(`${dimension}:${typed}`) !== null ? { dimension, key: typed.toLowerCase() } : null;
}

const NAMED: ReadonlyArray<readonly [ValueKind, EntityDimension, (value: Value) => string]> = [
  ["country", "country", ({ word, meaning }) => `${word} ${meaning}`], ["asn", "asn", ({ word, meaning }) => `AS${word} ${meaning}`],
  ["host", "host", ({ word, meaning }) => [word, meaning].filter(Boolean).join(" ")], ["domain", "domain", ({ word }) => word],
];

/** Countries, networks, hosts and domains of the traffic that the text names. */
async function named(store: Store, typed: string): Promise<Command[]> {
  const found = await Promise.all(NAMED.map(async ([kind, dimension, title]) => {
    const values = await valuesOf(kind);
    const exact = values.filter(({ word }) => word.toLowerCase() === typed.toLowerCase());
    return [...exact, ...matching(values, typed)].slice(0, FOUND_MOST).map((value) => toEntity(store, dimension, value.word, title(value)));
  }));
  return found.flat();
}

/** Titles with a word that begins with each of the typed ones. */
export function fits(title: string, typed: string): boolean {
  const words = title.toLowerCase().split(/[\s:,/]+/);
  return typed.toLowerCase().split(/\s+/).filter(Boolean).every((part) => words.some((word) => word.startsWith(part)));
}

/** What is offered for the text, the likeliest first. */
export async function commandsFor(store: Store, help: () => void, typed: string): Promise<Command[]> {
  const wanted = typed.trim();
  const own = [...pages(store), ...actions(store, help)].filter(({ title }) => fits(title, wanted));
  if (wanted === "") return own;
  const entity = readEntity(wanted);
  const exact = entity === null ? [] : [toEntity(store, entity.dimension, entity.key, entity.dimension === "asn" ? `AS${entity.key}` : entity.key)];
  const filter: Command = { id: "filter", title: pageText.palette.filterBy(wanted), detail: text.filter.label, keys: "/", run: () => store.setView({ filter: wanted }) };
  const all = [...exact, ...own, ...(await named(store, wanted)), filter];
  return all.filter((command, i) => all.findIndex(({ id }) => id === command.id) === i);
}
