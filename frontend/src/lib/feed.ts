// The feed topic as flows, the newest first.

import type { TableView } from "../table";

export interface Flow {
  key: string;
  at: number;
  direction: string;
  remote: string;
  country: string;
  /** Where an address without a country belongs: private, multicast… */
  place: string;
  network: string;
  service: string;
  protocol: string;
  local: string;
  bytes: number;
  packets: number;
  state: string;
}

/** As many as the panel may ever show. */
const FLOWS_MOST = 50;

function network(table: TableView, row: number): string {
  const asn = table.cell("remote_asn", row);
  return typeof asn === "number" ? `AS${asn} ${table.text("remote_as_name", row)}` : "";
}

function flow(table: TableView, key: string, row: number): Flow {
  const place = table.text("remote_place", row);
  return {
    key, at: table.number("at_ms", row), direction: table.text("direction", row), remote: table.text("remote", row),
    country: table.text("remote_country", row), place: place === "global" ? "" : place.replace("_", "-"), network: network(table, row),
    service: table.text("service", row), protocol: table.text("protocol", row), local: table.text("local", row),
    bytes: table.number("bytes", row), packets: table.number("packets", row), state: table.text("state", row),
  };
}

export function readFeed(table: TableView): Flow[] {
  return table.keys.map((key, row) => flow(table, key, row)).sort((a, b) => Number(b.key) - Number(a.key)).slice(0, FLOWS_MOST);
}
