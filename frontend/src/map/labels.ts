// Names on the map: at most twelve, the largest by measure first; a name that would overlap another is left out. Near
// by, cities of arcs are named, too, after the countries.

import { countryName } from "../lib/country";
import { remoteEnd, type Trace } from "./arcs";
import type { Atlas } from "./atlas";
import type { Camera, Point } from "./camera";
import type { Palette } from "./palette";
import type { Scene } from "./scene";

type Context = CanvasRenderingContext2D;
/** `spots`: where it may stand, best first. */
interface Label { text: string; spots: readonly Point[]; bold: boolean; quiet?: boolean; grave?: boolean }
interface Box { left: number; top: number; right: number; bottom: number }

const LABELS_MOST = 12;
/** On a phone fewer have room. */
const LABEL_PER_PX = 80;
const HEIGHT = 14;
/** Names of discs and small lands stand beside them, not upon them. */
const BESIDE_BELOW_PX2 = 900;
const BESIDE_PX = 8;
/** Beside the ring of an alert. */
const ALARM_PX = 18;

const overlap = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Places around a point for a name that must not be dropped. */
const around = ([x, y]: Point, aside: number): Point[] => [
  [x + aside, y], [x + aside, y - 9], [x, y - 18], [x + aside / 2, y + 24], [x - aside, y], [x, y + 30],
];

function* wanted(atlas: Atlas, camera: Camera, scene: Scene, measure: (text: string) => number): Generator<Label> {
  for (const { label, at } of scene.homes) {
    const point = camera.project(at);
    if (point && label) yield { text: label, spots: [[point[0], point[1] + 17], ...around(point, 12 + measure(label) / 2)], bold: true };
  }
  const sizes = new Map(atlas.shapes.map((shape) => [shape.code, camera.pixels(shape.steradians)]));
  const ranked = [...scene.values].filter(([code]) => !scene.hidden.has(code)).sort((a, b) => b[1] - a[1]);
  const selected = scene.selected === null ? [] : [[scene.selected, 0] as const];
  const alarmed = new Map([...scene.alarms].sort((a, b) => Number(a.grave) - Number(b.grave)).map(({ country, grave }) => [country, grave]));
  const first = [...selected, ...[...alarmed].filter(([code]) => code !== scene.selected).map(([code]) => [code, 0] as const)];
  for (const [code] of [...first, ...ranked.filter(([code]) => code !== scene.selected && !alarmed.has(code))]) {
    const at = atlas.labels.get(code);
    const point = at && camera.presence(at) > 0.3 ? camera.project(at) : null;
    if (!point) continue;
    const text = countryName(code);
    const alarm = alarmed.get(code);
    const bold = code === scene.selected || alarm !== undefined;
    const aside = (alarm === undefined ? BESIDE_PX : ALARM_PX) + measure(text) / 2;
    const small = alarm !== undefined || (sizes.get(code) ?? 0) < BESIDE_BELOW_PX2;
    const best: Point = small ? [point[0] + aside, point[1]] : point;
    yield { text, spots: bold ? [best, ...around(point, aside)] : [best], bold, grave: alarm ?? false };
  }
}

/** Cities at the ends of arcs, the largest first, each once. */
function* cities(traces: readonly Trace[], measure: (text: string) => number): Generator<Label> {
  const named = new Set<string>();
  for (const { arc, ...trace } of [...traces].reverse()) {
    const key = `${arc.country} ${arc.city}`;
    if (arc.city === "" || named.has(key)) continue;
    named.add(key);
    const point = remoteEnd({ arc, ...trace });
    const aside = BESIDE_PX + measure(arc.city) / 2;
    yield { text: arc.city, spots: [[point[0] + aside, point[1]], [point[0] - aside, point[1]], [point[0], point[1] + 14]], bold: false, quiet: true };
  }
}

const box = ([x, y]: Point, width: number): Box => ({ left: x - width / 2 - 3, right: x + width / 2 + 3, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 });

const within = (place: Box, { size }: Camera): boolean => place.left > 0 && place.top > 0 && place.right < size.width && place.bottom < size.height;

export function drawLabels(context: Context, camera: Camera, atlas: Atlas, palette: Palette, scene: Scene, traces: readonly Trace[]): void {
  const taken: Box[] = scene.homes.flatMap(({ at }) => {
    const p = camera.project(at);
    return p ? [{ left: p[0] - 8, right: p[0] + 8, top: p[1] - 8, bottom: p[1] + 8 }] : [];
  });
  const limit = Math.min(LABELS_MOST, Math.floor(camera.size.width / LABEL_PER_PX));
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const font = (bold: boolean): string => `${bold ? 600 : 500} ${palette.label}px ${palette.font}`;
  context.font = font(false);
  const measure = (text: string): number => context.measureText(text).width;
  const write = (label: Label): boolean => {
    context.font = font(label.bold);
    const width = measure(label.text);
    const free = (spot: Point): boolean => within(box(spot, width), camera) && !taken.some((other) => overlap(box(spot, width), other));
    const spot = label.spots.find(free);
    if (spot === undefined) return false;
    taken.push(box(spot, width));
    context.strokeStyle = palette.halo;
    context.lineWidth = 3;
    context.strokeText(label.text, spot[0], spot[1]);
    context.fillStyle = label.grave ? palette.red : label.quiet ? palette.text2 : palette.text;
    context.fillText(label.text, spot[0], spot[1]);
    return true;
  };
  const writeUpTo = (most: number, labels: Iterable<Label>): void => {
    let written = 0;
    for (const label of labels) {
      if (written >= most) break;
      if (write(label)) written += 1;
    }
  };
  writeUpTo(limit, wanted(atlas, camera, scene, measure));
  writeUpTo(2 * limit, cities(traces, measure));
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
