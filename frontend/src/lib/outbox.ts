// What the client still has to say, kept within the server's limit of messages (a burst, then so many a second): past
// it the server would close the connection. A message takes the place of a waiting one of the same kind.

import type { ClientMessage } from "../wire";

/** A little below what the server allows (burst 20, 5 a second), for clocks differ. */
const BURST = 18;
const PER_SECOND = 4.6;

/** Two messages of one slot say the same thing, the later one better. */
function slot(message: ClientMessage): string {
  if (message.type === "sub" || message.type === "unsub") return `sub ${message.id}`;
  if (message.type === "pause" || message.type === "resume") return "pause";
  return message.type;
}

export class Outbox {
  #waiting = new Map<string, ClientMessage>();
  #tokens = BURST;
  #filled: number;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly send: (message: ClientMessage) => void, private readonly now: () => number = () => performance.now()) {
    this.#filled = now();
  }

  put(message: ClientMessage): void {
    this.#waiting.set(slot(message), message);
    this.#pump();
  }

  close(): void {
    this.#waiting.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #pump(): void {
    this.#refill();
    for (const [name, message] of this.#waiting) {
      if (this.#tokens < 1) break;
      this.#tokens -= 1;
      this.#waiting.delete(name);
      this.send(message);
    }
    if (this.#waiting.size > 0) this.#later();
  }

  #refill(): void {
    const now = this.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filled) / 1000) * PER_SECOND);
    this.#filled = now;
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#pump();
    }, 1000 / PER_SECOND);
  }
}
