// Arcs between cities and homes: one per (place, home, direction); places that fall together on the screen share one. A quiet trail on the data layer, redrawn when
// the data changes; a comet on the motion layer shows which way. Width by the logarithm of bytes, fading over 30 s.

import { geoInterpolate } from "d3-geo";
import type { Atlas, LonLat } from "./atlas";
import type { Camera } from "./camera";
import { alpha, type Palette } from "./palette";
import type { Arc, Scene } from "./scene";

type Context = CanvasRenderingContext2D;

/** A drawn arc: screen points from where the traffic leaves to where it arrives. */
export interface Trace {
  arc: Arc;
  /** How many arcs it stands for. */
  count: number;
  points: Float32Array;
  width: number;
  colour: string;
  /** 0 to 1: freshness, and nearness to the globe's limb. */
  presence: number;
  /** Where its comet is in its round, 0 to 1, so that they do not march in step. */
  phase: number;
}

const STEPS = 36;
const BOW = 0.06;
const BOW_MOST_PX = 18;
/** In and out between the same two points bow unequally, so that both show. */
const BOW_SHARE = { in: 1, out: 0.35 } as const;
const LIFT = 0.05;
const WIDTH_LEAST = 0.7;
const WIDTH_MOST = 2.4;
/** Bytes within the window at which an arc has its least and its full width, as powers of ten. */
const LOG_LEAST = 3;
const LOG_MOST = 8;
const TRAIL = [0.16, 0.42] as const;
const STILL_TRAIL = [0.06, 0.75] as const;
const COMET_SHARE = 0.42;
const TRAVEL_MS = 1600;
const COMETS_MOST = 60;

const widthOf = (bytes: number): number => {
  const share = (Math.log10(Math.max(1, bytes)) - LOG_LEAST) / (LOG_MOST - LOG_LEAST);
  return WIDTH_LEAST + (WIDTH_MOST - WIDTH_LEAST) * Math.min(1, Math.max(0, share));
};

const phaseOf = (key: string): number => {
  let hash = 7;
  for (let i = 0; i < key.length; i += 1) hash = (hash * 31 + key.charCodeAt(i)) % 9973;
  return hash / 9973;
};

/** Screen points of the great circle, `null` where it passes behind the globe or jumps over the map's edge. */
function greatCircle(camera: Camera, from: LonLat, to: LonLat): Float32Array | null {
  const at = geoInterpolate([from[0], from[1]], [to[0], to[1]]);
  const points = new Float32Array((STEPS + 1) * 2);
  let before: readonly [number, number] | null = null;
  for (let i = 0; i <= STEPS; i += 1) {
    const place = at(i / STEPS);
    const point = camera.project([place[0], place[1]]);
    if (point === null || (before !== null && Math.abs(point[0] - before[0]) > camera.size.width * 0.3 * camera.zoom)) return null;
    points[i * 2] = point[0];
    points[i * 2 + 1] = point[1];
    before = point;
  }
  return points;
}

/** The flat map's upper edge, which no arc passes. */
function ceiling(camera: Camera): number {
  const pole = camera.kind === "flat" ? camera.project([0, 90]) : null;
  return pole ? pole[1] + 1 : -Infinity;
}

/** Bends the line sideways on the plane, away from the middle of the globe. */
function bend(points: Float32Array, camera: Camera, direction: Arc["direction"]): void {
  const [x0, y0, x1, y1] = [points[0] ?? 0, points[1] ?? 0, points[STEPS * 2] ?? 0, points[STEPS * 2 + 1] ?? 0];
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return;
  const bow = Math.min(BOW_MOST_PX, length * BOW) * BOW_SHARE[direction];
  // Always the upper side, whichever way the traffic goes: in and out are told apart by how far.
  const side = x1 >= x0 ? 1 : -1;
  const [nx, ny] = [((y1 - y0) / length) * side, (-(x1 - x0) / length) * side];
  const [cx, cy] = camera.centre;
  const top = ceiling(camera);
  for (let i = 1; i < STEPS; i += 1) {
    const rise = Math.sin((Math.PI * i) / STEPS);
    const [x, y] = [points[i * 2] ?? 0, points[i * 2 + 1] ?? 0];
    const lift = camera.kind === "globe" ? LIFT * BOW_SHARE[direction] * rise * Math.min(1, length / camera.radius) : 0;
    points[i * 2] = x + nx * bow * rise + (x - cx) * lift;
    points[i * 2 + 1] = Math.max(top, y + ny * bow * rise + (y - cy) * lift);
  }
}

