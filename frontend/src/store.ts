// The one store: tables by subscription, the view (filter, selection, measure…), and the state of the connection.
// Panels ask with `on`: the first listener of a table subscribes it at the server, the last one gone unsubscribes it.

import { asFilter, both, excluding, same, type Selection } from "./lib/selection";
import { sameSpan, type Span } from "./lib/timespan";
import { address, readUrl, type ViewState } from "./lib/urlstate";
import { Socket } from "./socket";
import { Table, type TableView } from "./table";
import type { Delta, Refusal, ServerMessage, Snap } from "./wire";

interface Plan { id: number; topic: string; k: number; max_hz: number; filtered: boolean; ranged?: boolean }

/** Whether a range of the past narrows it. */
const isRanged = (plan: Plan): boolean => plan.ranged ?? plan.filtered;

/** What can be subscribed. `seen` is `countries` without the filter: what a filter hides is hatched, not grey. */
const PLANS = {
  status: { id: 0, topic: "status", k: 64, max_hz: 1, filtered: false },
  kpi: { id: 1, topic: "kpi", k: 32, max_hz: 4, filtered: true },
  series: { id: 2, topic: "series", k: 900, max_hz: 2, filtered: true },
  countries: { id: 3, topic: "countries", k: 300, max_hz: 4, filtered: true },
  seen: { id: 4, topic: "countries", k: 300, max_hz: 1, filtered: false, ranged: true },
  places: { id: 5, topic: "places", k: 16, max_hz: 2, filtered: true },
  asns: { id: 6, topic: "asns", k: 50, max_hz: 2, filtered: true },
  hosts: { id: 7, topic: "hosts", k: 50, max_hz: 2, filtered: true },
  services: { id: 8, topic: "services", k: 50, max_hz: 2, filtered: true },
  protocols: { id: 9, topic: "protocols", k: 50, max_hz: 2, filtered: true },
  arcs: { id: 10, topic: "arcs", k: 300, max_hz: 2, filtered: true },
  homes: { id: 11, topic: "homes", k: 16, max_hz: 1, filtered: false },
  continents: { id: 13, topic: "continents", k: 16, max_hz: 2, filtered: true },
  prefixes: { id: 14, topic: "prefixes", k: 50, max_hz: 2, filtered: true },
  domains: { id: 15, topic: "domains", k: 50, max_hz: 2, filtered: true },
  macs: { id: 16, topic: "macs", k: 50, max_hz: 2, filtered: true },
  /** Of a selected host: it is at an end of every packet then, so it is among the first. */
  details: { id: 17, topic: "details", k: 4, max_hz: 1, filtered: true },
  alerts: { id: 18, topic: "alerts", k: 300, max_hz: 2, filtered: false },
  /** The last quarter of an hour, whatever range is looked at. */
  recent: { id: 20, topic: "series", k: 900, max_hz: 2, filtered: true, ranged: false },
  /** Traffic of all that is kept of the past, whatever range is looked at. */
  span: { id: 19, topic: "span", k: 900, max_hz: 1, filtered: true, ranged: false },
  feed: { id: 12, topic: "feed", k: 50, max_hz: 4, filtered: true },
} as const satisfies Record<string, Plan>;

export type TableName = keyof typeof PLANS;
export type Channel = TableName | "view" | "link" | "cursor" | "refusal";

const TABLES = Object.keys(PLANS) as TableName[];
/** A tab switched away from may come back at once. */
const UNSUBSCRIBE_AFTER_MS = 1500;
/** A snapshot asked for and not come is asked for again. */
const SNAP_AGAIN_MS = 4000;
/** A snapshot is shown even when no tick follows it (paused). */
const SNAP_SHOWN_MS = 300;

export interface LinkState {
  phase: "connecting" | "open" | "stale";
  /** When the line was lost and when the next try comes, ms since the Unix epoch. */
  since: number;
  retry_at: number;
  lag_ms: number;
  paused: boolean;
  /** Packet time of the last tick. */
  at: number;
}

export class Store {
  view: ViewState = readUrl(location.search, location.pathname);
  link: LinkState = { phase: "connecting", since: Date.now(), retry_at: 0, lag_ms: 0, paused: false, at: 0 };
  /** What the server said against the filter. */
  refusal: Refusal | null = null;
  /** The instant under the pointer in one chart, shown in all; ms of packet time. */
  cursor: number | null = null;

  #tables = new Map<TableName, Table>();
  #listeners = new Map<Channel, Set<() => void>>();
  #asked = new Map<TableName, number>();
  #changed = new Set<Channel>();
  #socket: Socket;

