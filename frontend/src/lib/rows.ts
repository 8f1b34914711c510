// Rows of the top lists: one shape for all dimensions.

import type { TableName } from "../store";
import type { TableView } from "../table";
import { amount, total, type Amount } from "./amount";
import { countryMark, countryName } from "./country";
import { about, count, measure, roughly, UNKNOWN } from "./format";
import { located, locatedInFull } from "./located";
import { text } from "./text";
import type { Dimension } from "./selection";
import type { ViewState } from "./urlstate";

export interface Row {
  key: string;
  code: string;
  name: string;
  /** The name is one of the reader's own hosts or devices. */
  own: boolean;
  /** Beside the name, in a quieter colour. */
  note: string;
  /** All that is known of it, for a pointer that rests. */
  title: string;
  amount: Amount;
  value: number;
  /** By how much `value` may be too low. */
  error: number;
  /** Further figures, where the list has columns of its own. */
  cells: readonly string[];
}

export interface ListKind {
  table: Extract<TableName, "countries" | "continents" | "asns" | "prefixes" | "hosts" | "domains" | "services" | "protocols" | "macs">;
  dimension: Dimension;
  /** The width of the codes before the names. */
  codes?: "short" | "long";
  /** Its counts have no direction. */
  plain?: boolean;
  /** Heads of figures of its own, which take the places of bar and share. */
  heads?(): readonly string[];
  code?(table: TableView, row: number, key: string): string;
  name(table: TableView, row: number, key: string): string;
  note?(table: TableView, row: number): string;
  title?(table: TableView, row: number, key: string): string;
  cells?(table: TableView, row: number): readonly string[];
}

const SERVICE_NAMES: Readonly<Record<string, string>> = { https: "HTTPS", http: "HTTP", dns: "DNS", ssh: "SSH", ntp: "NTP", quic: "QUIC", smtp: "SMTP", imap: "IMAP", imaps: "IMAPS", mdns: "mDNS", dhcp: "DHCP", telnet: "Telnet", rdp: "RDP", smb: "SMB", ssdp: "SSDP" };

/** `tcp/8443` reads TCP 8443; a known service as it is usually written. */
export function serviceName(key: string): string {
  const [protocol, port] = key.split("/");
  return port === undefined ? (SERVICE_NAMES[key] ?? key) : `${(protocol ?? "").toUpperCase()} ${port}`;
}

const sums = (table: TableView, row: number, of: "bytes" | "packets"): number => table.number(`${of}_sent`, row) + table.number(`${of}_received`, row);

const codes = (table: TableView, row: number): readonly string[] => {
  const found = table.cell("countries", row);
  return Array.isArray(found) ? found.filter((code): code is string => typeof code === "string") : [];
};

/** One country by its code, several by their number; none is not known. */
const countries = (found: readonly string[]): string => (found.length === 0 ? UNKNOWN : found.length === 1 ? (found[0] ?? "") : count(found.length));

function domainTitle(table: TableView, row: number, key: string): string {
  const [names, found] = [table.text("name", row), codes(table, row).map(countryName)];
  return [names || key, found.length > 0 ? text.list.hostsIn(found.join(", ")) : ""].filter(Boolean).join("\n");
}

