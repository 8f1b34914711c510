// The feed topic as flows, the newest first.

import type { TableView } from "../table";

export interface Flow {
  key: string;
  at: number;
  direction: string;
  remote: string;
  remoteName: string;
  city: string;
  country: string;
  /** Where an address without a country belongs: private, multicast… */
  place: string;
  asn: string;
  network: string;
  service: string;
  protocol: string;
  local: string;
  localName: string;
  bytes: number;
  packets: number;
  state: string;
}

/** As many as the panel may ever show. */
const FLOWS_MOST = 50;

function asn(table: TableView, row: number): string {
  const number = table.cell("remote_asn", row);
  return typeof number === "number" ? String(number) : "";
}

function flow(table: TableView, key: string, row: number): Flow {
  const place = table.text("remote_place", row);
  const number = asn(table, row);
  return {
    key, at: table.number("at_ms", row), direction: table.text("direction", row), remote: table.text("remote", row),
    country: table.text("remote_country", row), place: place === "global" ? "" : place,
    asn: number, network: number && `AS${number} ${table.text("remote_as_name", row)}`,
    remoteName: table.text("remote_name", row), localName: table.text("local_name", row), city: table.text("remote_city", row),
    service: table.text("service", row), protocol: table.text("protocol", row), local: table.text("local", row),
    bytes: table.number("bytes", row), packets: table.number("packets", row), state: table.text("state", row),
  };
}

export function readFeed(table: TableView): Flow[] {
  return table.keys.map((key, row) => flow(table, key, row)).sort((a, b) => Number(b.key) - Number(a.key)).slice(0, FLOWS_MOST);
}