/** Cities nearer than this on the screen share an arc and a point: as one zooms in, they part. */
const MERGE_PX = 5;

/** An arc with its remote end; after merging it stands for several. */
interface Bundle { arc: Arc; at: LonLat; largest: number; count: number }

/** Arcs of one home and direction whose remote ends fall together, as one: where its largest is, with all their bytes. */
export function bundles(atlas: Atlas, camera: Camera, arcs: readonly Arc[]): Bundle[] {
  const found = new Map<string, Bundle>();
  for (const arc of arcs) {
    const at = arc.at ?? atlas.labels.get(arc.country);
    const point = at && camera.project(at);
    if (!at || !point) continue;
    const key = `${arc.direction}:${arc.home}:${Math.round(point[0] / MERGE_PX)}:${Math.round(point[1] / MERGE_PX)}`;
    const other = found.get(key);
    const one = { arc, at, largest: arc.bytes, count: 1 };
    found.set(key, other === undefined ? one : merged(other, one));
  }
  return [...found.values()];
}

function merged(a: Bundle, b: Bundle): Bundle {
  const first = a.largest >= b.largest ? a : b;
  const freshness = Math.max(a.arc.freshness, b.arc.freshness);
  return { ...first, count: a.count + b.count, arc: { ...first.arc, bytes: a.arc.bytes + b.arc.bytes, freshness } };
}

function trace({ arc, at, count }: Bundle, camera: Camera, palette: Palette, scene: Scene): Trace | null {
  const home = scene.homes.find(({ key }) => key === arc.home)?.at;
  if (home === undefined) return null;
  const points = arc.direction === "in" ? greatCircle(camera, at, home) : greatCircle(camera, home, at);
  if (points === null) return null;
  bend(points, camera, arc.direction);
  const presence = Math.min(camera.presence(at), camera.presence(home)) * (0.35 + 0.65 * arc.freshness);
  return { arc, count, points, width: widthOf(arc.bytes), colour: arc.direction === "in" ? palette.in : palette.out, presence, phase: phaseOf(arc.key) };
}

/** The arcs that can be drawn from here, the largest last, so that they lie on top. */
export function traces(atlas: Atlas, camera: Camera, palette: Palette, scene: Scene): Trace[] {
  const wanted = scene.arcs.filter((arc) => scene.direction === "both" || arc.direction === scene.direction);
  const all = bundles(atlas, camera, wanted).map((bundle) => trace(bundle, camera, palette, scene));
  return all.filter((t): t is Trace => t !== null && t.presence > 0.02).sort((a, b) => a.arc.bytes - b.arc.bytes);
}

function follow(context: Context, points: Float32Array, first: number, last: number): void {
  context.beginPath();
  context.moveTo(points[first * 2] ?? 0, points[first * 2 + 1] ?? 0);
  for (let i = first + 1; i <= last; i += 1) context.lineTo(points[i * 2] ?? 0, points[i * 2 + 1] ?? 0);
}

/** A stroke colour that grows along a stretch of the arc. */
function growing(context: Context, t: Trace, first: number, last: number, [from, to]: readonly [number, number]): CanvasGradient {
  const p = t.points;
  const gradient = context.createLinearGradient(p[first * 2] ?? 0, p[first * 2 + 1] ?? 0, p[last * 2] ?? 0, p[last * 2 + 1] ?? 0);
  gradient.addColorStop(0, alpha(t.colour, from * t.presence));
  gradient.addColorStop(1, alpha(t.colour, to * t.presence));
  return gradient;
}

