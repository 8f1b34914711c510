// The base layer: sea, graticule, countries in their class colours, borders, coast, and discs for what is too small to
// see. Drawn when a class or the view changes, not at every tick.

import type { Atlas, LonLat } from "./atlas";
import type { Camera } from "./camera";
import { alpha, type Palette } from "./palette";
import type { Scene } from "./scene";

/** A country under this many square pixels is a disc. */
const DISC_BELOW_PX2 = 26;
const HATCH_PITCH = 5;
const DISC_RADIUS: readonly number[] = [2.5, 2.5, 3, 3, 3.5, 3.5, 3.5];
const DISC_UNSEEN_RADIUS = 1.75;
/** On a smaller map the many unseen islands would only be noise. */
const UNSEEN_DISCS_FROM_PX = 640;

type Context = CanvasRenderingContext2D;
export interface Disc { code: string; at: LonLat }

/** The codes drawn as discs from here. */
export function discs(atlas: Atlas, camera: Camera): Disc[] {
  const shown = new Set(atlas.shapes.filter((s) => camera.pixels(s.steradians) >= DISC_BELOW_PX2).map((s) => s.code));
  return [...atlas.labels].filter(([code]) => !shown.has(code)).map(([code, at]) => ({ code, at }));
}

/** Fills or strokes in the outlines' own plane, with widths in screen pixels. */
function inPlane(context: Context, camera: Camera, draw: (px: number) => void): void {
  const [scale, x, y] = camera.transform;
  context.save();
  context.translate(x, y);
  context.scale(scale, scale);
  draw(1 / scale);
  context.restore();
}

/** The outline where it is seen: a pattern must not grow with the map. */
function onScreen(path: Path2D, camera: Camera): Path2D {
  const [scale, x, y] = camera.transform;
  const moved = new Path2D();
  moved.addPath(path, new DOMMatrix([scale, 0, 0, scale, x, y]));
  return moved;
}

function hatch(context: Context, palette: Palette): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = HATCH_PITCH * 2;
  const pen = tile.getContext("2d");
  if (pen === null) return palette.land;
  pen.strokeStyle = palette.coast;
  pen.lineWidth = 1.4;
  for (const shift of [-1, 0, 1]) {
    pen.moveTo(shift * tile.width - 1, tile.height + 1);
    pen.lineTo(shift * tile.width + tile.width + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(0.5));
  return pattern ?? palette.land;
}

function sea(context: Context, camera: Camera, palette: Palette): void {
  const { sphere, graticule } = camera.outlines;
  inPlane(context, camera, (px) => {
    context.fillStyle = camera.kind === "globe" ? glow(context, camera, palette) : palette.water;
    context.fill(sphere);
    context.strokeStyle = palette.grat;
    context.lineWidth = 0.75 * px;
    context.stroke(graticule);
    context.stroke(sphere);
  });
}

function glow(context: Context, camera: Camera, palette: Palette): CanvasGradient {
  const [x, y] = camera.centre;
  const r = camera.radius;
  const light = context.createRadialGradient(x - r * 0.3, y - r * 0.35, r * 0.1, x, y, r);
  light.addColorStop(0, palette.grat);
  light.addColorStop(0.75, palette.water);
  light.addColorStop(1, palette.water);
  return light;
}

/** Darkens the globe towards its edge. */
function limb(context: Context, camera: Camera, palette: Palette): void {
  const [x, y] = camera.centre;
  const r = camera.radius;
  const shade = context.createRadialGradient(x, y, r * 0.72, x, y, r);
  shade.addColorStop(0, alpha(palette.bg, 0));
  shade.addColorStop(1, alpha(palette.bg, 0.55));
  context.fillStyle = shade;
  context.fill(camera.outlines.sphere);
  context.strokeStyle = palette.coast;
  context.lineWidth = 0.75;
  context.stroke(camera.outlines.sphere);
}

function lands(context: Context, camera: Camera, palette: Palette, scene: Scene): void {
  inPlane(context, camera, () => {
    for (const [code, path] of camera.outlines.shapes) {
      context.fillStyle = palette.ramp[scene.classes.get(code) ?? -1] ?? palette.land;
      context.fill(path);
    }
  });
  context.fillStyle = hatch(context, palette);
  for (const code of scene.hidden) {
    const path = camera.outlines.shapes.get(code);
    if (path && !scene.classes.has(code)) context.fill(onScreen(path, camera));
  }
}

function lines(context: Context, camera: Camera, palette: Palette): void {
  const { borders, coast } = camera.outlines;
  inPlane(context, camera, (px) => {
    context.lineJoin = "round";
    context.strokeStyle = palette.border;
    context.lineWidth = 0.6 * px;
    context.stroke(borders);
    context.strokeStyle = alpha(palette.coast, 0.7);
    context.lineWidth = 0.45 * px;
    context.stroke(coast);
  });
}

/** Light theme: two unseen neighbours are both white, so their border must be darker than the usual one. */
function unseenLines(context: Context, camera: Camera, palette: Palette, scene: Scene): void {
  inPlane(context, camera, (px) => {
    context.strokeStyle = palette.unseen;
    context.lineWidth = 0.5 * px;
    for (const [code, path] of camera.outlines.shapes) if (!scene.classes.has(code)) context.stroke(path);
  });
}

function disc(context: Context, [x, y]: readonly [number, number], palette: Palette, level: number): void {
  context.beginPath();
  context.arc(x, y, level < 0 ? DISC_UNSEEN_RADIUS : (DISC_RADIUS[level] ?? 3), 0, 2 * Math.PI);
  if (level < 0) {
    context.strokeStyle = alpha(palette.coast, 0.75);
    context.lineWidth = 1;
    context.stroke();
    return;
  }
  context.strokeStyle = palette.halo;
  context.lineWidth = 2;
  context.stroke();
  context.fillStyle = palette.ramp[level] ?? palette.land;
  context.fill();
}

export function drawBase(context: Context, camera: Camera, atlas: Atlas, palette: Palette, scene: Scene): void {
  sea(context, camera, palette);
  lands(context, camera, palette, scene);
  unseenLines(context, camera, palette, scene);
  lines(context, camera, palette);
  if (camera.kind === "globe") limb(context, camera, palette);
  const roomy = camera.size.width * camera.zoom >= UNSEEN_DISCS_FROM_PX;
  for (const { code, at } of discs(atlas, camera)) {
    const point = camera.project(at);
    const level = scene.classes.get(code) ?? -1;
    if (point && (level >= 0 || roomy)) disc(context, point, palette, level);
  }
}