  constructor(url: string) {
    for (const name of TABLES) this.#tables.set(name, new Table());
    this.#socket = new Socket(url, {
      open: () => this.#resubscribe(true),
      message: (message) => this.#take(message),
      closed: (retry_at) => this.#closed(retry_at),
    });
  }

  start(): void {
    addEventListener("popstate", () => this.#show(readUrl(location.search, location.pathname)));
    this.#socket.start();
  }

  table(name: TableName): TableView {
    return this.#table(name);
  }

  /** Filter, whose page it is, and selection together, as the server is asked. */
  get expression(): string {
    const { filter, entity, selection } = this.view;
    const parts = [entity, selection].map((part) => (part === null ? "" : asFilter(part)));
    return parts.reduce(both, filter);
  }

  on(channel: Channel, listener: () => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    if (isTable(channel) && !this.#asked.has(channel)) this.#subscribe(channel);
    return () => {
      listeners.delete(listener);
      if (isTable(channel)) setTimeout(() => this.#unsubscribe(channel), UNSUBSCRIBE_AFTER_MS);
    };
  }

  /** The moment that what is shown is of, ms: the end of the range, or now. */
  get now(): number {
    return this.view.range === null ? this.link.at : this.view.range.to * 1000;
  }

  /** Goes to a part of the past; null goes back to now. */
  setRange(range: Span | null): void {
    if (!sameSpan(range, this.view.range)) this.setView({ range });
  }

  /** Changes the view and writes it into the address, where "back" finds the former. */
  setView(change: Partial<ViewState>): void {
    const view = { ...this.view, ...change };
    const there = address(view);
    if (there !== location.pathname + location.search) history.pushState(null, "", there);
    this.#show(view);
  }

  /** Narrows everything to a selection; the same again undoes it. */
  select(selection: Selection | null): void {
    this.setView({ selection: same(this.view.selection, selection) ? null : selection });
  }

  /** Leaves out what would have been selected. */
  exclude(selection: Selection): void {
    const selected = same(this.view.selection, selection) ? null : this.view.selection;
    this.setView({ filter: excluding(this.view.filter, selection), selection: selected });
  }

  get malformed(): number {
    return this.#socket.malformed;
  }

  setCursor(at: number | null): void {
    if (this.cursor === at) return;
    this.cursor = at;
    this.#tell("cursor");
  }

  pause(paused: boolean): void {
    this.link = { ...this.link, paused };
    this.#socket.pause(paused);
    this.#tell("link");
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  #table(name: TableName): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }

  #show(view: ViewState): void {
    const before = { expression: this.expression, metric: this.view.metric, range: this.view.range };
    this.view = view;
    this.refusal = null;
    if (before.expression !== this.expression || before.metric !== view.metric || !sameSpan(before.range, view.range)) {
      this.#askFiltered();
      // A paused server answers nothing, so a new question means: go on.
      if (this.link.paused) this.pause(false);
    }
    this.#tell("view");
    this.#tell("refusal");
  }

  #askFiltered(): void {
    for (const name of TABLES) {
      if (!PLANS[name].filtered && !isRanged(PLANS[name])) continue;
      if (this.#wanted(name)) this.#subscribe(name);
      else this.#unsubscribe(name);
    }
  }

  #wanted(name: TableName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Asks for a table anew; its rows stay until the answer comes. */
  #subscribe(name: TableName): void {
    this.#table(name).await();
    this.#ask(name);
  }

  #ask(name: TableName): void {
    const plan: Plan = PLANS[name];
    const last_seq = this.#table(name).seq;
    const { range } = this.view;
    this.#asked.set(name, Date.now());
    this.#socket.send({
      type: "sub", id: plan.id, topic: plan.topic, filter: plan.filtered ? this.expression : "", metric: this.view.metric,
      k: plan.k, max_hz: plan.max_hz, ...(range !== null && isRanged(plan) ? { range: [range.from, range.to] as const } : {}), ...(last_seq === null ? {} : { last_seq }),
    });
  }

  #unsubscribe(name: TableName): void {
    if (this.#wanted(name) || !this.#asked.has(name)) return;
    this.#asked.delete(name);
    this.#table(name).await();
    this.#socket.send({ type: "unsub", id: PLANS[name].id });
  }

  #resubscribe(resume: boolean): void {
    for (const name of TABLES) {
      if (!resume) this.#table(name).await();
      if (this.#wanted(name)) this.#ask(name);
    }
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "welcome": return this.#welcomed(message.resumed);
      case "snap": return this.#snap(message);
      case "delta": return this.#delta(message);
      case "tick": return this.#ticked(message.at, message.lag_ms);
      case "err": return this.#refused(message);
      case "gap": return this.#forget();
      case "lag": case "bye": return;
    }
  }

  #welcomed(resumed: boolean): void {
    if (!resumed) this.#forget();
    this.link = { ...this.link, phase: "open" };
    this.#tell("link");
  }

  /** A new epoch: what is shown stays until its snapshot comes. */
  #forget(): void {
    for (const table of this.#tables.values()) table.await();
  }

  #snap(message: Snap): void {
    const name = byId(message.sub);
    if (name === undefined) return;
    if (this.#table(name).snap(message) !== "applied") return;
    this.#changed.add(name);
    setTimeout(() => this.#flush(), SNAP_SHOWN_MS);
  }

  #delta(message: Delta): void {
    const name = byId(message.sub);
    if (name === undefined || !this.#asked.has(name)) return;
    const outcome = this.#table(name).delta(message);
    if (outcome === "applied") this.#changed.add(name);
    if (outcome === "missing") this.#missing(name);
  }

  #missing(name: TableName): void {
    const table = this.#table(name);
    const waiting = table.seq === null && Date.now() - (this.#asked.get(name) ?? 0) < SNAP_AGAIN_MS;
    if (!waiting) this.#subscribe(name);
  }

  /** Panels draw once a tick, when all of its tables are in. */
  #ticked(at: number, lag_ms: number): void {
    this.link = { ...this.link, phase: "open", at, lag_ms };
    this.#changed.add("link");
    this.#flush();
  }

  #flush(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const channel of changed) this.#tell(channel);
  }

  #refused(message: Refusal): void {
    this.refusal = message;
    this.#tell("refusal");
  }

  #closed(retry_at: number): void {
    const since = this.link.phase === "stale" ? this.link.since : Date.now();
    this.link = { ...this.link, phase: "stale", since, retry_at };
    this.#tell("link");
  }

  #tell(channel: Channel): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener();
  }
}

const isTable = (channel: Channel): channel is TableName => Object.hasOwn(PLANS, channel);
const byId = (id: number): TableName | undefined => TABLES.find((name) => PLANS[name].id === id);
