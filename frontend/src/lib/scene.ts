// From the store's tables to what the map shows: classes by country, what the filter hides, arcs with their age, homes.

import type { LonLat } from "../map/atlas";
import type { Arc, Home, Scene } from "../map/scene";
import { classOf, thresholds } from "../map/scale";
import type { Store } from "../store";
import type { TableView } from "../table";
import { alarms } from "./alarms";
import { amount, total } from "./amount";
import { isPrivate, roundedHome } from "./privacy";
import { text } from "./text";
import type { ViewState } from "./urlstate";

/** An arc fades out over the window that the server counts it in. */
const DECAY_MS = 30_000;

function values(table: TableView, view: ViewState): Map<string, number> {
  const found = table.keys.map((key, row) => [key, total(amount(table, row, view.metric, view.direction))] as const);
  return new Map(found.filter(([, value]) => value > 0));
}

/** The classes' thresholds, by all that was seen: a filter must not change what a colour means. */
export function scaleOf(store: Store): number[] {
  const all = [...values(store.table("seen"), store.view).values(), ...values(store.table("countries"), store.view).values()];
  return thresholds(store.view.metric, Math.max(0, ...all));
}

function position(table: TableView, row: number): LonLat | null {
  const [lon, lat] = [table.cell("lon", row), table.cell("lat", row)];
  return typeof lon === "number" && typeof lat === "number" ? [lon, lat] : null;
}

/** Without a `now` they are those of a range of the past, and none is fading. */
function arcs(table: TableView, now: number | null): Arc[] {
  return table.keys.map((key, row) => ({
    key,
    country: table.text("country", row),
    city: table.text("city", row),
    at: position(table, row),
    region: table.text("region", row),
    accuracy_km: typeof table.cell("accuracy_km", row) === "number" ? table.number("accuracy_km", row) : null,
    direction: table.text("direction", row) === "out" ? "out" : "in",
    home: table.text("home", row),
    bytes: table.number("bytes", row),
    freshness: now === null ? 1 : Math.min(1, Math.max(0, 1 - (now - table.number("last_ms", row)) / DECAY_MS)),
  }));
}

type Labels = ReadonlyMap<string, LonLat>;

/** Where a home is: its own coordinates, or the label point of its country when only that is known. */
const homeAt = (table: TableView, row: number, labels: Labels): LonLat | null =>
  position(table, row) ?? labels.get(table.text("country", row)) ?? null;

function homes(table: TableView, labels: Labels): Home[] {
  return table.keys.flatMap((key, row) => {
    const at = homeAt(table, row, labels);
    if (at === null) return [];
    return isPrivate() ? [{ key, label: text.privacy.home, at: roundedHome(at) }] : [{ key, label: table.text("label", row), at }];
  });
}

/** Is it said that no home is known? Not while nothing has been said yet. */
export const homeUnset = (table: TableView): boolean =>
  table.ready && !table.keys.some((_, row) => typeof table.cell("lat", row) === "number" || table.text("country", row) !== "");

/** The country that is selected, or whose page it is. */
const selectedCountry = ({ selection, entity }: ViewState): string | null =>
  selection?.dimension === "country" ? selection.key : entity?.dimension === "country" ? entity.key : null;

export function readScene(store: Store, labels: Labels): Scene {
  const { view, link } = store;
  const shown = values(store.table("countries"), view);
  const limits = scaleOf(store);
  const seen = store.expression === "" ? [] : store.table("seen").keys;
  return {
    classes: new Map([...shown].map(([code, value]) => [code, classOf(value, limits)])),
    values: shown,
    hidden: new Set(seen.filter((code) => !shown.has(code))),
    arcs: arcs(store.table("arcs"), view.range === null ? link.at : null),
    homes: homes(store.table("homes"), labels),
    alarms: alarms(store, labels),
    selected: selectedCountry(view),
    direction: view.direction,
    stale: link.phase === "stale",
    still: link.paused,
  };
}
