// Names on the map: at most twelve, the largest by measure first; a name that would overlap another is left out.

import { countryName } from "../lib/country";
import type { Atlas } from "./atlas";
import type { Camera } from "./camera";
import type { Palette } from "./palette";
import type { Scene } from "./scene";

type Context = CanvasRenderingContext2D;
interface Label { text: string; x: number; y: number; bold: boolean }
interface Box { left: number; top: number; right: number; bottom: number }

const LABELS_MOST = 12;
const HEIGHT = 14;
/** Names of discs and small lands stand beside them, not upon them. */
const BESIDE_BELOW_PX2 = 900;
const BESIDE_PX = 8;

const overlap = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

function* wanted(atlas: Atlas, camera: Camera, scene: Scene, measure: (text: string) => number): Generator<Label> {
  for (const { label, at } of scene.homes) {
    const point = camera.project(at);
    if (point && label) yield { text: label, x: point[0], y: point[1] + 17, bold: true };
  }
  const sizes = new Map(atlas.shapes.map((shape) => [shape.code, camera.pixels(shape.steradians)]));
  const ranked = [...scene.values].filter(([code]) => !scene.hidden.has(code)).sort((a, b) => b[1] - a[1]);
  const selected = scene.selected === null ? [] : [[scene.selected, 0] as const];
  for (const [code] of [...selected, ...ranked.filter(([code]) => code !== scene.selected)]) {
    const at = atlas.labels.get(code);
    const point = at && camera.presence(at) > 0.3 ? camera.project(at) : null;
    if (!point) continue;
    const text = countryName(code);
    const beside = (sizes.get(code) ?? 0) < BESIDE_BELOW_PX2 ? BESIDE_PX + measure(text) / 2 : 0;
    yield { text, x: point[0] + beside, y: point[1], bold: code === scene.selected };
  }
}

const box = (label: Label, width: number): Box => ({
  left: label.x - width / 2 - 3, right: label.x + width / 2 + 3, top: label.y - HEIGHT / 2, bottom: label.y + HEIGHT / 2,
});

export function drawLabels(context: Context, camera: Camera, atlas: Atlas, palette: Palette, scene: Scene): void {
  const taken: Box[] = scene.homes.flatMap(({ at }) => {
    const p = camera.project(at);
    return p ? [{ left: p[0] - 8, right: p[0] + 8, top: p[1] - 8, bottom: p[1] + 8 }] : [];
  });
  const homes = taken.length;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const font = (bold: boolean): string => `${bold ? 600 : 500} 11px ${palette.font}`;
  context.font = font(false);
  for (const label of wanted(atlas, camera, scene, (text) => context.measureText(text).width)) {
    if (taken.length - homes >= LABELS_MOST) break;
    context.font = font(label.bold);
    const place = box(label, context.measureText(label.text).width);
    const inside = place.left > 0 && place.top > 0 && place.right < camera.size.width && place.bottom < camera.size.height;
    if (!inside || taken.some((other) => overlap(place, other))) continue;
    taken.push(place);
    context.strokeStyle = palette.halo;
    context.lineWidth = 3;
    context.strokeText(label.text, label.x, label.y);
    context.fillStyle = palette.text;
    context.fillText(label.text, label.x, label.y);
  }
}

/** The ring that says "here": where this network is. */
export function drawHomes(context: Context, camera: Camera, palette: Palette, scene: Scene): void {
  for (const { at } of scene.homes) {
    const point = camera.project(at);
    if (!point) continue;
    const circle = (r: number): void => {
      context.beginPath();
      context.arc(point[0], point[1], r, 0, 2 * Math.PI);
    };
    circle(6.5);
    context.fillStyle = palette.halo;
    context.fill();
    circle(5);
    context.strokeStyle = palette.text;
    context.lineWidth = 1.5;
    context.stroke();
    circle(2);
    context.fillStyle = palette.text;
    context.fill();
  }
}