/** Where an arc's city is on the screen. */
export const remoteEnd = (t: Trace): readonly [number, number] => {
  const end = t.arc.direction === "in" ? 0 : STEPS;
  return [t.points[end * 2] ?? 0, t.points[end * 2 + 1] ?? 0];
};

function ring(context: Context, t: Trace, palette: Palette): void {
  context.beginPath();
  context.arc(...remoteEnd(t), 1.6, 0, 2 * Math.PI);
  context.lineWidth = 2.6;
  context.strokeStyle = palette.halo;
  context.stroke();
  context.lineWidth = 1;
  context.strokeStyle = t.colour;
  context.stroke();
}

/** A city's disc, once one has come near enough to tell it from its country: by area as the arcs by width. */
function disc(context: Context, t: Trace, palette: Palette): void {
  context.beginPath();
  context.arc(...remoteEnd(t), 1.6 + t.width * 1.1, 0, 2 * Math.PI);
  context.fillStyle = alpha(t.colour, 0.3 * t.presence);
  context.fill();
  ring(context, t, palette);
}

export interface TrailStyle {
  /** Without comets the trail itself says which way. */
  still: boolean;
  /** The country whose arcs alone stand out. */
  isolated: string | null;
  /** Cities have discs. */
  near: boolean;
  /** Colours may not be told apart: what goes out is dashed. */
  dashed: boolean;
}

const DASH: readonly number[] = [6, 4];

/** Halo, then colour. */
export function drawTrails(context: Context, all: readonly Trace[], palette: Palette, { still, isolated, near, dashed }: TrailStyle): void {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const t of all) {
    const dim = isolated !== null && t.arc.country !== isolated ? 0.25 : 1;
    context.globalAlpha = dim;
    follow(context, t.points, 0, STEPS);
    context.strokeStyle = alpha(palette.halo, 0.45 * t.presence);
    context.lineWidth = t.width + 1.6;
    context.stroke();
    context.strokeStyle = growing(context, t, 0, STEPS, still ? STILL_TRAIL : TRAIL);
    context.lineWidth = t.width;
    if (dashed && t.arc.direction === "out") context.setLineDash([...DASH]);
    context.stroke();
    context.setLineDash([]);
    if (near && t.arc.at !== null) disc(context, t, palette);
    else ring(context, t, palette);
  }
  context.globalAlpha = 1;
}

function comet(context: Context, t: Trace, head: number, palette: Palette): void {
  const last = Math.min(STEPS, Math.floor(head * STEPS));
  const first = Math.max(0, Math.floor((head - COMET_SHARE) * STEPS));
  if (last <= first) return;
  follow(context, t.points, first, last);
  context.strokeStyle = growing(context, t, first, last, [0, head > 1 ? 0.95 * Math.max(0, 1 - (head - 1) / COMET_SHARE) : 0.95]);
  context.lineWidth = t.width;
  context.stroke();
  if (head > 1) return;
  context.beginPath();
  context.arc(t.points[last * 2] ?? 0, t.points[last * 2 + 1] ?? 0, t.width / 2 + 1.1, 0, 2 * Math.PI);
  context.fillStyle = alpha(t.colour, t.presence);
  context.strokeStyle = palette.halo;
  context.lineWidth = 1;
  context.stroke();
  context.fill();
}

/** The moving part, for the largest arcs. `now` in milliseconds of the page's clock. */
export function drawComets(context: Context, all: readonly Trace[], palette: Palette, now: number, isolated: string | null): void {
  const round = TRAVEL_MS * (1 + COMET_SHARE);
  context.lineCap = "round";
  for (const t of all.slice(-COMETS_MOST)) {
    if (isolated !== null && t.arc.country !== isolated) continue;
    comet(context, t, ((now / round + t.phase) % 1) * (1 + COMET_SHARE), palette);
  }
}
