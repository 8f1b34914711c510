// Ranges of time as people write them.
import { describe, expect, test } from "vitest";
import { readMoment } from "../../src/explore/moment";
import { PRESETS, readEnds, readRange } from "../../src/explore/range";

/** A Sunday. */
const NOW = Date.UTC(2026, 10, 22, 14, 3, 22) / 1000;
const iso = (second: number): string => new Date(second * 1000).toISOString().slice(0, 19);
const moment = (text: string): string | null => {
  const found = readMoment(text, NOW);
  return found === null ? null : found.from === found.to ? iso(found.from) : `${iso(found.from)} ${iso(found.to)}`;
};
const range = (text: string): string => {
  const { range, fault } = readRange(text, NOW);
  return range === null ? fault : `${iso(range.from)} ${iso(range.to)}${range.moving ? " moving" : ""}`;
};

describe("a moment", () => {
  test.each([
    ["now", "2026-11-22T14:03:22"], ["-24h", "2026-11-21T14:03:22"], ["\u221224 h", "2026-11-21T14:03:22"], ["- 90 min", "2026-11-22T12:33:22"], ["3 days ago", "2026-11-19T14:03:22"], ["-1mo", "2026-10-22T14:03:22"], ["-1y", "2025-11-22T14:03:22"],
    ["now-2h", "2026-11-22T12:03:22"], ["2026-11-20 14:00", "2026-11-20T14:00:00"], ["2026-11-20T14:00Z", "2026-11-20T14:00:00"], ["2026-11-20T14:00+01:00", "2026-11-20T13:00:00"], ["14:00", "2026-11-22T14:00:00"], ["9:30:10", "2026-11-22T09:30:10"],
    ["yesterday 14:00", "2026-11-21T14:00:00"], ["last tuesday 9:15", "2026-11-17T09:15:00"], ["Noon", "2026-11-22T12:00:00"],
  ])("%s is an instant", (text, expected) => expect(moment(text)).toBe(expected));

  test.each([
    ["jetzt", "now"], ["vor 3 Tagen", "3 days ago"], ["vor 24 Stunden", "-24h"], ["gestern 14:00", "yesterday 14:00"], ["gestern 14 Uhr", "yesterday 14:00"], ["letzten Dienstag", "last tuesday"], ["Montag", "monday"], ["diese Woche", "this week"],
    ["letzter Monat", "last month"], ["20.11.2026 14:00", "2026-11-20 14:00"], ["heute um 9:30 Uhr", "today 9:30"],
  ])("%s means in German what %s means in English", (german, english) => expect(moment(german)).toBe(moment(english)));

  test("of a day, week or month is all of it", () => {
    expect([moment("yesterday"), moment("vorgestern"), moment("2026-11-20")]).toEqual(["2026-11-21T00:00:00 2026-11-22T00:00:00", "2026-11-20T00:00:00 2026-11-21T00:00:00", "2026-11-20T00:00:00 2026-11-21T00:00:00"]);
    expect([moment("this week"), moment("last week"), moment("last month"), moment("this year")]).toEqual(["2026-11-16T00:00:00 2026-11-23T00:00:00", "2026-11-09T00:00:00 2026-11-16T00:00:00", "2026-10-01T00:00:00 2026-11-01T00:00:00", "2026-01-01T00:00:00 2027-01-01T00:00:00"]);
  });
  test("by its weekday is the latest such day, with last never today", () => {
    expect([moment("sunday"), moment("last sunday"), moment("saturday")].map((text) => text?.slice(0, 10))).toEqual(["2026-11-22", "2026-11-15", "2026-11-21"]);
  });
  test("by its time alone is never in the future", () => expect(moment("15:00")).toBe("2026-11-21T15:00:00"));
  test("of a month with fewer days is its last day", () => expect(iso(readMoment("-1mo", Date.UTC(2026, 2, 31) / 1000)?.from ?? 0)).toBe("2026-02-28T00:00:00"));
  test.each(["", "soon", "2026-02-31", "25:00", "14:60", "-24x", "last", "24h", "constructor", "last __proto__"])("%j is none", (text) => expect(moment(text)).toBeNull());
});

describe("a range", () => {
  test.each([
    ["-24h", "2026-11-21T14:03:22 2026-11-22T14:03:22 moving"], ["-24h..now", "2026-11-21T14:03:22 2026-11-22T14:03:22 moving"], ["yesterday", "2026-11-21T00:00:00 2026-11-22T00:00:00 moving"], ["today", "2026-11-22T00:00:00 2026-11-22T14:03:22 moving"],
    ["last 7 days", "2026-11-15T14:03:22 2026-11-22T14:03:22 moving"], ["letzte 7 Tage", "2026-11-15T14:03:22 2026-11-22T14:03:22 moving"], ["last hour", "2026-11-22T13:03:22 2026-11-22T14:03:22 moving"],
    ["2026-11-20", "2026-11-20T00:00:00 2026-11-21T00:00:00"], ["2026-11-20 14:00..2026-11-20 16:00", "2026-11-20T14:00:00 2026-11-20T16:00:00"], ["2026-11-20 14:00..+2h", "2026-11-20T14:00:00 2026-11-20T16:00:00"],
    ["2026-11-18 to 2026-11-20", "2026-11-18T00:00:00 2026-11-21T00:00:00"], ["gestern 9:00 bis gestern 10:00", "2026-11-21T09:00:00 2026-11-21T10:00:00 moving"], ["2026-11-20..now", "2026-11-20T00:00:00 2026-11-22T14:03:22 moving"],
  ])("%s is read", (text, expected) => expect(range(text)).toBe(expected));
  test("says which end is not understood, and when the later one comes first", () => {
    expect([range("soon"), range("-2h..soon"), range("now..-2h")]).toEqual(["from", "to", "order"]);
  });
  test("of a preset is one that moves", () => {
    for (const [, text] of PRESETS) expect(readRange(text, NOW).range?.moving).toBe(true);
  });
  test("of two times of a day is pinned to that day", () => {
    expect(readEnds("9:00", "10:00", NOW).range).toEqual({ from: Date.UTC(2026, 10, 22, 9) / 1000, to: Date.UTC(2026, 10, 22, 10) / 1000, moving: false });
  });
});
