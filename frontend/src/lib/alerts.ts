// The alerts topic as objects, in the order a person works: the gravest first, then the latest. A server that keeps no
// states yet sends no columns for them; then every alert is new.

import type { TableView } from "../table";
import { text } from "./text";

export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];
export const STATES = ["new", "acknowledged", "escalated", "closed"] as const;
export type AlertState = (typeof STATES)[number];
export const REASONS = ["false positive", "resolved", "accepted risk", "duplicate", "other"] as const;
export type Reason = (typeof REASONS)[number];

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

function alert(table: TableView, id: string, row: number): Alert {
  const word = (column: string): string => table.text(column, row);
  return {
    id, rule: word("rule"), severity: oneOf(SEVERITIES, word("severity"), "info"), title: word("title"), summary: word("summary"),
    sources: texts(table.cell("sources", row)), targets: texts(table.cell("targets", row)),
    first: table.number("first_ms", row), last: table.number("last_ms", row), count: table.number("count", row),
    figures: figures(table.cell("observed", row), table.cell("threshold", row)), words: words(table.cell("observed", row)),
    technique: word("technique"), country: word("country"), asn: numberOrNull(table.cell("asn", row)), network: word("as_name"), caveat: word("caveat"),
    state: oneOf(STATES, word("state"), "new"), reason: word("reason"), comments: table.number("comments", row),
    muted: table.cell("muted", row) === true, evidence: table.number("evidence", row),
  };
}

/** How grave: 0 is critical. */
export const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** Of a grave one red says so, beside its shape and word. */
export const grave = (severity: Severity): boolean => rank(severity) < 2;

/** Still somebody's work, and not muted. */
export const open = ({ state, muted }: Alert): boolean => state !== "closed" && !muted;

export function readAlerts(table: TableView): Alert[] {
  return table.keys.map((key, row) => alert(table, key, row)).sort((a, b) => rank(a.severity) - rank(b.severity) || b.last - a.last || (a.id < b.id ? 1 : -1));
}

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

/** The command that prints a block list of an alert's sources; empty without any. */
export function blockCommand({ id, rule, sources }: Alert): string {
  const found = addresses(sources);
  const reason = `${rule} ${id}`.replace(/[^\w. ]/g, "");
  return found.length === 0 ? "" : `wireglobe block ${found.join(" ")} --format nft --expires 7d --reason "${reason}"`;
}

/** The filter of the traffic an alert is about: its sources with its targets. */
export function trafficFilter({ sources, targets }: Alert): string {
  const side = (parties: readonly string[]): string => {
    const found = addresses(parties).map((address) => `host ${address}`);
    return found.length > 1 ? `(${found.join(" or ")})` : (found[0] ?? "");
  };
  return [side(sources), side(targets)].filter(Boolean).join(" and ");
}

/** What a mute of an alert starts from: its rule and whoever did it. */
export function muteFilter({ rule, sources, targets }: Alert): string {
  const [source, ...more] = addresses(sources);
  const [target, ...others] = addresses(targets);
  if (source !== undefined && more.length === 0) return `alert ${rule} and src host ${source}`;
  if (target !== undefined && others.length === 0) return `alert ${rule} and dst host ${target}`;
  return `alert ${rule}`;
}
