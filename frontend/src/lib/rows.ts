// Rows of the top lists: one shape for countries, networks, hosts, services and protocols.

import type { TableName } from "../store";
import type { TableView } from "../table";
import { amount, total, type Amount } from "./amount";
import { countryName } from "./country";
import { text } from "./text";
import type { Dimension } from "./selection";
import type { ViewState } from "./urlstate";

export interface Row { key: string; code: string; name: string; amount: Amount; value: number }

export interface ListKind {
  table: Extract<TableName, "countries" | "asns" | "hosts" | "services" | "protocols">;
  dimension: Dimension;
  code(table: TableView, row: number, key: string): string;
  name(table: TableView, row: number, key: string): string;
}

const SERVICE_NAMES: Readonly<Record<string, string>> = { https: "HTTPS", http: "HTTP", dns: "DNS", ssh: "SSH", ntp: "NTP", quic: "QUIC", smtp: "SMTP", imap: "IMAP", imaps: "IMAPS", mdns: "mDNS", dhcp: "DHCP", telnet: "Telnet", rdp: "RDP", smb: "SMB", ssdp: "SSDP" };

/** `tcp/8443` reads TCP 8443; a known service as it is usually written. */
export function serviceName(key: string): string {
  const [protocol, port] = key.split("/");
  return port === undefined ? (SERVICE_NAMES[key] ?? key) : `${(protocol ?? "").toUpperCase()} ${port}`;
}

export const LISTS = {
  countries: { table: "countries", dimension: "country", code: (_t, _r, key) => key, name: (_t, _r, key) => countryName(key) },
  networks: { table: "asns", dimension: "asn", code: (_t, _r, key) => `AS${key}`, name: (t, row) => t.text("name", row) },
  hosts: {
    table: "hosts", dimension: "host",
    code: (t, row) => t.text("country", row) || (t.cell("local", row) === true ? text.list.local : ""),
    name: (t, row, key) => t.text("name", row) || key,
  },
  services: { table: "services", dimension: "service", code: () => "", name: (_t, _r, key) => serviceName(key) },
  protocols: { table: "protocols", dimension: "proto", code: () => "", name: (_t, _r, key) => key },
} as const satisfies Record<string, ListKind>;

export type ListName = keyof typeof LISTS;

/** What a local host sends goes out; the tables' "sent" means in for remote ends only. */
const swapped = ({ in: a, out: b, none }: Amount): Amount => ({ in: b, out: a, none });

const OTHER_WAY = { in: "out", out: "in", both: "both" } as const;

/** Protocols are counted without a direction; services by port, whichever side that is on. */
function amountOf(kind: ListKind, table: TableView, row: number, view: ViewState): Amount {
  if (kind.table === "protocols") return { in: 0, out: 0, none: table.number(view.metric, row) };
  if (kind.table === "services") return { in: 0, out: 0, none: total(amount(table, row, view.metric, "both")) };
  if (table.cell("local", row) === true) return swapped(amount(table, row, view.metric, OTHER_WAY[view.direction]));
  return amount(table, row, view.metric, view.direction);
}

/** The rows of a list, largest first; equals by key, so that they keep their places. */
export function rows(kind: ListKind, table: TableView, view: ViewState): Row[] {
  return table.keys
    .map((key, row) => {
      const found = amountOf(kind, table, row, view);
      return { key, code: kind.code(table, row, key), name: kind.name(table, row, key), amount: found, value: total(found) };
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
