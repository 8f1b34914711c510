// The memory budget and the history's retention, as the status tells them. Of a server that does not tell there is nothing.

/** What a table takes of its share. */
export interface MemoryTable {
  name: string;
  /** Null where it is several tables. */
  rows: number | null;
  bytes: number;
  /** Null of what is there only while somebody looks. */
  share_bytes: number | null;
  evicted: number;
}

/** How long what is kept on disk. */
export interface Retention {
  /** `totals` or `flows`. */
  what: string;
  step_seconds: number;
  keep_seconds: number;
  /** Null while there is nothing. */
  oldest_ms: number | null;
}

type Told = Readonly<Record<string, unknown>>;

const list = (value: unknown): Told[] => (Array.isArray(value) ? value.filter((one): one is Told => typeof one === "object" && one !== null) : []);
const number = (value: unknown): number => (typeof value === "number" ? value : 0);
const orNull = (value: unknown): number | null => (typeof value === "number" ? value : null);
const name = (value: unknown): string => (typeof value === "string" ? value : "");

export const memoryTables = (value: unknown): MemoryTable[] =>
  list(value).map((one) => ({ name: name(one.name), rows: orNull(one.rows), bytes: number(one.bytes), share_bytes: orNull(one.share_bytes), evicted: number(one.evicted) }));

export const retention = (value: unknown): Retention[] =>
  list(value).map((one) => ({ what: name(one.what), step_seconds: number(one.step_seconds), keep_seconds: number(one.keep_seconds), oldest_ms: orNull(one.oldest_ms) }));

/** For how long something is kept at most, ms. */
export const longest = (kept: readonly Retention[], what: string): number => Math.max(0, ...kept.filter((one) => one.what === what).map((one) => one.keep_seconds * 1000));

/** How full a table is, 0 to 1; what has no share is not full. */
export const fill = ({ bytes, share_bytes }: MemoryTable): number => (share_bytes === null || share_bytes === 0 ? 0 : Math.min(1, bytes / share_bytes));
