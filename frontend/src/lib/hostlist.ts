// The inventory of hosts, asked of the server: the documents of `wireglobe hosts`.

import { ask, fields, instant, list, number, text } from "./ask";
import { spanQuery, type Span } from "./timespan";

export interface Evidence { kind: string; label: string; signature: string; line: string }

/** A host; what is not known is empty, null or unknown. */
export interface HostRow {
  address: string;
  names: readonly string[];
  local: boolean;
  country: string;
  asn: number | null;
  network: string;
  prefix: string;
  macs: readonly string[];
  vendor: string;
  device: string;
  os: string;
  family: string;
  /** Percent; null where nothing was seen of it. */
  confidence: number | null;
  evidence: readonly Evidence[];
  contradictions: readonly string[];
  apps: readonly string[];
  language: string;
  link: string;
  mtu: number | null;
  distance: number | null;
  uptime: number | null;
  /** How strongly its packets hint at several machines. */
  sharing: number;
  sharingReasons: readonly string[];
  ports: readonly string[];
  first: number;
  last: number;
  packets: number;
  /** Bytes it sent and got. */
  sent: number;
  received: number;
  flows: number;
  /** It was sent to and never answered. */
  unanswered: boolean;
  /** What kind of data it sent in the packets that are still kept: bytes by class, most first; null where that was not asked. */
  payload: readonly (readonly [string, number])[] | null;
}

export interface Inventory { rows: readonly HostRow[]; total: number }

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : []);
const orNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

function row(of: Record<string, unknown>): HostRow {
  const [os, nat] = [fields(of["os"]), fields(of["nat"])];
  return {
    address: text(of["address"]), names: texts(of["names"]), local: of["local"] === true, country: text(of["country"]), asn: orNull(of["asn"]), network: text(of["as_name"]), prefix: text(of["prefix"]),
    macs: texts(of["mac"]), vendor: text(of["vendor"]), device: text(of["device"]),
    os: text(os["label"]), family: text(os["family"]), confidence: orNull(os["confidence"]), contradictions: texts(os["contradictions"]),
    evidence: list(os["evidence"]).map((piece) => ({ kind: text(piece["kind"]), label: text(piece["label"]), signature: text(piece["signature"]), line: text(piece["line"]) })),
    apps: texts(of["apps"]), language: text(of["language"]), link: text(of["link"]), mtu: orNull(of["mtu"]), distance: orNull(of["distance"]), uptime: orNull(of["uptime_minutes"]),
    sharing: number(nat["score"]), sharingReasons: texts(nat["reasons"]), ports: texts(of["open_ports"]), first: instant(of["first_seen"]), last: instant(of["last_seen"]),
    packets: number(of["packets"]), sent: number(of["bytes_sent"]), received: number(of["bytes_received"]), flows: number(of["flows"]),
    unanswered: of["unanswered"] === true, payload: "payload" in of ? classes(fields(of["payload"])) : null,
  };
}

const classes = (of: Record<string, unknown>): [string, number][] =>
  Object.entries(of).map(([name, bytes]): [string, number] => [name, typeof bytes === "number" ? bytes : 0]).sort((a, b) => b[1] - a[1]);

/** Hosts that match, those with most bytes first, at most so many; of a range those that were seen in it, with what they carried then.
 * `payload` asks what kind of data they sent, too. Throws with the server's words when it refuses. */
export async function hosts(filter: string, range: Span | null, { most, payload }: { most: number; payload: boolean }): Promise<Inventory> {
  const answer = await ask(`hosts?${new URLSearchParams({ top: String(most), filter, ...(payload ? { payload: "true" } : {}) })}`);
  const rows = list(answer["rows"]).map(row);
  if (range === null) return { rows, total: Math.max(number(answer["keys"]), rows.length) };
  const then = new Map((await carried(range, most)).map((of) => [of.address, of]));
  const seen = rows.flatMap((host) => {
    const of = then.get(host.address);
    return of === undefined ? [] : [{ ...host, ...of }];
  });
  return { rows: seen, total: seen.length };
}

type Carried = Pick<HostRow, "address" | "packets" | "sent" | "received" | "flows">;

/** What hosts carried in a range. */
async function carried(range: Span, most: number): Promise<Carried[]> {
  const answer = await ask(`report?${new URLSearchParams({ by: "host", top: String(most), ...spanQuery(range) })}`);
  return list(answer["rows"]).map((of) => ({
    address: text(of["key"]), packets: number(of["packets_sent"]) + number(of["packets_received"]),
    sent: number(of["bytes_sent"]), received: number(of["bytes_received"]), flows: number(of["flows"]),
  }));
}

/** One host; null if it was not seen or is forgotten. */
export async function host(address: string): Promise<HostRow | null> {
  const answer = await ask(`hosts/${encodeURIComponent(address)}`).catch(() => ({}) as Record<string, unknown>);
  return list(answer["rows"]).map(row)[0] ?? null;
}
