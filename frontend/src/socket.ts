// The one connection to the server: greets it, says where it left off, acknowledges ticks, keeps within the message
// limit, notices silence, and comes back with growing, jittered pauses. It knows messages, not what they mean.

import { Outbox } from "./lib/outbox";
import { canUnpack, unpack } from "./lib/unpack";
import { decode, encode, SUBPROTOCOL, WireError, type ClientMessage, type ServerMessage } from "./wire";

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15_000;
/** The server speaks at least once a second; this much silence is a dead line. */
const SILENCE_MS = 6_000;

export interface SocketEvents {
  /** The line is open and greeted: ask again for everything. */
  open(): void;
  message(message: ServerMessage): void;
  /** The line is gone; the next try comes at `retry_at` (ms since the Unix epoch). */
  closed(retry_at: number): void;
}

/** Pause before try number `attempt` (0, 1, …): doubling, halved at most by chance, so that clients do not return at once. */
export function backoff(attempt: number, chance: number): number {
  const full = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * chance);
}

export class Socket {
  /** Of the state last acknowledged, for resuming. */
  epoch: string | null = null;
  seq: number | null = null;
  /** Frames that were not understood. */
  malformed = 0;

  #line: WebSocket | null = null;
  #outbox: Outbox | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #heard = 0;
  #asked_wait: number | null = null;
  #paused = false;

  constructor(private readonly url: string, private readonly events: SocketEvents) {}

  start(): void {
    document.addEventListener("visibilitychange", () => this.#visibility());
    addEventListener("online", () => this.retryNow());
    setInterval(() => this.#watch(), 1000);
    this.#connect();
  }

  send(message: ClientMessage): void {
    this.#outbox?.put(message);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.send({ type: paused ? "pause" : "resume" });
  }

  retryNow(): void {
    if (this.#line !== null) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#connect();
  }

  #connect(): void {
    this.#retry = null;
    const line = new WebSocket(this.url, SUBPROTOCOL);
    this.#line = line;
    this.#heard = Date.now();
    line.addEventListener("open", () => this.#opened(line));
    line.binaryType = "arraybuffer";
    line.addEventListener("message", (event) => this.#received(line, event.data));
    line.addEventListener("close", () => this.#lost(line));
  }

  #opened(line: WebSocket): void {
    this.#outbox = new Outbox((message) => line.readyState === WebSocket.OPEN && line.send(encode(message)));
    const known = this.epoch !== null && this.seq !== null ? { epoch: this.epoch, last_seq: this.seq } : {};
    this.send({ type: "hello", v: 1, ...known, ...(canUnpack ? { deflate: true } : {}) });
    if (document.hidden) this.send({ type: "visible", visible: false });
    this.events.open();
    if (this.#paused) this.send({ type: "pause" });
  }

  #received(line: WebSocket, frame: unknown): void {
    this.#heard = Date.now();
    if (frame instanceof ArrayBuffer) void this.#unpacked(line, frame);
    else this.#take(frame);
  }

  /** The next tick comes only when this one is acknowledged, so none overtakes it. */
  async #unpacked(line: WebSocket, frame: ArrayBuffer): Promise<void> {
    const messages = await unpack(frame).catch(() => null);
    if (messages === null) this.malformed += 1;
    for (const text of messages ?? []) if (this.#line === line) this.#take(text);
  }

  #take(frame: unknown): void {
    const message = this.#decode(frame);
    if (message === null) return;
    if (message.type === "welcome") {
      this.#attempt = 0;
      this.epoch = message.epoch;
    }
    if (message.type === "bye") this.#asked_wait = message.retry_ms;
    this.events.message(message);
    if (message.type === "tick") {
      this.seq = message.seq;
      this.send({ type: "ack", seq: message.seq });
    }
  }

  #decode(frame: unknown): ServerMessage | null {
    try {
      return typeof frame === "string" ? decode(frame) : null;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.malformed += 1;
      return null;
    }
  }

  #lost(line: WebSocket): void {
    if (this.#line !== line) return;
    this.#line = null;
    this.#outbox?.close();
    this.#outbox = null;
    const wait = Math.max(backoff(this.#attempt, Math.random()), this.#asked_wait ?? 0);
    this.#attempt += 1;
    this.#asked_wait = null;
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.events.closed(Date.now() + wait);
  }

  #visibility(): void {
    this.#heard = Date.now();
    this.send({ type: "visible", visible: !document.hidden });
    if (!document.hidden) this.retryNow();
  }

  /** A hidden page is sent nothing, so its silence means nothing. */
  #watch(): void {
    const line = this.#line;
    if (line === null || document.hidden || this.#paused || Date.now() - this.#heard < SILENCE_MS) return;
    line.close();
    this.#lost(line);
  }
}
