// The alerts topic as objects, in the order a person works: the gravest first, then the latest. A server that keeps no
// states yet sends no columns for them; then every alert is new.

import type { TableView } from "../table";
import { text } from "./text";
import type { Span } from "./timespan";

export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];
export const STATES = ["new", "acknowledged", "escalated", "closed"] as const;
export type AlertState = (typeof STATES)[number];
export const REASONS = ["false positive", "resolved", "accepted risk", "duplicate", "other"] as const;
export type Reason = (typeof REASONS)[number];

/** When it happened how often: counts of bins of equal length, all of it `Alert.count`. Times in milliseconds. */
export interface Timeline { from: number; width: number; counts: readonly number[] }

export interface Figure { name: string; observed: number; threshold: number | null }

export interface Alert {
  id: string;
  rule: string;
  severity: Severity;
  title: string;
  summary: string;
  sources: readonly string[];
  /** With their ports, where one is meant. */
  targets: readonly string[];
  first: number;
  last: number;
  count: number;
  /** Alerts that an older Wireglobe stored have none. */
  timeline: Timeline | null;
  figures: readonly Figure[];
  /** Words seen on the wire: names, user agents. */
  words: ReadonlyArray<readonly [name: string, word: string]>;
  technique: string;
  country: string;
  asn: number | null;
  network: string;
  caveat: string;
  state: AlertState;
  reason: string;
  comments: number;
  muted: boolean;
  /** Packets kept. */
  evidence: number;
}

const oneOf = <T extends string>(choices: readonly T[], value: string, usual: T): T => choices.find((choice) => choice === value) ?? usual;
const fields = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : []);
const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

function figures(observed: unknown, threshold: unknown): Figure[] {
  const limits = fields(threshold);
  return Object.entries(fields(observed)).flatMap(([name, value]) => (typeof value === "number" ? [{ name, observed: value, threshold: numberOrNull(limits[name]) }] : []));
}

const words = (observed: unknown): [string, string][] =>
  Object.entries(fields(observed)).flatMap(([name, value]): [string, string][] => (typeof value === "string" ? [[name.replace(/_seen$/, ""), value]] : []));

/** Milliseconds since the epoch, from a time as text with whatever digits of a second; 0 for none. */
export function instant(value: unknown): number {
  const at = Date.parse(typeof value === "string" ? value.replace(/(\.\d{3})\d+/, "$1") : "");
  return Number.isFinite(at) ? at : 0;
}

function timeline(value: unknown): Timeline | null {
  const { from, bin_seconds: seconds, counts } = fields(value);
  const found = Array.isArray(counts) ? counts.filter((n): n is number => typeof n === "number") : [];
  return typeof seconds === "number" && found.length > 0 ? { from: instant(from), width: seconds * 1000, counts: found } : null;
}

/** An alert out of its cells or fields, which have the same names but for the times. */
function alert(id: string, cell: (name: string) => unknown, [first, last]: readonly [number, number]): Alert {
  const word = (name: string): string => { const value = cell(name); return typeof value === "string" ? value : ""; };
  const number = (name: string): number => numberOrNull(cell(name)) ?? 0;
  return {
    id, rule: word("rule"), severity: oneOf(SEVERITIES, word("severity"), "info"), title: word("title"), summary: word("summary"),
    sources: texts(cell("sources")), targets: texts(cell("targets")), first, last, count: number("count"), timeline: timeline(cell("timeline")),
    figures: figures(cell("observed"), cell("threshold")), words: words(cell("observed")),
    technique: word("technique"), country: word("country"), asn: numberOrNull(cell("asn")), network: word("as_name"), caveat: word("caveat"),
    state: oneOf(STATES, word("state"), "new"), reason: word("reason"), comments: number("comments"),
    muted: cell("muted") === true, evidence: number("evidence"),
  };
}

/** An alert of a document of the API. */
export function fromDocument(document: Readonly<Record<string, unknown>>): Alert {
  return alert(String(document["id"] ?? ""), (name) => document[name], [instant(document["first_seen"]), instant(document["last_seen"])]);
}

const fromRow = (table: TableView, id: string, row: number): Alert =>
  alert(id, (name) => table.cell(name, row), [table.number("first_ms", row), table.number("last_ms", row)]);

/** The gravest first, then the latest. */
export const sorted = (alerts: readonly Alert[]): Alert[] => [...alerts].sort((a, b) => rank(a.severity) - rank(b.severity) || b.last - a.last || (a.id < b.id ? 1 : -1));

/** How grave: 0 is critical. */
export const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** Of a grave one red says so, beside its shape and word. */
export const grave = (severity: Severity): boolean => rank(severity) < 2;

/** Still somebody's work, and not muted. */
export const open = ({ state, muted }: Alert): boolean => state !== "closed" && !muted;

export const readAlerts = (table: TableView): Alert[] => sorted(table.keys.map((key, row) => fromRow(table, key, row)));

/** The same alerts with those of one severity in the places they had; new ones go before them. */
export function keepOrder(before: readonly string[], now: readonly Alert[]): Alert[] {
  const place = new Map(before.map((id, index) => [id, index]));
  return [...now].sort((a, b) => rank(a.severity) - rank(b.severity) || (place.get(a.id) ?? -1) - (place.get(b.id) ?? -1));
}

