// The registry of panels. A panel gets a view of the store and knows no other panel; to add one, write its file and
// name it here.

import type { Component } from "svelte";
import type { Store } from "../store";
import Dock from "./Dock.svelte";
import Feed from "./Feed.svelte";
import Kpi from "./Kpi.svelte";
import MapPanel from "./Map.svelte";
import Status from "./Status.svelte";
import Timeline from "./Timeline.svelte";
import Top from "./Top.svelte";

/** `tab`: on narrow screens the panel is one of the tabs, under this title of the catalogue. */
export interface Panel { id: string; component: Component<{ store: Store }>; tab?: "top" | "feed" }

export const PANELS: readonly Panel[] = [
  { id: "kpi", component: Kpi },
  { id: "map", component: MapPanel },
  { id: "dock", component: Dock },
  { id: "top", component: Top, tab: "top" },
  { id: "timeline", component: Timeline },
  { id: "feed", component: Feed, tab: "feed" },
  { id: "status", component: Status },
];