export const LISTS = {
  countries: { table: "countries", dimension: "country", codes: "short", code: (_t, _r, key) => countryMark(key), name: (_t, _r, key) => countryName(key) },
  networks: { table: "asns", dimension: "asn", codes: "long", code: (_t, _r, key) => `AS${key}`, name: (t, row) => t.text("name", row) },
  hosts: {
    table: "hosts", dimension: "host", codes: "short",
    code: (t, row) => countryMark(t.text("country", row)) || (t.cell("local", row) === true ? text.list.local : ""),
    name: (t, row, key) => t.text("name", row) || key,
    note: (t, row) => located(t, row),
    title: (t, row, key) => [key, locatedInFull(t, row)].filter(Boolean).join("\n"),
  },
  domains: {
    table: "domains", dimension: "domain", heads: () => [text.list.heads.hosts, text.list.heads.countries, text.list.heads.packets, text.list.heads.bytes],
    name: (_t, _r, key) => (key === UNNAMED ? text.list.unnamed : key),
    title: domainTitle,
    cells: (t, row) => [
      t.cell("hosts", row) === null ? text.list.joined : roughly(t.number("hosts", row), t.number("hosts_error", row)), countries(codes(t, row)),
      count(sums(t, row, "packets")), measure("bytes", sums(t, row, "bytes")),
    ],
  },
  services: { table: "services", dimension: "service", plain: true, name: (_t, _r, key) => serviceName(key) },
  prefixes: {
    table: "prefixes", dimension: "prefix", codes: "short", code: (t, row) => countryMark(t.text("country", row)), name: (_t, _r, key) => key,
    note: (t, row) => text.list.prefixKinds[t.text("prefix_kind", row)] ?? t.text("prefix_kind", row),
    title: (t, row, key) => [`${key}, ${t.text("prefix_kind", row)}`, `AS${t.number("asn", row)} ${t.text("name", row)}`].join("\n"),
  },
  continents: { table: "continents", dimension: "continent", codes: "short", code: (_t, _r, key) => key, name: (t, row) => t.text("name", row) },
  protocols: { table: "protocols", dimension: "proto", plain: true, name: (_t, _r, key) => key },
  devices: {
    table: "macs", dimension: "mac", plain: true, name: (t, row, key) => t.text("name", row) || key,
    note: (t, row) => t.text("vendor", row),
    title: (t, row, key) => [key, t.text("vendor", row)].filter(Boolean).join("\n"),
  },
} as const satisfies Record<string, ListKind>;

export type ListName = keyof typeof LISTS;

/** The key of what belongs to no domain: nothing to filter by. */
export const UNNAMED = "unknown";

/** What a local host sends goes out; the tables' "sent" means in for remote ends only. */
const swapped = ({ in: a, out: b, none }: Amount): Amount => ({ in: b, out: a, none });

const OTHER_WAY = { in: "out", out: "in", both: "both" } as const;

/** Protocols are counted without a direction; services by port, whichever side that is on. */
function amountOf(kind: ListKind, table: TableView, row: number, view: ViewState): Amount {
  if (kind.table === "protocols") return { in: 0, out: 0, none: table.number(view.metric, row) };
  if (kind.plain) return { in: 0, out: 0, none: total(amount(table, row, view.metric, "both")) };
  if (table.cell("local", row) === true) return swapped(amount(table, row, view.metric, OTHER_WAY[view.direction]));
  return amount(table, row, view.metric, view.direction);
}

/** What is known of a row, how far it may be off, and what a click does. */
function titleOf(kind: ListKind, table: TableView, row: number, key: string): string {
  const hosts = table.number("hosts_error", row) > 0 ? text.list.hosts(about(table.number("hosts", row), table.number("hosts_error", row))) : "";
  return [kind.title?.(table, row, key) ?? "", hosts, text.list.hint].filter(Boolean).join("\n");
}

/** The rows of a list, largest first; equals by key, so that they keep their places. */
export function rows(kind: ListKind, table: TableView, view: ViewState): Row[] {
  return table.keys
    .map((key, row) => {
      const found = amountOf(kind, table, row, view);
      return {
        key, amount: found, value: total(found), error: table.number("error", row), code: kind.code?.(table, row, key) ?? "",
        name: kind.name(table, row, key), own: kind.name(table, row, key) !== key && (kind.table === "macs" || table.cell("local", row) === true), note: kind.note?.(table, row) ?? "", title: titleOf(kind, table, row, key),
        cells: kind.cells?.(table, row) ?? [],
      };
    })
    .filter((row) => row.value > 0)
    .sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1));
}

/** New values in the places of old ones: rows do not move under the pointer. New rows go to the end. */
export function keepPlaces(before: readonly Row[], now: readonly Row[]): Row[] {
  const fresh = new Map(now.map((row) => [row.key, row]));
  const kept = before.flatMap(({ key }) => {
    const row = fresh.get(key);
    fresh.delete(key);
    return row ? [row] : [];
  });
  return [...kept, ...fresh.values()];
}
