// The store over a line that breaks: what it asks for, when it resumes, and when it asks again.

import { deflateRawSync } from "node:zlib";
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
  fire(type: string, data?: unknown): void {
    this.#listeners.get(type)?.({ data });
  }
  say(message: object): void {
    this.fire("message", JSON.stringify(message));
  }
  /** A tick as narrow lines have it. */
  sayPacked(messages: readonly object[]): void {
    const packed = deflateRawSync(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
    this.fire("message", Uint8Array.from(packed).buffer);
  }
  subs(topic: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message["type"] === "sub" && message["topic"] === topic);
  }
  types(): unknown[] {
    return this.sent.map((message) => message["type"]);
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
  let leave: () => void;
  let page: { hidden: boolean; addEventListener(type: string, listener: () => void): void };
  let shown: () => void;
  const line = (): Line => Line.all.at(-1) as Line;
  const bytes = (): number => store.table("countries").number("bytes_sent", 0);

  beforeEach(async () => {
    vi.useFakeTimers();
    Line.all = [];
    const address = { search: "", pathname: "/" };
    vi.stubGlobal("WebSocket", Line);
    vi.stubGlobal("location", address);
    page = { hidden: false, addEventListener: (type, listener) => void (type === "visibilitychange" && (shown = listener)) };
    vi.stubGlobal("document", page);
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("history", { pushState: (_: unknown, __: string, to: string) => void (address.search = to.slice(1)) });
    const { Store } = await import("../../src/store");
    store = new Store("ws://test");
    told = 0;
    leave = store.on("countries", () => (told += 1));
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
    expect(line().types()).toEqual(["hello", "sub"]);
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

  test("a packed tick is taken as a plain one, a damaged one is counted", async () => {
    live();
    line().sayPacked([delta(10, 11, 8), tick(11)]);
    await vi.waitFor(() => expect(line().sent.at(-1)).toEqual({ type: "ack", seq: 11 }));
    expect([told, bytes()]).toEqual([2, 8]);
    line().fire("message", Uint8Array.of(0xff, 0xff, 0xff).buffer);
    await vi.waitFor(() => expect(store.malformed).toBe(1));
    expect(bytes()).toBe(8);
  });

  test("a packed tick of a line that is gone changes nothing", async () => {
    live();
    const gone = line();
    gone.sayPacked([delta(10, 11, 8), tick(11)]);
    gone.close();
    vi.advanceTimersByTime(1000);
    line().fire("open");
    line().sayPacked([welcome(true), delta(10, 15, 20), tick(15)]);
    await vi.waitFor(() => expect(bytes()).toBe(20));
    expect(line().types()).toEqual(["hello", "sub", "ack"]);
    expect(line().sent.at(-1)).toEqual({ type: "ack", seq: 15 });
  });

  test("what nobody listens to any more is unsubscribed, unless somebody comes back at once", () => {
    live();
    leave();
    vi.advanceTimersByTime(1000);
    leave = store.on("countries", () => (told += 1));
    vi.advanceTimersByTime(2000);
    expect(line().types()).not.toContain("unsub");
    leave();
    vi.advanceTimersByTime(2000);
    expect(line().sent.at(-1)).toEqual({ type: "unsub", id: 3 });
    line().say(delta(10, 11, 8));
    expect([bytes(), line().subs("countries").length]).toEqual([7, 1]);
    store.on("countries", () => undefined);
    expect(line().subs("countries").length).toBe(2);
  });

  test("a pause is told, told again to a new line, and ended by a new question", () => {
    live();
    store.pause(true);
    expect([line().sent.at(-1), store.link.paused]).toEqual([{ type: "pause" }, true]);
    vi.advanceTimersByTime(20_000);
    expect(store.link.phase).toBe("open");
    line().close();
    store.retryNow();
    line().fire("open");
    expect(line().types()).toEqual(["hello", "sub", "pause"]);
    line().say(welcome(true));
    store.setView({ filter: "udp" });
    expect(line().types().slice(3)).toEqual(["sub", "resume"]);
    expect(store.link.paused).toBe(false);
  });

  test("a hidden page says so, is not given up as silent, and comes back at once when it is looked at", () => {
    live();
    page.hidden = true;
    shown();
    expect(line().sent.at(-1)).toEqual({ type: "visible", visible: false });
    vi.advanceTimersByTime(60_000);
    expect(store.link.phase).toBe("open");
    line().close();
    page.hidden = false;
    shown();
    expect(Line.all.length).toBe(2);
    vi.advanceTimersByTime(20_000);
    page.hidden = true;
    line().fire("open");
    expect(line().types()).toEqual(["hello", "visible", "sub"]);
  });

  test("a server that says when it is back is not asked before", () => {
    live();
    line().say({ type: "bye", retry_ms: 9000 });
    line().close();
    vi.advanceTimersByTime(8900);
    expect(Line.all.length).toBe(1);
    vi.advanceTimersByTime(200);
    expect(Line.all.length).toBe(2);
  });

  test("a refusal stands until another question is asked", () => {
    live();
    store.setView({ filter: "tcp prot 80" });
    line().say({ type: "err", code: "filter", hint: "no such word", sub: 3, at: 4, len: 4 });
    expect(store.refusal).toMatchObject({ code: "filter", at: 4, len: 4 });
    store.setView({ filter: "tcp port 80" });
    expect(store.refusal).toBeNull();
  });

  test("after a gap rows stay, and only a snapshot changes them", () => {
    live();
    line().say({ type: "gap", reason: "restart" });
    line().say(delta(10, 11, 8));
    expect(bytes()).toBe(7);
    line().say(snap(3, 2));
    expect(bytes()).toBe(2);
  });

  test("a range of the past is asked of what has one, and is left again", () => {
    live();
    store.on("status", () => undefined);
    store.setRange({ from: 100, to: 200 });
    expect(line().subs("countries").at(-1)).toMatchObject({ range: [100, 200] });
    expect([store.now, line().subs("status").length]).toEqual([200_000, 1]);
    const asked = line().sent.length;
    store.setRange({ from: 100, to: 200 });
    expect(line().sent.length).toBe(asked);
    store.setRange(null);
    expect(line().subs("countries").at(-1)).not.toHaveProperty("range");
    expect(store.now).toBe(5);
  });

  test("what is left out goes into the filter, and is selected no more", () => {
    live();
    store.select({ dimension: "country", key: "NL" });
    store.exclude({ dimension: "country", key: "NL" });
    expect(store.view).toMatchObject({ filter: "not country NL", selection: null });
    expect(line().subs("countries").at(-1)).toMatchObject({ filter: "not country NL" });
  });

  test("an instant under the pointer is told to the other charts once", () => {
    let seen = 0;
    store.on("cursor", () => (seen += 1));
    for (const at of [1000, 1000, null]) store.setCursor(at);
    expect(seen).toBe(2);
  });
});
