// The world map: puts scene, camera, layers and gestures together and draws what has changed, at most once a frame.
// Framework-free; the panel around it hands over scenes and receives hovers and choices.

import type { Projection, Region } from "../lib/urlstate";
import { drawAlarms } from "./alarms";
import { drawComets, drawTrails, traces, type Trace } from "./arcs";
import type { Atlas, LonLat } from "./atlas";
import { drawBase } from "./base";
import { Camera, type Frame, type Point } from "./camera";
import { Gestures } from "./gestures";
import { drawHomes, drawLabels } from "./labels";
import { Layers, type LayerName } from "./layers";
import { readPalette, type Palette } from "./palette";
import { neighbour, pick, pickCity } from "./pick";
import { around, cornersOf } from "./regions";
import { EMPTY_SCENE, type Arc, type Scene } from "./scene";

export interface MapEvents {
  /** A country under the pointer or the keyboard's cursor, where to show its popover, and near by the city there. */
  hover(code: string | null, at: Point | null, by: "pointer" | "keyboard", city: Arc | null): void;
  choose(code: string, exclude: boolean): void;
  /** Zoomed or shifted away from the whole, or back. */
  moved(away: boolean): void;
  /** Arcs drawn: a few may be behind the globe. */
  drawn(arcs: number): void;
}

/** Comets at 20 frames a second read as movement and cost a third of 60. */
const FRAME_MS = 50;
/** A timer ends half a screen frame early, or it would just miss the one it is for. */
const HALF_FRAME_MS = 8;
const ZOOM_STEP = 1.5;
const GLIDE_MS = 240;
/** From here on cities have discs and names. */
const NEAR = 2.5;

export class WorldMap {
  #layers: Layers;
  #camera: Camera;
  #palette: Palette;
  #scene: Scene = EMPTY_SCENE;
  #traces: Trace[] = [];
  #dirty = new Set<LayerName>();
  #frame = 0;
  #gliding = 0;
  #region: Region = "world";
  /** Around the country in focus; empty without one. */
  #around: readonly LonLat[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #hovered: string | null = null;
  #cursor: string | null = null;
  #probe: CanvasRenderingContext2D;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #forced = matchMedia("(forced-colors: active)");
  #watch: ResizeObserver;

  constructor(private readonly root: HTMLElement, private readonly atlas: Atlas, kind: Projection, private readonly events: MapEvents) {
    this.#layers = new Layers(root);
    this.#palette = readPalette(root);
    this.#camera = new Camera(kind, this.#size(), atlas);
    this.#probe = probe();
    this.#watch = new ResizeObserver(() => this.#resized());
    this.#watch.observe(root);
    this.#listen();
    this.#resized();
  }

