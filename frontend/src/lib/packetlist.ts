// Packets of the recent past, asked of the server's ring: a list, and one with its layers and bytes.

import { ask, fields, list, number, text } from "./ask";
import { instant } from "./alerts";
import { spanQuery, type Span } from "./timespan";

export interface PacketRow {
  frame: number;
  at: number;
  length: number;
  captured: number;
  source: string;
  destination: string;
  sourceName: string;
  destinationName: string;
  sourcePort: number | null;
  destinationPort: number | null;
  protocol: string;
  flags: string;
  payload: number;
}

export interface Layer { name: string; offset: number; length: number; fields: readonly (readonly [string, string])[] }
export interface PacketDetail { packet: PacketRow; layers: readonly Layer[]; bytes: Uint8Array }

const orNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

const row = (of: Record<string, unknown>): PacketRow => ({
  frame: number(of["frame"]), at: instant(of["time"]), length: number(of["length"]), captured: number(of["caplen"]), source: text(of["src"]), destination: text(of["dst"]),
  sourceName: text(of["src_name"]), destinationName: text(of["dst_name"]), sourcePort: orNull(of["src_port"]), destinationPort: orNull(of["dst_port"]),
  protocol: text(of["protocol"]), flags: text(of["flags"]), payload: number(of["payload"]),
});

/** Where the packets that match can be fetched as a capture file. */
export const captureUrl = (filter: string, range: Span | null, most: number): string =>
  `/api/v1/packets?${new URLSearchParams({ filter, limit: String(most), format: "pcapng", ...spanQuery(range) })}`;

/** The newest packets that match, the latest first; throws with the server's words when it refuses. */
export async function packets(filter: string, range: Span | null, most: number): Promise<readonly PacketRow[]> {
  const response = await fetch(`/api/v1/packets?${new URLSearchParams({ filter, limit: String(most), ...spanQuery(range) })}`);
  const said = await response.text();
  if (!response.ok) throw new Error(text(fields(fields(parsed(said))["error"])["message"]) || `HTTP ${response.status}`);
  return said.split("\n").filter(Boolean).map((line) => row(fields(parsed(line)))).reverse();
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

export async function packet(frame: number): Promise<PacketDetail> {
  const answer = await ask(`packets/${frame}`);
  const digits = text(answer["hex"]);
  const layers = list(answer["layers"]).map((layer) => ({
    name: text(layer["name"]), offset: number(layer["offset"]), length: number(layer["length"]),
    fields: (Array.isArray(layer["fields"]) ? layer["fields"] : []).map((field: unknown) => (Array.isArray(field) ? ([text(field[0]), text(field[1])] as const) : (["", ""] as const))),
  }));
  return { packet: row(fields(answer["packet"])), layers, bytes: Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16)) };
}

/** An end as filters and people write it. */
export const end = (address: string, port: number | null): string => (port === null ? address : address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);

/** The filter of the conversation that a packet belongs to, both ways. */
export function flowFilter({ source, destination, sourcePort, destinationPort, protocol }: PacketRow): string {
  const hosts = `host ${source} and host ${destination}`;
  const transport = protocol.toLowerCase();
  if (sourcePort === null || destinationPort === null || !["tcp", "udp", "sctp"].includes(transport)) return hosts;
  return `${hosts} and ${transport} port ${sourcePort} and ${transport} port ${destinationPort}`;
}
