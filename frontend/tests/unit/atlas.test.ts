// Every code that the geo data can emit is on the map, as a shape or as a disc.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { countryName } from "../../src/lib/country";
import { readAtlas, type AtlasFile } from "../../src/map/atlas";

const here = (name: string): string => path.resolve(import.meta.dirname, "../..", name);
const text = readFileSync(here("public/map.json"), "utf8");
const atlas = readAtlas(JSON.parse(text) as AtlasFile);
const CODES = here("../fixtures/country-codes.json");
/** ISO 3166-1 as of 2026, and Kosovo. */
const ISO = readFileSync(here("scripts/countries.txt"), "utf8").split("\n").filter((line) => /^[A-Z]{2} /.test(line)).map((line) => line.slice(0, 2));

describe("atlas", () => {
  test("the own table has all 249 codes of ISO 3166-1 and Kosovo", () => {
    expect(new Set(ISO).size).toBe(250);
  });

  test("every code of the geo data has a shape or a disc", () => {
    if (!existsSync(CODES)) console.log("fixtures/country-codes.json is not there yet: ISO 3166-1 stands in");
    const codes = existsSync(CODES) ? (JSON.parse(readFileSync(CODES, "utf8")) as string[]) : ISO;
    expect(codes.filter((code) => !atlas.labels.has(code))).toEqual([]);
  });

  test("every shape has a code with a label point, but for one glacier", () => {
    expect(atlas.shapes.filter(({ code }) => !atlas.labels.has(code)).map(({ code }) => code)).toEqual([""]);
  });

  test("large countries are shapes, and none is turned inside out", () => {
    const codes = new Set(atlas.shapes.map(({ code }) => code));
    for (const code of ["US", "RU", "CN", "BR", "FR", "GF", "SJ", "XK", "GL", "ZA", "LS"]) expect(codes).toContain(code);
    expect(atlas.shapes.filter(({ steradians }) => steradians > 1)).toEqual([]);
  });

  test("label points lie on the globe", () => {
    for (const [lon, lat] of atlas.labels.values()) expect(Math.abs(lon) <= 180 && Math.abs(lat) <= 90).toBe(true);
  });

  test("every code has an English name", () => {
    expect([...atlas.labels.keys()].filter((code) => countryName(code) === code)).toEqual([]);
  });

  test("the file is at most 80 kB compressed", () => {
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(80_000);
  });
});
