// The pages beside the overview. Their code is loaded when they are opened first, so that the overview is there sooner.

import type { Component } from "svelte";
import { startPages } from "../lib/language";
import type { Page } from "../lib/urlstate";
import type { Store } from "../store";

export type PageComponent = Component<{ store: Store; help: () => void }>;

const LOADERS: Readonly<Record<Exclude<Page, "overview">, () => Promise<{ default: PageComponent }>>> = {
  alerts: () => import("./Alerts.svelte"),
  block: () => import("./Block.svelte"),
  entity: () => import("./Entity.svelte"),
  explore: () => import("./Explore.svelte"),
  hosts: () => import("./Hosts.svelte"),
  packets: () => import("./Packets.svelte"),
  system: () => import("./System.svelte"),
  wall: () => import("./Wall.svelte"),
};

/** The page's component; null for the overview, which is always there. */
export async function load(page: Page): Promise<PageComponent | null> {
  if (page === "overview") return null;
  await startPages();
  return (await LOADERS[page]()).default;
}
