// Dark or light: as the system has it, unless the reader chose; the choice stays in this browser.

import { keep, kept } from "./storage";

export type Theme = "dark" | "light";

const KEY = "wireglobe.theme";
const system = matchMedia("(prefers-color-scheme: light)");
const listeners = new Set<() => void>();

let chosen = kept(KEY);

/** Paper is light. */
const paper = matchMedia("print");

export const theme = (): Theme => (paper.matches ? "light" : chosen === "dark" || chosen === "light" ? chosen : system.matches ? "light" : "dark");

function apply(): void {
  document.documentElement.dataset["theme"] = theme();
  for (const listener of listeners) listener();
}

export function startTheme(): void {
  for (const wish of [system, paper]) wish.addEventListener("change", apply);
  apply();
}

export function toggleTheme(): void {
  chosen = theme() === "dark" ? "light" : "dark";
  keep(KEY, chosen);
  apply();
}

/** Calls back after every change of theme, for what is painted rather than styled. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
