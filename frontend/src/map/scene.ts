// What the map shows, apart from where it is seen from: values by country, arcs, homes, what is selected or hidden.

import type { Direction } from "../lib/urlstate";
import type { LonLat } from "./atlas";

export interface Arc {
  key: string;
  country: string;
  /** The city's name, and where it is; without them the arc goes to the country's label point. */
  city: string;
  at: LonLat | null;
  region: string;
  /** How exact the position is at best, in kilometres. */
  accuracy_km: number | null;
  direction: "in" | "out";
  home: string;
  bytes: number;
  /** 1 = just now, 0 = as old as the window. */
  freshness: number;
}
/** A place of an open alert's party. */
export interface Alarm { country: string; at: LonLat; grave: boolean }
export interface Home { key: string; label: string; at: LonLat }

export interface Scene {
  /** Class 0 to 6 by country; a country without one was not seen. */
  classes: ReadonlyMap<string, number>;
  /** The chosen measure by country, for the order of labels. */
  values: ReadonlyMap<string, number>;
  /** Seen, but not within the filter. */
  hidden: ReadonlySet<string>;
  arcs: readonly Arc[];
  homes: readonly Home[];
  alarms: readonly Alarm[];
  selected: string | null;
  direction: Direction;
  stale: boolean;
  /** Movement stops with the data. */
  still: boolean;
}

export const EMPTY_SCENE: Scene = {
  classes: new Map(), values: new Map(), hidden: new Set(), arcs: [], homes: [], alarms: [], selected: null, direction: "both", stale: false, still: false,
};
