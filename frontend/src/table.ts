// A keyed table in columns, as the live protocol sends it: a snapshot replaces it, a delta changes rows of it. The
// sequence number decides whether a delta fits, so messages that are lost, repeated or out of order cannot corrupt it.

import type { About, Cell, Columns, Delta, Snap } from "./wire";

/** What became of a delta: taken, already known, or one before it is missing (the subscription must be asked for again). */
export type Outcome = "applied" | "ignored" | "missing";

/** The part of a table that panels see. */
export interface TableView {
  readonly size: number;
  /** Number of keys the server knows; the table holds the largest of them. */
  readonly total: number;
  /** The standard error of that as a share of it; 0 = exact. */
  readonly total_error: number;
  /** Milliseconds of packet time: of the last change, and since when the totals count. */
  readonly at: number;
  readonly from: number;
  /** The part of the past it is of; null for now. */
  readonly about: About | null;
  /** Rows the server left out (feed). */
  readonly dropped: number;
  readonly keys: readonly string[];
  /** Has a snapshot come for the present question? */
  readonly ready: boolean;
  row(key: string): number;
  cell(column: string, row: number): Cell;
  number(column: string, row: number): number;
  text(column: string, row: number): string;
}

export class Table implements TableView {
  /** Sequence number of the state held; `null` until a snapshot comes. */
  seq: number | null = null;
  total = 0;
  total_error = 0;
  at = 0;
  from = 0;
  about: About | null = null;
  dropped = 0;
  ready = false;
  readonly keys: string[] = [];
  #rows = new Map<string, number>();
  #columns = new Map<string, Cell[]>();

  get size(): number {
    return this.keys.length;
  }

  row(key: string): number {
    return this.#rows.get(key) ?? -1;
  }

  cell(column: string, row: number): Cell {
    return this.#columns.get(column)?.[row] ?? null;
  }

  number(column: string, row: number): number {
    const value = this.cell(column, row);
    return typeof value === "number" ? value : 0;
  }

  text(column: string, row: number): string {
    const value = this.cell(column, row);
    return typeof value === "string" ? value : "";
  }

  /** Forgets the sequence, keeps the rows: a new epoch or a new question waits for its snapshot. */
  await(): void {
    this.seq = null;
    this.ready = false;
  }

  snap(message: Snap): Outcome {
    if (this.seq !== null && message.seq < this.seq) return "ignored";
    this.keys.length = 0;
    this.#rows.clear();
    this.#columns.clear();
    this.#upsert(message.keys, message.columns);
    this.#stamp(message);
    this.ready = true;
    return "applied";
  }

  delta(message: Delta): Outcome {
    if (this.seq === null) return "missing";
    if (message.seq <= this.seq) return "ignored";
    if (message.from_seq !== this.seq) return "missing";
    for (const key of message.removes) this.#remove(key);
    this.#upsert(message.keys, message.columns);
    this.#stamp(message);
    return "applied";
  }

  #stamp(message: Snap | Delta): void {
    this.seq = message.seq;
    this.at = message.at;
    this.from = message.from;
    this.total = message.total;
    this.total_error = message.total_error;
    this.about = message.range;
    this.dropped = message.dropped;
  }

  #upsert(keys: readonly string[], columns: Columns): void {
    for (const name of Object.keys(columns)) {
      if (!this.#columns.has(name)) this.#columns.set(name, this.keys.map(() => null));
    }
    for (const [i, key] of keys.entries()) this.#put(this.#place(key), i, columns);
  }

  /** The row of a key, made when it is new. */
  #place(key: string): number {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.keys.push(key) - 1;
    this.#rows.set(key, row);
    return row;
  }

  #put(row: number, from: number, columns: Columns): void {
    for (const [name, column] of this.#columns) column[row] = columns[name]?.[from] ?? null;
  }

  /** The last row takes the place of the one removed. */
  #remove(key: string): void {
    const row = this.#rows.get(key);
    const last = this.keys.pop();
    if (row === undefined || last === undefined) {
      if (last !== undefined) this.keys.push(last);
      return;
    }
    this.#rows.delete(key);
    if (last !== key) {
      this.keys[row] = last;
      this.#rows.set(last, row);
    }
    for (const column of this.#columns.values()) {
      const moved = column[this.keys.length] ?? null;
      column.length = this.keys.length;
      if (last !== key) column[row] = moved;
    }
  }
}
