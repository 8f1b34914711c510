// What a page of a country, network, prefix, host or domain shows: its name, its own row, lists of what belongs to it, and
// the alerts that name it.

import { addressOf, type Alert } from "./alerts";
import { within } from "./cidr";
import { countryName } from "./country";
import { LISTS, type ListName } from "./rows";
import type { TableView } from "../table";
import type { Entity, EntityDimension } from "./urlstate";

/** The list that has the entity's own row, and those of what it has to do with. */
interface Sections { own: ListName; lists: readonly ListName[] }

export const SECTIONS: Readonly<Record<EntityDimension, Sections>> = {
  country: { own: "countries", lists: ["networks", "prefixes", "services", "hosts"] },
  asn: { own: "networks", lists: ["prefixes", "services", "hosts", "domains"] },
  prefix: { own: "prefixes", lists: ["hosts", "services", "domains", "networks"] },
  host: { own: "hosts", lists: ["hosts", "services", "domains", "countries"] },
  domain: { own: "domains", lists: ["hosts", "networks", "countries", "services"] },
};

export const ownTable = (entity: Entity): (typeof LISTS)[ListName]["table"] => LISTS[SECTIONS[entity.dimension].own].table;

/** How it is called: AS1136 KPN, Netherlands, web-1. */
export function entityName({ dimension, key }: Entity, table: TableView): string {
  if (dimension === "country") return countryName(key);
  const name = table.text("name", table.row(key));
  if (dimension === "asn") return [`AS${key}`, name].filter(Boolean).join(" ");
  return dimension === "host" && name ? name : key;
}

/** Beside the kind: code, country, address; what the name leaves out. */
export function entityNote({ dimension, key }: Entity, table: TableView): string {
  const row = table.row(key);
  const country = table.text("country", row);
  const place = country && `${country} ${countryName(country)}`;
  if (dimension === "country") return key;
  if (dimension === "host") return [table.text("name", row) ? key : "", place].filter(Boolean).join(" · ");
  return dimension === "prefix" ? [place, table.text("name", row)].filter(Boolean).join(" · ") : place;
}

/** What `wireglobe block` takes of it; empty for domains, which are no networks. */
export function blockTarget({ dimension, key }: Entity): string {
  if (dimension === "domain") return "";
  return dimension === "asn" ? `AS${key}` : key;
}

/** The words of the command line for it. */
export function blockWords({ dimension, key }: Entity): string {
  return dimension === "asn" || dimension === "country" ? `${dimension} ${key}` : key;
}

/** Whether an alert names it; of a domain those that name one of its `hosts`. */
export function concerns({ dimension, key }: Entity, hosts: ReadonlySet<string>): (alert: Alert) => boolean {
  const parties = ({ sources, targets }: Alert): string[] => [...sources, ...targets].map(addressOf);
  switch (dimension) {
    case "country": return ({ country }) => country === key;
    case "asn": return ({ asn }) => String(asn) === key;
    case "host": return (alert) => parties(alert).includes(key);
    case "prefix": return (alert) => parties(alert).some((address) => within(key, address));
    case "domain": return (alert) => parties(alert).some((address) => hosts.has(address));
  }
}
