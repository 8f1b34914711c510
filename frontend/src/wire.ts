// Live protocol v1: the messages, and the check of what comes in. Nothing past this file sees an unchecked shape; a
// message of a type unknown here is ignored, so that a newer server can say more. Source: the golden messages in
// fixtures/wire, which the server's tests write.

export const SUBPROTOCOL = "wireglobe.v1";

export type Cell = unknown;
export type Columns = Readonly<Record<string, readonly Cell[]>>;
export type Metric = "bytes" | "packets" | "flows";

export type ClientMessage =
  | { type: "hello"; v: 1; epoch?: string; last_seq?: number; deflate?: boolean }
  | { type: "sub"; id: number; topic: string; filter: string; metric: Metric; k: number; max_hz: number; range?: readonly [number, number]; last_seq?: number }
  | { type: "unsub"; id: number }
  | { type: "pause" }
  | { type: "resume" }
  | { type: "ack"; seq: number }
  | { type: "visible"; visible: boolean };

export interface Limits { max_subs: number; max_message: number; messages_per_second: number; max_hz: number }

export interface Welcome {
  type: "welcome"; v: number; server: { name: string; version: string };
  epoch: string; seq: number; limits: Limits; resumed: boolean;
}
/** What a table of a range is of: milliseconds of packet time, and seconds of its longest step; and what is not kept of it. */
export interface About { from: number; to: number; step: number; packets_left_out: number; flows_left_out: number; gone_before: number | null }

/** The whole of a topic's table: its top `keys.length` of `total` keys, of which `total_error` is the relative error. `at` and `from` are milliseconds of packet time. */
export interface Snap {
  type: "snap"; sub: number; topic: string; seq: number; at: number; from: number;
  keys: readonly string[]; columns: Columns; total: number; total_error: number; dropped: number; range: About | null;
}
/** Whole rows for `keys`, deletions in `removes`; valid on a table at `from_seq` only. */
export interface Delta {
  type: "delta"; sub: number; from_seq: number; seq: number; at: number; from: number;
  keys: readonly string[]; columns: Columns; removes: readonly string[]; total: number; total_error: number; conflated: number; dropped: number; range: About | null;
}
export interface Tick { type: "tick"; seq: number; at: number; lag_ms: number }
export interface Lag { type: "lag"; hz: number }
export interface Gap { type: "gap"; reason: string }
/** `at` and `len` are bytes in the filter's text. */
export interface Refusal { type: "err"; code: string; hint: string; sub: number | null; at: number | null; len: number | null; expected: string | null; instead: string | null }
export interface Bye { type: "bye"; retry_ms: number }

export type ServerMessage = Welcome | Snap | Delta | Tick | Lag | Gap | Refusal | Bye;

/** What a message lacked; the connection counts these and goes on. */
export class WireError extends Error {}

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new WireError(`${name} is not a number`);
  return value;
}

function string(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new WireError(`${name} is not text`);
  return value;
}

const numberOr = <T>(fields: Fields, name: string, absent: T): number | T => (fields[name] == null ? absent : number(fields, name));
const stringOr = <T>(fields: Fields, name: string, absent: T): string | T => (fields[name] == null ? absent : string(fields, name));

function object(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (!isObject(value)) throw new WireError(`${name} is not an object`);
  return value;
}

function strings(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw new WireError(`${name} is not a list of texts`);
  return value;
}

function columns(fields: Fields, rows: number): Columns {
  const found = object(fields, "columns");
  for (const [name, column] of Object.entries(found)) {
    if (!Array.isArray(column) || column.length !== rows) throw new WireError(`column ${name} has not ${rows} rows`);
  }
  return found as Columns;
}

function about(value: unknown): About | null {
  if (!isObject(value)) return null;
  return {
    from: number(value, "from"), to: number(value, "to"), step: numberOr(value, "step", 1),
    packets_left_out: numberOr(value, "packets_left_out", 0), flows_left_out: numberOr(value, "flows_left_out", 0), gone_before: numberOr(value, "gone_before", null),
  };
}

/** The part that a snapshot and a delta share. */
function table(fields: Fields) {
  const keys = strings(fields, "keys");
  return {
    sub: number(fields, "sub"), seq: number(fields, "seq"), at: number(fields, "at"), from: numberOr(fields, "from", 0),
    keys, columns: columns(fields, keys.length), total: numberOr(fields, "total", keys.length), total_error: numberOr(fields, "total_error", 0), dropped: numberOr(fields, "dropped", 0), range: about(fields["range"]),
  };
}

function welcome(fields: Fields): Welcome {
  const server = object(fields, "server");
  const limits = object(fields, "limits");
  return {
    type: "welcome", v: number(fields, "v"), epoch: string(fields, "epoch"), seq: number(fields, "seq"), resumed: fields["resumed"] === true,
    server: { name: string(server, "name"), version: string(server, "version") },
    limits: {
      max_subs: number(limits, "max_subs"), max_message: number(limits, "max_message"),
      messages_per_second: number(limits, "messages_per_second"), max_hz: number(limits, "max_hz"),
    },
  };
}

const READERS: Readonly<Record<string, (fields: Fields) => ServerMessage>> = {
  welcome,
  snap: (f) => ({ type: "snap", topic: string(f, "topic"), ...table(f) }),
  delta: (f) => ({
    type: "delta", from_seq: number(f, "from_seq"), removes: strings(f, "removes"), conflated: numberOr(f, "conflated", 0), ...table(f),
  }),
  tick: (f) => ({ type: "tick", seq: number(f, "seq"), at: number(f, "at"), lag_ms: numberOr(f, "lag_ms", 0) }),
  lag: (f) => ({ type: "lag", hz: number(f, "hz") }),
  gap: (f) => ({ type: "gap", reason: string(f, "reason") }),
  err: (f) => ({
    type: "err", code: string(f, "code"), hint: stringOr(f, "hint", ""), sub: numberOr(f, "sub", null),
    at: numberOr(f, "at", null), len: numberOr(f, "len", null), expected: stringOr(f, "expected", null), instead: stringOr(f, "instead", null),
  }),
  bye: (f) => ({ type: "bye", retry_ms: numberOr(f, "retry_ms", 1000) }),
};

/** One text frame as a message; `null` for a type this page does not know; throws `WireError` for a wrong shape. */
export function decode(frame: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new WireError("not JSON");
  }
  if (!isObject(value)) throw new WireError("not an object");
  const type = string(value, "type");
  return Object.hasOwn(READERS, type) ? (READERS[type]?.(value) ?? null) : null;
}

export const encode = (message: ClientMessage): string => JSON.stringify(message);