/** Open ones by severity, the gravest first; none of a severity is left out. */
export function bySeverity(alerts: readonly Alert[]): (readonly [Severity, number])[] {
  const opened = alerts.filter(open);
  return SEVERITIES.map((severity) => [severity, opened.filter((alert) => alert.severity === severity).length] as const);
}

export const TABS = ["inbox", "escalated", "closed", "muted", "all"] as const;
export type Tab = (typeof TABS)[number];

const IN_TAB: Readonly<Record<Tab, (alert: Alert) => boolean>> = {
  inbox: (alert) => open(alert) && alert.state !== "escalated",
  escalated: ({ state, muted }) => state === "escalated" && !muted,
  closed: ({ state, muted }) => state === "closed" && !muted,
  muted: ({ muted }) => muted,
  all: () => true,
};

export const inTab = (tab: Tab, alerts: readonly Alert[]): Alert[] => alerts.filter(IN_TAB[tab]);

/** The address without a port: `192.0.2.1:22`, `[2001:db8::1]:22`. */
export function addressOf(party: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(party)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^[^:]+:\d+$/.test(party) ? party.slice(0, party.lastIndexOf(":")) : party;
}

/** The port of `192.0.2.1:22`; empty without one. */
const portOf = (party: string): string => (addressOf(party) === party ? "" : party.slice(party.lastIndexOf(":") + 1).replace(/\D/g, ""));

export interface Party { address: string; ports: readonly string[] }

/** Parties by address, each with its ports. */
export function byAddress(parties: readonly string[]): Party[] {
  const found = new Map<string, string[]>();
  for (const party of parties) {
    const [address, port] = [addressOf(party), portOf(party)];
    const ports = found.get(address) ?? [];
    found.set(address, port === "" ? ports : [...ports, port]);
  }
  return [...found].map(([address, ports]) => ({ address, ports }));
}

/** One party and how many more there are, or one address and how many of its ports. */
export function brief(parties: readonly string[]): string {
  const [first, ...more] = byAddress(parties);
  if (first === undefined) return "";
  if (parties.length === 1) return parties[0] ?? "";
  if (more.length > 0) return `${first.address} +${more.length}`;
  return first.ports.length > 1 ? text.alerts.ports(first.address, first.ports.length) : first.address;
}

/** Where ATT&CK describes a technique: T1498.001 is a part of T1498. */
export const techniqueUrl = (technique: string): string => (/^T\d{4}(\.\d{3})?$/.test(technique) ? `https://attack.mitre.org/techniques/${technique.replace(".", "/")}/` : "");

const ADDRESS = /^[0-9a-f.:]+$/i;

/** Only what is an address goes into a line for a shell. */
const addresses = (parties: readonly string[]): string[] => [...new Set(parties.map(addressOf))].filter((address) => ADDRESS.test(address));

/** Who is to be blocked: the sources of alerts, each once. */
export const accused = (alerts: readonly Alert[]): string[] => [...new Set(alerts.flatMap(({ sources }) => addresses(sources)))];

/** Where the command looks for a running Wireglobe by itself. */
const USUAL_SERVER = "http://127.0.0.1:8470";

/** The command that prints a block list of the sources of alerts, with the alerts as its reason; empty without any. */
export function blockCommand(alerts: readonly Alert[], server: string): string {
  if (accused(alerts).length === 0) return "";
  const ids = alerts.map(({ id }) => `--alerts ${id.replace(/\D/g, "")}`).join(" ");
  const asked = server === USUAL_SERVER ? "" : ` --server ${server}`;
  return `wireglobe block ${ids}${asked} --format nft --expires 7d`;
}

/** The filter of the traffic an alert is about: its sources with its targets. */
export function trafficFilter({ sources, targets }: Alert): string {
  const side = (parties: readonly string[]): string => {
    const found = addresses(parties).map((address) => `host ${address}`);
    return found.length > 1 ? `(${found.join(" or ")})` : (found[0] ?? "");
  };
  return [side(sources), side(targets)].filter(Boolean).join(" and ");
}

/** What a mute of alerts starts from: of each its rule and whoever did it. */
export function muteFilter(alerts: readonly Alert[]): string {
  const filters = [...new Set(alerts.map(muteOne))];
  return filters.length > 1 ? filters.map((filter) => `(${filter})`).join(" or ") : (filters[0] ?? "");
}

function muteOne({ rule, sources, targets }: Alert): string {
  const [source, ...more] = addresses(sources);
  const [target, ...others] = addresses(targets);
  if (source !== undefined && more.length === 0) return `alert ${rule} and src host ${source}`;
  if (target !== undefined && others.length === 0) return `alert ${rule} and dst host ${target}`;
  return `alert ${rule}`;
}

/** Whether an alert went on in a part of the past; now has all. */
export const during = (range: Span | null): ((alert: Alert) => boolean) =>
  range === null ? () => true : ({ first, last }) => last >= range.from * 1000 && first < range.to * 1000;
