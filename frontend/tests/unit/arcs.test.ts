import { expect, test } from "vitest";
import { bundles } from "../../src/map/arcs";
import type { Atlas, LonLat } from "../../src/map/atlas";
import type { Camera } from "../../src/map/camera";
import type { Arc } from "../../src/map/scene";

const atlas = { labels: new Map<string, LonLat>([["DE", [10, 51]]]) } as unknown as Atlas;
/** A plane of so many pixels a degree. */
const camera = (scale: number): Camera => ({ project: ([lon, lat]: LonLat) => [lon * scale, -lat * scale] }) as unknown as Camera;
const arc = (city: string, at: LonLat | null, bytes: number, more: Partial<Arc> = {}): Arc =>
  ({ key: city, country: "DE", city, at, region: "", accuracy_km: null, direction: "in", home: "0", bytes, freshness: 0.5, ...more });

test("cities that fall together share an arc to the largest, with all their bytes", () => {
  const arcs = [arc("Potsdam", [13.1, 52.4], 10), arc("Berlin", [13.4, 52.5], 90, { freshness: 1 }), arc("Spandau", [13.2, 52.5], 20)];
  const [one, ...more] = bundles(atlas, camera(2), arcs);
  expect(more).toEqual([]);
  expect([one?.arc.city, one?.arc.bytes, one?.arc.freshness, one?.count, one?.at]).toEqual(["Berlin", 120, 1, 3, [13.4, 52.5]]);
});

test("they part as one comes nearer", () => {
  const arcs = [arc("Potsdam", [13.1, 52.4], 10), arc("Berlin", [13.4, 52.5], 90)];
  expect(bundles(atlas, camera(200), arcs)).toHaveLength(2);
});

test("directions and homes stay apart, and without a city the country's label point is the end", () => {
  const arcs = [arc("", null, 5), arc("", null, 5, { direction: "out" }), arc("", null, 5, { home: "1" })];
  const found = bundles(atlas, camera(2), arcs);
  expect(found.map(({ at }) => at)).toEqual([[10, 51], [10, 51], [10, 51]]);
});
