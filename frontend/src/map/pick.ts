// Which country is under the pointer, and which is next in a direction for the keyboard's cursor.

import type { Atlas } from "./atlas";
import { discs } from "./base";
import { remoteEnd, type Trace } from "./arcs";
import type { Camera, Point } from "./camera";
import type { Arc } from "./scene";

/** Half of the 24 px that a target must have. */
const DISC_REACH_PX = 12;

const CITY_REACH_PX = 9;

/** Discs first: they lie upon their neighbours. */
export function pick(context: CanvasRenderingContext2D, camera: Camera, atlas: Atlas, [x, y]: Point): string | null {
  let nearest: { code: string; distance: number } | null = null;
  for (const { code, at } of discs(atlas, camera)) {
    const point = camera.project(at);
    const distance = point ? Math.hypot(point[0] - x, point[1] - y) : Infinity;
    if (distance < (nearest?.distance ?? DISC_REACH_PX)) nearest = { code, distance };
  }
  if (nearest !== null && nearest.distance < 5) return nearest.code;
  return landAt(context, camera, [x, y]) ?? nearest?.code ?? null;
}

function landAt(context: CanvasRenderingContext2D, camera: Camera, [x, y]: Point): string | null {
  const [scale, dx, dy] = camera.transform;
  for (const [code, path] of camera.outlines.shapes) {
    if (code !== "" && context.isPointInPath(path, (x - dx) / scale, (y - dy) / scale)) return code;
  }
  return null;
}

/** The nearest of `codes` in a direction (unit step on the screen), looking within 60° of it. */
export function neighbour(camera: Camera, atlas: Atlas, codes: Iterable<string>, from: string, step: Point): string | null {
  const origin = atlas.labels.get(from);
  const start = origin && camera.project(origin);
  if (!start) return null;
  let best: { code: string; cost: number } | null = null;
  for (const code of codes) {
    const at = atlas.labels.get(code);
    const point = at && code !== from ? camera.project(at) : null;
    if (!point) continue;
    const [dx, dy] = [point[0] - start[0], point[1] - start[1]];
    const ahead = dx * step[0] + dy * step[1];
    const aside = Math.abs(dx * step[1] - dy * step[0]);
    const cost = ahead + 2 * aside;
    if (ahead > 1 && aside < ahead * 1.7 && cost < (best?.cost ?? Infinity)) best = { code, cost };
  }
  return best?.code ?? null;
}

/** The city at whose arcs' ends the pointer is: the arc to it with the most bytes. */
export function pickCity(traces: readonly Trace[], [x, y]: Point): Arc | null {
  let best: { arc: Arc; distance: number } | null = null;
  for (const trace of traces) {
    const [ex, ey] = remoteEnd(trace);
    const distance = Math.hypot(ex - x, ey - y);
    if (trace.arc.at === null || distance > CITY_REACH_PX) continue;
    const nearer = best === null || distance < best.distance - 0.5 || (distance < best.distance + 0.5 && trace.arc.bytes > best.arc.bytes);
    if (nearer) best = { arc: trace.arc, distance };
  }
  return best?.arc ?? null;
}