  destroy(): void {
    this.#watch.disconnect();
    cancelAnimationFrame(this.#frame);
    cancelAnimationFrame(this.#gliding);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.root.replaceChildren();
  }

  show(scene: Scene): void {
    const before = this.#scene;
    this.#scene = scene;
    if (!sameLands(before, scene)) this.#soil("base");
    this.#soil("trails", "front");
    // What has just stopped moving must be wiped once.
    if (!this.#moving) this.#soil("motion");
  }

  project(kind: Projection): void {
    if (kind === this.#camera.kind) return;
    const home = this.#scene.homes[0]?.at;
    this.#camera = new Camera(kind, this.#size(), this.atlas);
    if (kind === "flat") this.#camera.frame(this.#framed());
    if (kind === "globe" && home) this.#camera.turn(-home[0], -Math.min(35, Math.max(-35, home[1])));
    this.#moved();
  }

  /** Frames the flat map to a region; on the globe nothing happens. */
  region(region: Region): void {
    if (region === this.#region) return;
    this.#region = region;
    if (this.#camera.kind === "flat") this.#glide(this.#framed());
  }

  /** Frames the flat map around a country, with its neighbours. */
  focus(code: string): void {
    const shape = this.atlas.shapes.find((each) => each.code === code);
    const at = this.atlas.labels.get(code);
    if (at === undefined || this.#camera.kind !== "flat") return;
    const corners = around(at, shape?.steradians ?? 0);
    this.#around = corners;
    this.#glide(this.#camera.framing(corners));
  }

  #framed(): Frame {
    if (this.#around.length > 0) return this.#camera.framing(this.#around);
    const corners = cornersOf(this.#region);
    return corners.length === 0 ? { zoom: 1, x: 0, y: 0 } : this.#camera.framing(corners);
  }

  /** Moves the plane there within the time of a map view; at once where movement is not wanted. */
  #glide(to: Frame): void {
    const { zoom, x, y } = this.#camera;
    const started = performance.now();
    const step = (now: number): void => {
      const part = this.#calm.matches ? 1 : Math.min(1, Math.max(0, (now - started) / GLIDE_MS));
      const eased = 1 - (1 - part) ** 3;
      const between = (a: number, b: number): number => a + (b - a) * eased;
      this.#act(() => this.#camera.frame({ zoom: between(zoom, to.zoom), x: between(x, to.x), y: between(y, to.y) }));
      this.#gliding = part < 1 ? requestAnimationFrame(step) : 0;
    };
    cancelAnimationFrame(this.#gliding);
    step(started);
  }

  /** The theme changed. */
  repaint(): void {
    this.#palette = readPalette(this.root);
    this.#soilAll();
  }

  zoom(factor: number): void {
    this.#zoomAt(factor, [this.#camera.size.width / 2, this.#camera.size.height / 2]);
  }

  zoomIn = (): void => this.zoom(ZOOM_STEP);
  zoomOut = (): void => this.zoom(1 / ZOOM_STEP);

  reset(): void {
    this.#region = "world";
    this.#around = [];
    this.#camera.reset();
    this.#moved();
  }

  /** The keyboard left the map. */
  blur(): void {
    this.#cursor = null;
    this.#soil("front");
    this.events.hover(null, null, "keyboard", null);
  }

  #size() {
    return { width: Math.max(50, this.root.clientWidth), height: Math.max(50, this.root.clientHeight) };
  }

  #listen(): void {
    for (const wish of [this.#calm, this.#forced]) wish.addEventListener("change", () => this.#soilAll());
    new Gestures(this.root, {
      drag: (dx, dy) => this.#act(() => this.#camera.drag(dx, dy)),
      zoom: (factor, at) => this.#zoomAt(factor, at),
      hover: (at) => this.#hover(at),
      click: (at, exclude) => this.#click(at, exclude),
      step: (direction) => this.#step(direction),
      choose: (exclude) => this.#cursor !== null && this.events.choose(this.#cursor, exclude),
      reset: () => this.reset(),
    });
  }

  #act(change: () => void): void {
    change();
    this.#moved();
  }

  #moved(): void {
    this.events.moved(this.#camera.moved_from_home);
    this.#soilAll();
  }

  #zoomAt(factor: number, at: Point): void {
    this.#act(() => this.#camera.zoomBy(factor, at));
  }

  #resized(): void {
    const { width, height } = this.#size();
    const { kind, rotation, zoom } = this.#camera;
    this.#layers.resize(width, height);
    this.#camera = new Camera(kind, { width, height }, this.atlas);
    this.#camera.rotation = rotation;
    if (kind === "flat" && (this.#region !== "world" || this.#around.length > 0)) this.#camera.frame(this.#framed());
    else this.#camera.zoomBy(zoom, [width / 2, height / 2]);
    this.#soilAll();
  }

  #hover(at: Point | null): void {
    const city = at === null || this.#camera.zoom < NEAR ? null : pickCity(this.#traces, at);
    const code = at === null ? null : (city?.country ?? pick(this.#probe, this.#camera, this.atlas, at));
    if (code !== this.#hovered) this.#soil("front", "trails", "motion");
    this.#hovered = code;
    this.root.classList.toggle("pointing", code !== null);
    this.events.hover(code, at, "pointer", city);
  }

  #click(at: Point, exclude: boolean): void {
    const code = pick(this.#probe, this.#camera, this.atlas, at);
    if (code !== null) this.events.choose(code, exclude);
  }

  #step(direction: Point): void {
    const codes = this.atlas.labels.keys();
    const start = this.#scene.selected ?? [...this.#scene.values].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "DE";
    const next = this.#cursor === null ? start : neighbour(this.#camera, this.atlas, codes, this.#cursor, direction);
    const at = this.atlas.labels.get(next ?? "");
    if (next === null || at === undefined) return;
    this.#cursor = next;
    this.#camera.reveal(at);
    this.#moved();
    this.events.hover(next, this.#camera.project(at), "keyboard", null);
  }

  #soilAll(): void {
    this.#soil("base", "trails", "motion", "front");
  }

  #soil(...names: LayerName[]): void {
    for (const name of names) this.#dirty.add(name);
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  get #moving(): boolean {
    return !this.#calm.matches && !this.#scene.still && !this.#scene.stale && this.#traces.length > 0;
  }

  #draw(now: number): void {
    this.#frame = 0;
    if (this.#dirty.delete("base")) this.#layers.draw("base", (c) => drawBase(c, this.#camera, this.atlas, this.#palette, this.#scene));
    if (this.#dirty.delete("trails")) this.#drawTrails();
    if (this.#dirty.delete("front")) this.#layers.draw("front", (c) => this.#drawFront(c));
    if (this.#dirty.delete("motion")) this.#layers.draw("motion", (c) => this.#moving && drawComets(c, this.#traces, this.#palette, now, this.#hovered));
    if (this.#moving) this.#timer ??= setTimeout(() => this.#nextComets(), FRAME_MS - HALF_FRAME_MS);
  }

  /** One timer at a time, whatever else is drawn in between. */
  #nextComets(): void {
    this.#timer = null;
    this.#soil("motion");
  }

  #drawTrails(): void {
    this.#traces = traces(this.atlas, this.#camera, this.#palette, this.#scene);
    const still = this.#calm.matches || this.#scene.still;
    const isolated = this.#hovered !== null && this.#traces.some((t) => t.arc.country === this.#hovered) ? this.#hovered : null;
    this.#layers.draw("trails", (c) => drawTrails(c, this.#traces, this.#palette, { still, isolated, near: this.#camera.zoom >= NEAR, dashed: this.#forced.matches }));
    this.events.drawn(this.#traces.reduce((sum, { count }) => sum + count, 0));
  }

  #drawFront(context: CanvasRenderingContext2D): void {
    this.#outline(context, this.#scene.selected, 1.5);
    this.#outline(context, this.#hovered, 1.25);
    this.#outline(context, this.#cursor, 2);
    drawAlarms(context, this.#camera, this.#palette, this.#scene);
    drawHomes(context, this.#camera, this.#palette, this.#scene);
    drawLabels(context, this.#camera, this.atlas, this.#palette, this.#scene, this.#camera.zoom >= NEAR ? this.#traces : []);
  }

  #outline(context: CanvasRenderingContext2D, code: string | null, width: number): void {
    if (code === null) return;
    const [scale, x, y] = this.#camera.transform;
    const path = this.#camera.outlines.shapes.get(code);
    context.save();
    context.strokeStyle = this.#palette.text;
    context.lineJoin = "round";
    if (path) {
      context.translate(x, y);
      context.scale(scale, scale);
      context.lineWidth = width / scale;
      context.stroke(path);
    }
    context.restore();
    this.#circle(context, code, width);
  }

  /** A ring around what is drawn as a disc, or is very small. */
  #circle(context: CanvasRenderingContext2D, code: string, width: number): void {
    const shape = this.atlas.shapes.find((s) => s.code === code);
    const at = this.atlas.labels.get(code);
    const point = at && this.#camera.project(at);
    if (!point || (shape && this.#camera.pixels(shape.steradians) > 60)) return;
    context.beginPath();
    context.arc(point[0], point[1], 6.5, 0, 2 * Math.PI);
    context.strokeStyle = this.#palette.text;
    context.lineWidth = width;
    context.stroke();
  }
}

/** Hit tests need a context whose own transform is untouched. */
function probe(): CanvasRenderingContext2D {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) throw new Error("no 2d canvas");
  return context;
}

function sameLands(a: Scene, b: Scene): boolean {
  const same = a.classes.size === b.classes.size && a.hidden.size === b.hidden.size;
  return same && [...b.classes].every(([code, level]) => a.classes.get(code) === level) && [...b.hidden].every((code) => a.hidden.has(code));
}
