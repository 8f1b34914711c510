// Ties the map, which only draws, to the store: loads the outlines, hands over a scene when something it shows has
// changed, and lets go of everything again.

import { readScene } from "../lib/scene";
import { onTheme } from "../lib/theme";
import { loadAtlas } from "../map/atlas";
import { WorldMap, type MapEvents } from "../map/worldmap";
import type { Channel, Store } from "../store";

const SCENE: readonly Channel[] = ["countries", "seen", "arcs", "homes", "alerts", "hosts", "view"];

/** How often arcs are drawn anew at least. */
const AGEING_MS = 1000;

/** Making the map takes as long as all else together: the first figures go before it, unless they take longer than this. */
const FIGURES_MS = 500;

export interface MapView { map: WorldMap; stop(): void }

/** Calls `act` at most once a frame, however many channels change in one tick. */
function oncePerFrame(act: () => void): () => void {
  let frame = 0;
  return () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      act();
    });
  };
}

/** The connection speaks with every tick; the map cares only for stale and paused. */
function onStanding(store: Store, act: () => void): () => void {
  let known = "";
  return store.on("link", () => {
    const now = `${store.link.phase} ${store.link.paused}`;
    if (now !== known) act();
    known = now;
  });
}

/** Until the figures of a first tick are on the screen. */
async function figures(store: Store): Promise<void> {
  if (store.link.at > 0) return;
  await new Promise<void>((resolve) => {
    const stop = store.on("link", () => store.link.at > 0 && requestAnimationFrame(() => setTimeout(done)));
    const late = setTimeout(() => done(), FIGURES_MS);
    const done = (): void => {
      stop();
      clearTimeout(late);
      resolve();
    };
  });
}

export async function showMap(store: Store, root: HTMLElement, events: MapEvents): Promise<MapView> {
  const [atlas] = await Promise.all([loadAtlas(), figures(store)]);
  const map = new WorldMap(root, atlas, store.view.projection, events);
  const show = (): void => {
    map.project(store.view.projection);
    map.region(store.view.region);
    map.show(readScene(store, atlas.labels));
  };
  const soon = oncePerFrame(show);
  // Arcs fade as they age, also while nothing new comes.
  const ageing = setInterval(() => store.table("arcs").size > 0 && !store.link.paused && !document.hidden && soon(), AGEING_MS);
  const stops = [onStanding(store, soon), onTheme(() => map.repaint()), ...SCENE.map((channel) => store.on(channel, soon))];
  show();
  return {
    map,
    stop: () => {
      for (const stop of stops) stop();
      clearInterval(ageing);
      map.destroy();
    },
  };
}
