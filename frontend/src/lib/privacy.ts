// The privacy mode, for screenshots and screens that others see: own addresses and hardware addresses are masked on every page, names
// of own hosts hidden, the home moved to a rounded place; tables, pictures and what is copied of them likewise. What
// machines read stays whole: links, commands, block lists, packets. Stays in this browser.

import type { LonLat } from "../map/atlas";
import type { Store } from "../store";
import { drawAnew } from "./anew";
import type { Own } from "./mask";
import { keep, kept } from "./storage";

const KEY = "wireglobe.privacy";
let on = kept(KEY) === "on";
let observer: MutationObserver | null = null;

export const isPrivate = (): boolean => on;

/** Degrees a home is rounded to: about 500 km. */
const ROUNDED_TO = 5;

/** Where a home is shown. */
export const roundedHome = (at: LonLat): LonLat => [Math.round(at[0] / ROUNDED_TO) * ROUNDED_TO, Math.round(at[1] / ROUNDED_TO) * ROUNDED_TO];

/** A shorter name would be found in words that are none. */
const NAME_LEAST = 3;

/** To be called before anything is shown. */
export async function startPrivacy(root: Element, store: Store): Promise<void> {
  const status = store.table("status");
  const networks = (): string[] => status.text("value", status.row("local_networks")).split(/[\s,]+/).filter(Boolean);
  const hosts = store.table("hosts");
  const own = (): Own => ({ networks: networks(), names: hosts.keys.flatMap((_, row) => (hosts.cell("local", row) === true && hosts.text("name", row).length >= NAME_LEAST ? [hosts.text("name", row)] : [])) });
  const watch = async (): Promise<void> => {
    const { mask, maskNode, watch } = await import("./mask");
    observer = watch(root, own);
    cover = (text) => mask(text, own());
    again = () => maskNode(root, own());
  };
  let known = "";
  // Which networks are one's own comes with the status, after other figures perhaps.
  store.on("status", () => {
    if (on && networks().join() !== known) again();
    known = networks().join();
  });
  if (on) await watch();
  toggle = async () => {
    on = !on;
    keep(KEY, on ? "on" : "off");
    observer?.disconnect();
    observer = null;
    cover = (text) => text;
    if (on) await watch();
    drawAnew();
  };
}

let cover: (text: string) => string = (text) => text;
/** A text as it may leave the page: masked in the privacy mode, else as it is. */
export const covered = (text: string): string => cover(text);

let again: () => void = () => undefined;
let toggle: () => Promise<void> = async () => undefined;

export const togglePrivacy = (): void => void toggle();
