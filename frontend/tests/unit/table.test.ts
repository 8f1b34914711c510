// The property that the live protocol stands on: whatever is lost, repeated or reordered, a table that says it is in
// step holds exactly the server's state.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Table } from "../../src/table";
import type { Delta, Snap } from "../../src/wire";

type State = Map<string, { bytes: number; name: string }>;

const COMMON = { total_error: 0, sub: 1, at: 0, from: 0, dropped: 0, range: null };

const columns = (rows: { bytes: number; name: string }[]) => ({ bytes: rows.map((r) => r.bytes), name: rows.map((r) => r.name) });

function snapOf(state: State, seq: number): Snap {
  return { type: "snap", topic: "hosts", ...COMMON, seq, keys: [...state.keys()], columns: columns([...state.values()]), total: state.size };
}

function deltaOf(before: State, after: State, from_seq: number, seq: number): Delta {
  const changed = [...after].filter(([key, row]) => JSON.stringify(before.get(key)) !== JSON.stringify(row));
  const removes = [...before.keys()].filter((key) => !after.has(key));
  return { type: "delta", ...COMMON, from_seq, seq, keys: changed.map(([key]) => key), columns: columns(changed.map(([, row]) => row)), removes, total: after.size, conflated: 0 };
}

const contents = (table: Table): State =>
  new Map([...table.keys].sort().map((key) => [key, { bytes: table.number("bytes", table.row(key)), name: table.text("name", table.row(key)) }]));

const sorted = (state: State): State => new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));

const stateArbitrary = fc.array(fc.tuple(fc.constantFrom(..."abcdefgh"), fc.record({ bytes: fc.nat(99), name: fc.string({ maxLength: 3 }) })), { maxLength: 8 }).map((rows) => new Map(rows));
/** What the network does to each message: 0 delivers, 1 drops, 2 repeats, 3 delivers it after the next. */
const fates = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3), { minLength: 12, maxLength: 12 });

function mangle(messages: Delta[], fate: number[]): Delta[] {
  const out: Delta[] = [];
  let late: Delta | null = null;
  for (const [i, message] of messages.entries()) {
    const what = fate[i] ?? 0;
    if (what === 3 && late === null) {
      late = message;
      continue;
    }
    if (what !== 1) out.push(message);
    if (what === 2) out.push(message);
    if (late !== null) out.push(late);
    late = null;
  }
  return late === null ? out : [...out, late];
}

describe("table", () => {
  test("deltas on a snapshot give the later snapshot", () => {
    fc.assert(fc.property(fc.array(stateArbitrary, { minLength: 2, maxLength: 12 }), (states) => {
      const table = new Table();
      table.snap(snapOf(states[0] ?? new Map(), 10));
      states.slice(1).forEach((state, i) => expect(table.delta(deltaOf(states[i] ?? new Map(), state, 10 + i, 11 + i))).toBe("applied"));
      expect(contents(table)).toEqual(sorted(states.at(-1) ?? new Map()));
    }));
  });

  test("lost, repeated and reordered messages never make a wrong table, and a missing one is noticed", () => {
    fc.assert(fc.property(fc.array(stateArbitrary, { minLength: 2, maxLength: 12 }), fates, (states, fate) => {
      const table = new Table();
      table.snap(snapOf(states[0] ?? new Map(), 10));
      const deltas = states.slice(1).map((state, i) => deltaOf(states[i] ?? new Map(), state, 10 + i, 11 + i));
      for (const delta of mangle(deltas, fate)) {
        const outcome = table.delta(delta);
        if (outcome === "missing") table.snap(snapOf(states[delta.seq - 10] ?? new Map(), delta.seq));
        expect(contents(table)).toEqual(sorted(states[(table.seq ?? 0) - 10] ?? new Map()));
      }
    }));
  });

  test("a delta before any snapshot is missing its base", () => {
    expect(new Table().delta(deltaOf(new Map(), new Map(), 1, 2))).toBe("missing");
  });

  test("a new question keeps the rows until its snapshot comes", () => {
    const table = new Table();
    table.snap(snapOf(new Map([["a", { bytes: 1, name: "x" }]]), 10));
    table.await();
    expect([table.size, table.ready]).toEqual([1, false]);
    table.snap(snapOf(new Map(), 3));
    expect([table.size, table.ready, table.seq]).toEqual([0, true, 3]);
  });

  test("removing a key that is not there changes nothing", () => {
    const table = new Table();
    table.snap(snapOf(new Map([["a", { bytes: 1, name: "x" }]]), 10));
    table.delta({ ...deltaOf(new Map(), new Map(), 10, 11), removes: ["zz"] });
    expect(contents(table)).toEqual(new Map([["a", { bytes: 1, name: "x" }]]));
  });
});
