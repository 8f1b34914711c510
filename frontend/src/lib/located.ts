// Where an address is, from the columns that hosts and arcs share: city, region, country, coordinates and how exact they are.

import type { TableView } from "../table";
import { countryName } from "./country";
import { coordinates } from "./format";

const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** The city alone; empty where none is known. */
export const located = (table: TableView, row: number): string => table.text("city", row);

/** City, region, country; what is not known is left out. */
export function placeName(city: string, region: string, country: string): string {
  return [city, region === city ? "" : region, country && countryName(country)].filter(Boolean).join(", ");
}

/** The same with coordinates, a line each. */
export function locatedInFull(table: TableView, row: number): string {
  const [lat, lon] = [numberOrNull(table.cell("lat", row)), numberOrNull(table.cell("lon", row))];
  const name = placeName(table.text("city", row), table.text("region", row), table.text("country", row));
  const at = lat === null || lon === null ? "" : coordinates(lat, lon, numberOrNull(table.cell("accuracy_km", row)));
  return [name, at].filter(Boolean).join("\n");
}

export interface City { name: string; region: string; country: string; at: string; in: number; out: number }

/** The cities of a country that arcs go to, the largest first; in and out of the last 30 s, in bytes. */
export function citiesOf(arcs: TableView, country: string): City[] {
  const found = new Map<string, City>();
  for (const [row] of arcs.keys.entries()) {
    const [lat, lon] = [numberOrNull(arcs.cell("lat", row)), numberOrNull(arcs.cell("lon", row))];
    if (arcs.text("country", row) !== country || lat === null || lon === null) continue;
    const at = coordinates(lat, lon, numberOrNull(arcs.cell("accuracy_km", row)));
    const city = found.get(at) ?? { name: arcs.text("city", row), region: arcs.text("region", row), country, at, in: 0, out: 0 };
    city[arcs.text("direction", row) === "out" ? "out" : "in"] += arcs.number("bytes", row);
    found.set(at, city);
  }
  return [...found.values()].sort((a, b) => b.in + b.out - a.in - a.out);
}
