// The status topic, a table of names and values, as one object.

import type { TableView } from "../table";
import { TABS, type Tab } from "./alerts";
import { type MemoryTable, memoryTables, type Retention, retention } from "./budget";

export interface Attribution { text: string; url: string }
/** A channel of the settings' [[notify]], and what it did. */
export interface Channel {
  name: string; kind: string; target: string; up: boolean; last_error: string;
  sent: number; failed: number; retried: number; digested: number; dropped: number;
}
export interface Status {
  kind: string;
  source: string;
  state: string;
  /** A replay stands still. */
  paused: boolean;
  /** Times as fast as recorded; null = as fast as it goes. */
  speed: number | null;
  position_ms: number;
  duration_ms: number | null;
  loops: number;
  frames: number;
  packets: number;
  bytes: number;
  skipped: number;
  /** Why, and how many of each; only reasons that occurred. */
  skipped_by_reason: Readonly<Record<string, number>>;
  filtered: number;
  /** What was counted: packets that were captured, and those that flow records tell of. */
  counted_packets: number;
  counted_bytes: number;
  counted_flows: number;
  lost_kernel: number;
  lost_ring: number;
  /** Of the analysis' tables, and of each table that the budget knows. */
  memory_bytes: number;
  memory_tables: readonly MemoryTable[];
  /** Since when the past is kept for ranges, ms; null while nothing is. */
  history_from_ms: number | null;
  history_bytes: number;
  /** Bytes of the history on disk, what it could not take, and what is wrong with it, empty while nothing is. */
  store_bytes: number;
  store_limit_bytes: number;
  /** Empty where it is only in memory. */
  store_file: string;
  store_retention: readonly Retention[];
  store_left_out: number;
  store_fault: string;
  /** The collector of flow exports, where there is one. */
  flow_exports: FlowExports | null;
  names_learned: number;
  fragments_evicted: number;
  alerts_stored: number;
  alerts_waiting: number;
  /** Bytes of the kernel's buffer of an interface; 0 for other sources. */
  receive_buffer_bytes: number;
  /** How an interface is read; empty for other sources. */
  capture_method: string;
  /** Why not by a faster method; empty when it is the wanted one. */
  capture_fallback: string;
  /** What is let in at all; empty = everything. */
  filter: string;
  /** Whether the kernel asks the filter, or a part of it; null for other sources. */
  filter_in_kernel: boolean | null;
  /** Which IP header counts in tunnels. */
  counted_layer: string;
  local_networks: string;
  local_networks_origin: string;
  geo_country_source: string;
  geo_country_date: string;
  geo_asn_source: string;
  geo_asn_date: string;
  geo_city_source: string;
  geo_city_date: string;
  geo_routes_source: string;
  geo_routes_date: string;
  /** Why alerts cannot be stored; empty while they can. */
  alerts_fault: string;
  /** Alerts that were never stored, because others were more or mattered more. */
  alerts_suppressed: number;
  /** How many alerts are stored, by tab; muted ones are known among the newest `muted_of`. Null of a server that does not tell. */
  alerts_tally: Readonly<Record<Tab | "muted_of", number>> | null;
  /** Who is told of alerts and faults. */
  notify: readonly Channel[];
  attribution: Attribution[];
  /** Whether one has to log in. */
  login: boolean;
  /** The fingerprint of the server's certificate; empty where it does not encrypt. */
  certificate_sha256: string;
  /** What was proved of the server's privileges; null of a server that does not tell. */
  sandbox: Sandbox | null;
  /** What became of the settings; null of a server that does not tell. */
  settings: Settings | null;
  error: string;
  version: string;
}

/** The privileges of the server's process. */
export interface Sandbox { user: number | null; became: string; no_new_privs: boolean; seccomp: boolean; landlock: string; raw: readonly string[]; lost: readonly string[] }

/** The settings' file, and what became of its changes. */
export interface Settings { file: string; taken_up: number; error: string; restart: readonly string[] }

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []);

function sandbox(value: unknown): Sandbox | null {
  if (typeof value !== "object" || value === null) return null;
  const of = value as Readonly<Record<string, unknown>>;
  return {
    user: typeof of.user === "number" ? of.user : null, became: typeof of.became === "string" ? of.became : "",
    no_new_privs: of.no_new_privs === true, seccomp: of.seccomp === true, landlock: typeof of.landlock === "string" ? of.landlock : "off",
    raw: texts(of.threads_with_net_raw), lost: texts(of.lost),
  };
}

function settings(value: unknown): Settings | null {
  if (typeof value !== "object" || value === null) return null;
  const of = value as Readonly<Record<string, unknown>>;
  const text = (told: unknown): string => (typeof told === "string" ? told : "");
  return { file: text(of.file), taken_up: typeof of.taken_up === "number" ? of.taken_up : 0, error: text(of.error), restart: texts(of.restart) };
}

/** Who sends flow records. */
export interface FlowExporter { address: string; protocol: string; records: number; bytes: number; lost: number; sampling: number }

/** What a collector of flow exports has met. */
export interface FlowExports { listen: string; records: number; lost: number; lost_queue: number; dropped: number | null; refused: Record<string, number>; unheard: Record<string, number>; exporters: FlowExporter[] }

