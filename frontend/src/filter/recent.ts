// The filters used last, in this browser.

import { keep, kept } from "../lib/storage";

const KEY = "wireglobe.filters";
const KEPT_MOST = 8;

/** The last one first. */
export function recentFilters(): readonly string[] {
  try {
    const found: unknown = JSON.parse(kept(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((filter): filter is string => typeof filter === "string").slice(0, KEPT_MOST) : [];
  } catch {
    return [];
  }
}

export function rememberFilter(filter: string): void {
  if (filter !== "") keep(KEY, JSON.stringify([filter, ...recentFilters().filter((known) => known !== filter)].slice(0, KEPT_MOST)));
}
