// Makes public/map.json from npm `world-atlas` (Natural Earth 1:50m, public domain; de-facto borders): outlines
// simplified, re-keyed to ISO 3166-1 alpha-2, overseas parts that have a code of their own split off, and a label
// point for every code. Deterministic: the same packages give the same bytes. Run: npm run map
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { geoArea, geoBounds } from "d3-geo";
import { feature, quantize } from "topojson-client";
import { topology } from "topojson-server";
import { filter, presimplify, simplify, sphericalTriangleArea } from "topojson-simplify";

const require = createRequire(import.meta.url);

/** Shapes without an ISO number, by Natural Earth's name. Siachen Glacier stays land without a code. */
const NAMED = { Somaliland: "SO", Kosovo: "XK", "N. Cyprus": "CY", "Siachen Glacier": "" };

/** Parts that Natural Earth draws with their sovereign but that have a code: [from, to, west, south, east, north]. */
const PARTS = [
  ["FR", "GF", -55, 1, -51, 7],
  ["FR", "GP", -62, 15.7, -60.8, 16.7],
  ["FR", "MQ", -61.4, 14.2, -60.6, 15],
  ["FR", "RE", 55, -22, 56, -20.5],
  ["FR", "YT", 44.8, -13.2, 45.5, -12.4],
  ["NO", "SJ", 8, 70, 36, 82],
  ["NL", "BQ", -69, 11.8, -62, 18],
  ["Indian Ocean Ter.", "CX", 105, -11, 106, -10],
  ["Indian Ocean Ter.", "CC", 96, -13, 97.5, -11],
];

/** Steradians; smaller triangles vanish. Chosen so that the file stays under 80 kB compressed. */
const DETAIL = 2.2e-6;
/** Steradians; a smaller ring is dropped unless it is a country's only one. */
const ISLET = 5e-6;
const QUANTA = 2e4;

const facts = readFileSync(new URL("countries.txt", import.meta.url), "utf8")
  .split("\n").filter((line) => line && !line.startsWith("#")).map((line) => line.split(" "));
const byNumber = new Map(facts.map(([code, number]) => [number, code]));

const inside = ([[w, s], [e, n]], box) => w >= box[0] && s >= box[1] && e <= box[2] && n <= box[3];

/** The code of one polygon of a source shape. */
function codeOf(shape, polygon) {
  const own = NAMED[shape.properties.name] ?? byNumber.get(shape.id) ?? shape.properties.name;
  const bounds = geoBounds({ type: "Polygon", coordinates: polygon });
  const part = PARTS.find(([from, , ...box]) => from === own && inside(bounds, box));
  return part ? part[1] : own;
}

function polygonsByCode(source) {
  const found = new Map();
  for (const shape of feature(source, source.objects.countries).features) {
    const polygons = shape.geometry.type === "Polygon" ? [shape.geometry.coordinates] : shape.geometry.coordinates;
    for (const polygon of polygons) {
      const code = codeOf(shape, polygon);
      found.set(code, [...(found.get(code) ?? []), polygon]);
    }
  }
  return found;
}

function features(found) {
  const known = new Set(["", ...facts.map(([code]) => code)]);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, coordinates]) => {
    if (!known.has(code)) throw new Error(`no code for the shape "${code}"`);
    return { type: "Feature", id: code, properties: {}, geometry: { type: "MultiPolygon", coordinates } };
  });
}

/** Drops a country's islets, but never its largest polygon. */
function withoutIslets(topo) {
  for (const geometry of topo.objects.countries.geometries) {
    const areas = feature(topo, geometry).geometry.coordinates.map((p) => geoArea({ type: "Polygon", coordinates: [p[0]] }));
    const largest = Math.max(...areas.filter(proper));
    geometry.arcs = geometry.arcs.filter((_, i) => proper(areas[i]) && (areas[i] >= ISLET || areas[i] === largest));
  }
  topo.objects.countries.geometries = topo.objects.countries.geometries.filter((g) => g.arcs.length > 0);
  return filter(topo, () => true);
}

/** A ring simplified to a sliver may turn around and would then fill the rest of the globe; its country keeps its disc. */
const proper = (area) => area < 2 * Math.PI;

const source = JSON.parse(readFileSync(require.resolve("world-atlas/countries-50m.json"), "utf8"));
const found = polygonsByCode(source);
found.delete("AQ"); // a disc on the map: its outline would take a tenth of it
const joined = topology({ countries: { type: "FeatureCollection", features: features(found) } });
const thinned = simplify(presimplify(joined, sphericalTriangleArea), DETAIL);
const small = quantize(withoutIslets(thinned), QUANTA);
for (const geometry of small.objects.countries.geometries) delete geometry.properties;
const labels = Object.fromEntries(facts.map(([code, , lon, lat]) => [code, [Number(lon), Number(lat)]]));
const text = JSON.stringify({ ...small, labels });
writeFileSync(new URL("../public/map.json", import.meta.url), text);
const points = small.arcs.reduce((n, a) => n + a.length, 0);
console.log(`${text.length} bytes, ${gzipSync(text, { level: 9 }).length} compressed, ${points} points, ${small.objects.countries.geometries.length} shapes`);