function flowExports(value: unknown): FlowExports | null {
  if (typeof value !== "object" || value === null) return null;
  const read = (of: Readonly<Record<string, unknown>>) => ({
    text: (key: string): string => (typeof of[key] === "string" ? (of[key] as string) : ""),
    number: (key: string): number => (typeof of[key] === "number" ? (of[key] as number) : 0),
  });
  const told = value as Readonly<Record<string, unknown>>;
  const { text, number } = read(told);
  const list: unknown[] = Array.isArray(told["exporters"]) ? told["exporters"] : [];
  return {
    listen: text("listen"), records: number("records"), lost: number("lost"), lost_queue: number("lost_queue"), dropped: typeof told["dropped"] === "number" ? told["dropped"] : null, refused: counts(told["refused"]), unheard: counts(told["unheard"]),
    exporters: list.flatMap((item) => {
      if (typeof item !== "object" || item === null) return [];
      const one = read(item as Readonly<Record<string, unknown>>);
      return [{ address: one.text("address"), protocol: one.text("protocol"), records: one.number("records"), bytes: one.number("bytes"), lost: one.number("lost"), sampling: one.number("sampling") }];
    }),
  };
}

function channels(value: unknown): Channel[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null) return [];
    const of = item as Readonly<Record<string, unknown>>;
    const text = (key: string): string => (typeof of[key] === "string" ? (of[key] as string) : "");
    const number = (key: string): number => (typeof of[key] === "number" ? (of[key] as number) : 0);
    return [{
      name: text("name"), kind: text("kind"), target: text("target"), up: of["up"] !== false, last_error: text("last_error"),
      sent: number("sent"), failed: number("failed"), retried: number("retried"), digested: number("digested"), dropped: number("dropped"),
    }];
  });
}

/** Only web addresses become links. */
function attributions(value: unknown): Attribution[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== "object" || item === null || !("text" in item)) return [];
    const url = "url" in item && /^https?:\/\//.test(String(item.url)) ? String(item.url) : "";
    return [{ text: String(item.text), url }];
  });
}

function counts(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] > 0));
}

function tally(value: unknown): Status["alerts_tally"] {
  const told = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const names = [...TABS, "muted_of"] as const;
  return names.every((name) => typeof told[name] === "number") ? (told as Record<Tab | "muted_of", number>) : null;
}

export function readStatus(table: TableView): Status {
  const cell = (key: string): unknown => table.cell("value", table.row(key));
  const number = (key: string): number => (typeof cell(key) === "number" ? (cell(key) as number) : 0);
  const text = (key: string): string => (typeof cell(key) === "string" ? (cell(key) as string) : "");
  const orNull = (key: string): number | null => (typeof cell(key) === "number" ? (cell(key) as number) : null);
  return {
    kind: text("source_kind"), source: text("source"), state: text("state"), paused: cell("paused") === true, speed: orNull("speed"),
    position_ms: number("position_ms"), duration_ms: orNull("duration_ms"), loops: number("loops"),
    frames: number("frames"), packets: number("packets"), bytes: number("bytes"), skipped: number("skipped"),
    skipped_by_reason: counts(cell("skipped_by_reason")), filtered: number("filtered"),
    counted_packets: number("counted_packets"), counted_bytes: number("counted_bytes"), counted_flows: number("counted_flows"),
    lost_kernel: number("lost_kernel"), lost_ring: number("lost_ring"),
    memory_bytes: number("memory_bytes"), memory_tables: memoryTables(cell("memory_tables")), history_from_ms: orNull("history_from_ms"), history_bytes: number("history_bytes"), store_bytes: number("store_bytes"), store_limit_bytes: number("store_limit_bytes"), store_file: text("store_file"), store_retention: retention(cell("store_retention")), store_left_out: number("store_left_out"), store_fault: text("store_fault"), flow_exports: flowExports(cell("flow_exports")), names_learned: number("names_learned"), fragments_evicted: number("fragments_evicted"),
    alerts_stored: number("alerts_stored"), alerts_waiting: number("alerts_waiting"), receive_buffer_bytes: number("receive_buffer_bytes"),
    capture_method: text("capture_method"), capture_fallback: text("capture_fallback"), filter: text("filter"),
    filter_in_kernel: typeof cell("filter_in_kernel") === "boolean" ? (cell("filter_in_kernel") as boolean) : null,
    counted_layer: text("counted_layer"),
    local_networks: text("local_networks"), local_networks_origin: text("local_networks_origin"),
    geo_country_source: text("geo_country_source"), geo_country_date: text("geo_country_date"),
    geo_asn_source: text("geo_asn_source"), geo_asn_date: text("geo_asn_date"),
    geo_city_source: text("geo_city_source"), geo_city_date: text("geo_city_date"),
    geo_routes_source: text("geo_routes_source"), geo_routes_date: text("geo_routes_date"),
    alerts_fault: text("alerts_fault"), alerts_suppressed: number("alerts_suppressed"), alerts_tally: tally(cell("alerts_tally")),
    notify: channels(cell("notify")), attribution: attributions(cell("attribution")), login: cell("login") === true, certificate_sha256: text("certificate_sha256"), sandbox: sandbox(cell("sandbox")), settings: settings(cell("settings")), error: text("error"), version: text("version"),
  };
}

/** A file by its last name; the folders are on the System page. */
export const sourceName = ({ kind, source }: Status): string => (kind === "file" ? (source.split("/").at(-1) ?? source) : source);

/** What narrows the traffic before anything is counted, in a few words each; empty when nothing does. */
export function narrowings(status: Status, words: { filter: (filter: string) => string; innermost: string }): string[] {
  return [...(status.filter ? [words.filter(status.filter)] : []), ...(status.counted_layer === "innermost" ? [words.innermost] : [])];
}

/** Whether flow records are all there is: nothing is captured. */
export const onlyRecords = (status: Status): boolean => status.kind === "flows";

/** Records that did not arrive or were not counted, as far as anybody knows. */
export const recordsLost = ({ lost, lost_queue, dropped }: FlowExports): number => lost + lost_queue + (dropped ?? 0);

export const lost = (status: Status): number => status.lost_kernel + status.lost_ring;
