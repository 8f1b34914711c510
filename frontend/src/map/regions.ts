// The regions the flat map can be framed to: the world, and the five that TSA's maps show. Corners and a few points of the edges in
// degrees, west and east before south and north; islands far out do not count.

import type { Region } from "../lib/urlstate";
import type { LonLat } from "./atlas";

/** West, south, east, north. */
const BOUNDS: Readonly<Record<Exclude<Region, "world">, readonly [number, number, number, number]>> = {
  africa: [-19, -36, 53, 38],
  asia: [26, -11, 147, 56],
  europe: [-25, 34, 46, 71.5],
  north: [-140, 7, -55, 70],
  south: [-83, -56, -34, 13],
};

/** Points around a region; none for the world, which is the whole plane. */
export function cornersOf(region: Region): readonly LonLat[] {
  if (region === "world") return [];
  const [west, south, east, north] = BOUNDS[region];
  const [lon, lat] = [(west + east) / 2, (south + north) / 2];
  return [[west, south], [lon, south], [east, south], [east, lat], [east, north], [lon, north], [west, north], [west, lat]];
}

/** A country fills about this part of the frame around it. */
const COUNTRY_SHARE = 0.3;
const LEAST_DEGREES = 7;
const MOST_DEGREES = 40;

/** Points around a country's label point, by the side of a square of its area in steradians. */
export function around([lon, lat]: LonLat, steradians: number): readonly LonLat[] {
  const side = (Math.sqrt(steradians) * 180) / Math.PI;
  const reach = Math.min(MOST_DEGREES, Math.max(LEAST_DEGREES, side / 2 / COUNTRY_SHARE));
  const wide = reach / Math.max(0.3, Math.cos((lat * Math.PI) / 180));
  const [south, north] = [Math.max(-80, lat - reach), Math.min(84, lat + reach)];
  return [[lon - wide, lat], [lon + wide, lat], [lon, south], [lon, north]];
}
