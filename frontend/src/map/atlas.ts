// The outlines: public/map.json (Natural Earth, see scripts/map.mjs) as shapes by ISO code, border lines, and a label
// point for every code. A code without a shape is drawn as a disc at its label point.

import { geoArea } from "d3-geo";
import type { MultiLineString, MultiPolygon, Position } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

type LonLat = readonly [number, number];
/** `steradians`: area on the unit globe, which decides between shape and disc. */
export interface Shape { code: string; outline: MultiPolygon; steradians: number }
export interface BorderLine { left: string; right: string; line: MultiLineString }

export interface Atlas {
  shapes: readonly Shape[];
  /** Lines between two countries, and lines to the sea. */
  borders: MultiLineString;
  coast: MultiLineString;
  labels: ReadonlyMap<string, LonLat>;
}

export interface AtlasFile extends Topology<{ countries: GeometryCollection }> { labels: Record<string, [number, number]> }

export function readAtlas(file: AtlasFile): Atlas {
  const { countries } = file.objects;
  const shapes = feature(file, countries).features.map(({ id, geometry }) => {
    const outline = geometry as MultiPolygon;
    return { code: String(id ?? ""), outline, steradians: geoArea(outline) };
  });
  return {
    shapes,
    borders: mesh(file, countries, (a, b) => a !== b),
    coast: mesh(file, countries, (a, b) => a === b),
    labels: new Map(Object.entries(file.labels)),
  };
}

export async function loadAtlas(): Promise<Atlas> {
  const answer = await fetch("/map.json");
  if (!answer.ok) throw new Error(`map.json: ${answer.status}`);
  return readAtlas((await answer.json()) as AtlasFile);
}

export type { LonLat, Position };
