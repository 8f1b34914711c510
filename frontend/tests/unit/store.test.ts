// The store over a line that breaks: what it asks for, when it resumes, and when it asks again.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Store } from "../../src/store";

class Line {
  static readonly OPEN = 1;
  static all: Line[] = [];
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  #listeners = new Map<string, (event: unknown) => void>();
  constructor(readonly url: string, readonly protocol: string) {
    Line.all.push(this);
  }
  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.set(type, listener);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.fire("close");
  }
  fire(type: string, data?: object): void {
    this.#listeners.get(type)?.({ data: JSON.stringify(data) });
  }
  say(message: object): void {
    this.fire("message", message);
  }
  subs(topic: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message["type"] === "sub" && message["topic"] === topic);
  }
}

const LIMITS = { max_subs: 32, max_message: 4096, messages_per_second: 5, max_hz: 4 };
const welcome = (resumed: boolean) => ({ type: "welcome", v: 1, server: { name: "wireglobe", version: "0" }, epoch: "e1", seq: 10, limits: LIMITS, resumed });
const COMMON = { sub: 3, at: 1, from: 0, total: 1 };
const snap = (seq: number, bytes: number) => ({ type: "snap", topic: "countries", ...COMMON, seq, keys: ["US"], columns: { bytes_sent: [bytes] } });
const delta = (from_seq: number, seq: number, bytes: number) => ({ type: "delta", ...COMMON, from_seq, seq, keys: ["US"], columns: { bytes_sent: [bytes] }, removes: [], conflated: 0 });
const tick = (seq: number) => ({ type: "tick", seq, at: 5, lag_ms: 1 });

describe("store", () => {
  let store: Store;
  let told: number;
  const line = (): Line => Line.all.at(-1) as Line;
  const bytes = (): number => store.table("countries").number("bytes_sent", 0);

  beforeEach(async () => {
    vi.useFakeTimers();
    Line.all = [];
    const address = { search: "", pathname: "/" };
    vi.stubGlobal("WebSocket", Line);
    vi.stubGlobal("location", address);
    vi.stubGlobal("document", { hidden: false, addEventListener: () => undefined });
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("history", { pushState: (_: unknown, __: string, to: string) => void (address.search = to.slice(1)) });
    const { Store } = await import("../../src/store");
    store = new Store("ws://test");
    told = 0;
    store.on("countries", () => (told += 1));
    store.start();
    line().fire("open");
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  function live(): void {
    line().say(welcome(false));
    line().say(snap(10, 7));
    line().say(tick(10));
  }

  test("greets first, then asks for what panels listen to, and no more", () => {
    expect(line().sent.map((message) => message["type"])).toEqual(["hello", "sub"]);
    expect(line().subs("countries")[0]).not.toHaveProperty("last_seq");
  });

  test("draws once a tick and acknowledges it", () => {
    live();
    line().say(delta(10, 11, 8));
    expect([told, bytes()]).toEqual([1, 8]);
    line().say(tick(11));
    expect(told).toBe(2);
    expect(line().sent.filter((message) => message["type"] === "ack").map((message) => message["seq"])).toEqual([10, 11]);
  });

  test("a gap in the sequence asks for the table again, once", () => {
    live();
    line().say(delta(12, 13, 9));
    line().say(delta(13, 14, 9));
    expect(line().subs("countries").length).toBe(2);
    expect(bytes()).toBe(7);
    line().say(snap(14, 9));
    expect(bytes()).toBe(9);
  });

  test("comes back with what it knew and goes on by deltas", () => {
    live();
    line().close();
    expect(store.link.phase).toBe("stale");
    expect(bytes()).toBe(7);
    vi.advanceTimersByTime(1000);
    line().fire("open");
    expect(line().sent[0]).toEqual({ type: "hello", v: 1, epoch: "e1", last_seq: 10, deflate: true });
    expect(line().subs("countries")[0]).toMatchObject({ last_seq: 10 });
    line().say(welcome(true));
    line().say(delta(10, 15, 20));
    line().say(tick(15));
    expect([store.link.phase, bytes()]).toEqual(["open", 20]);
  });

  test("a restarted server's lower numbers are taken, after its snapshot", () => {
    live();
    line().close();
    vi.advanceTimersByTime(1000);
    line().fire("open");
    line().say(welcome(false));
    line().say(delta(10, 11, 99));
    expect(bytes()).toBe(7);
    line().say(snap(2, 1));
    expect(bytes()).toBe(1);
  });

  test("a selection asks anew with both parts of the filter, and goes into the address", () => {
    live();
    store.setView({ filter: "tcp or udp" });
    store.select({ dimension: "country", key: "NL" });
    expect(line().subs("countries").at(-1)).toMatchObject({ id: 3, filter: "(tcp or udp) and country NL" });
    expect(location.search).toContain("sel=country:NL");
    expect(store.table("countries").ready).toBe(false);
    store.select({ dimension: "country", key: "NL" });
    expect(store.view.selection).toBeNull();
  });

  test("a silent line is given up", () => {
    live();
    vi.advanceTimersByTime(8000);
    expect(store.link.phase).toBe("stale");
  });

  test("what is not understood is counted and changes nothing", () => {
    live();
    line().say({ type: "snap", sub: 3 });
    line().say({ type: "news" });
    expect([store.malformed, bytes()]).toEqual([1, 7]);
  });
});
