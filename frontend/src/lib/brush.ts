// Choosing a range on a time axis: a new one, or the one there moved as a whole or by one of its edges.

import { lengthOf, spanOf, type Span } from "./timespan";

/** What is taken hold of. */
export type Grip = "new" | "from" | "to" | "body";

/** From one second to another; `range` is what was chosen before. */
export interface Drag { from: number; to: number; range: Span | null; grip: Grip }

/** Pixels around an edge that are the edge. */
const EDGE = 6;
/** A shorter way is a click. */
const SHORTEST_S = 2;

/** What lies under a place on the screen. */
export function grip(range: Span | null, { of }: { of(ms: number): number }, x: number): Grip {
  if (range === null) return "new";
  const [from, to] = [of(range.from * 1000), of(range.to * 1000)];
  if (Math.abs(x - from) <= EDGE) return "from";
  if (Math.abs(x - to) <= EDGE) return "to";
  return x > from && x < to ? "body" : "new";
}

/** The range that a drag chooses; null while it is no more than a click. */
export function dragged({ from, to, range, grip }: Drag): Span | null {
  if (Math.abs(to - from) < SHORTEST_S) return range;
  if (range === null || grip === "new") return spanOf(from, to);
  if (grip === "from") return spanOf(to, range.to);
  if (grip === "to") return spanOf(range.from, to);
  const start = Math.round(range.from + to - from);
  return { from: start, to: start + lengthOf(range) };
}
