// Where the reader looks from: Equal Earth turned 11° E (flat, zoomed and shifted as a plane) or the globe
// (orthographic, turned). Gives screen points, the outlines as paths, and which transform draws them.

import { geoDistance, geoEqualEarth, geoGraticule, geoOrthographic, geoPath, type GeoContext, type GeoPermissibleObjects, type GeoProjection } from "d3-geo";
import type { Projection } from "../lib/urlstate";
import type { Atlas, LonLat } from "./atlas";

export type Point = readonly [number, number];
export interface Size { width: number; height: number }
export interface Outlines {
  shapes: ReadonlyMap<string, Path2D>;
  sphere: Path2D;
  graticule: Path2D;
  borders: Path2D;
  coast: Path2D;
}

/** How the plane is zoomed and shifted. */
export interface Frame { zoom: number; x: number; y: number }

/** A region leaves some of its neighbours in sight. */
const REGION_SHARE = 0.94;
const FLAT_TURN = -11;
const EQUAL_EARTH_ASPECT = 2.0548;
const MARGIN = 6;
const ZOOM_MOST: Readonly<Record<Projection, number>> = { flat: 16, globe: 8 };
/** The globe fades things out this far (radians) before its limb. */
export const LIMB_FADE = 0.4;

const graticule = geoGraticule().step([30, 30])();

function flat({ width, height }: Size): GeoProjection {
  // Fitted to the width; the empty south may go under the edge, never more than a twelfth.
  const wide = Math.min(width - 2 * MARGIN, (height - MARGIN) * 1.09 * EQUAL_EARTH_ASPECT);
  const projection = geoEqualEarth().rotate([FLAT_TURN, 0]).scale(1).translate([0, 0]);
  const right = projection([180 - FLAT_TURN - 0.0001, 0])?.[0] ?? 2.7;
  const tall = wide / EQUAL_EARTH_ASPECT;
  const top = Math.max(MARGIN, (height - tall) / 2);
  return projection.scale(wide / 2 / Math.abs(right)).translate([width / 2, top + tall / 2]);
}

function globe({ width, height }: Size): GeoProjection {
  return geoOrthographic().scale(Math.min(width, height) / 2 - 12).translate([width / 2, height / 2]).clipAngle(90).precision(0.8);
}

/** A path takes all that a context takes, but begins when it is made. */
const pen = (path: Path2D): GeoContext => ({
  beginPath: () => undefined,
  moveTo: (x, y) => path.moveTo(x, y),
  lineTo: (x, y) => path.lineTo(x, y),
  arc: (x, y, r, from, to) => path.arc(x, y, r, from, to),
  closePath: () => path.closePath(),
});

export class Camera {
  zoom = 1;
  /** Shift of the plane in pixels (flat). */
  x = 0;
  y = 0;
  /** Turn of the globe in degrees. */
  rotation: [number, number] = [-11, -24];
  #base: GeoProjection;
  #outlines: Outlines | null = null;
  #radius: number;

  constructor(readonly kind: Projection, readonly size: Size, private readonly atlas: Atlas) {
    this.#base = kind === "flat" ? flat(size) : globe(size);
    this.#radius = this.#base.scale();
    this.moved();
  }

  /** Scale, shift: what the canvas applies to the outlines. The globe's are drawn as seen. */
  get transform(): readonly [number, number, number] {
    return this.kind === "flat" ? [this.zoom, this.x, this.y] : [1, 0, 0];
  }

  get moved_from_home(): boolean {
    return this.zoom !== 1 || this.x !== 0 || this.y !== 0;
  }

  get radius(): number {
    return this.#radius * (this.kind === "globe" ? this.zoom : 1);
  }

  get centre(): Point {
    return this.#base.translate();
  }

  /** The outlines for the present position, cached until the globe turns. */
  get outlines(): Outlines {
    this.#outlines ??= this.#trace();
    return this.#outlines;
  }

  /** Screen position, or null behind the globe. */
  project(at: LonLat): Point | null {
    if (this.kind === "globe" && this.depth(at) > Math.PI / 2) return null;
    const point = this.#base([at[0], at[1]]);
    return point && [point[0] * this.transform[0] + this.transform[1], point[1] * this.transform[0] + this.transform[2]];
  }

  /** Radians from the middle of the globe; 0 on the flat map. */
  depth(at: LonLat): number {
    return this.kind === "flat" ? 0 : geoDistance([at[0], at[1]], [-this.rotation[0], -this.rotation[1]]);
  }

  /** 1 well inside the globe, 0 at the limb. */
  presence(at: LonLat): number {
    return this.kind === "flat" ? 1 : Math.min(1, Math.max(0, (Math.PI / 2 - this.depth(at)) / LIMB_FADE));
  }

  /** Pixels that an area on the unit globe takes about here. */
  pixels(steradians: number): number {
    const scale = this.#radius * this.zoom;
    return steradians * scale * scale;
  }

  zoomBy(factor: number, [x, y]: Point): void {
    const zoom = Math.min(ZOOM_MOST[this.kind], Math.max(1, this.zoom * factor));
    this.x = x - ((x - this.x) / this.zoom) * zoom;
    this.y = y - ((y - this.y) / this.zoom) * zoom;
    this.zoom = zoom;
    this.moved();
  }

  /** Follows the pointer by so many pixels. */
  drag(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    if (this.kind === "globe") {
      const degrees = 180 / Math.PI / this.radius;
      this.turn(this.rotation[0] + dx * degrees, this.rotation[1] - dy * degrees);
    }
    this.moved();
  }

  /** Brings a place to the middle of the globe, or into sight on the plane. */
  reveal(at: LonLat): void {
    if (this.kind === "globe") this.turn(-at[0], -at[1]);
    else this.#centreUnlessSeen(at);
    this.moved();
  }

  reset(): void {
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.moved();
  }

  /** Zoom and shift of the plane by which a part of it fills the frame. */
  framing(corners: readonly LonLat[]): Frame {
    const points = corners.map(([lon, lat]) => this.#base([lon, lat])).filter((point) => point !== null);
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const { width, height } = this.size;
    const zoom = Math.min(ZOOM_MOST.flat, Math.max(1, Math.min(width / (right - left), height / (bottom - top)) * REGION_SHARE));
    return { zoom, x: width / 2 - ((left + right) / 2) * zoom, y: height / 2 - ((top + bottom) / 2) * zoom };
  }

  frame({ zoom, x, y }: Frame): void {
    [this.zoom, this.x, this.y] = [zoom, x, y];
    this.moved();
  }

  turn(lambda: number, phi: number): void {
    this.rotation = [((lambda + 540) % 360) - 180, Math.min(85, Math.max(-85, phi))];
  }

  moved(): void {
    if (this.kind === "flat") return this.#clamp();
    this.x = 0;
    this.y = 0;
    this.#base.rotate(this.rotation).scale(this.radius);
    this.#outlines = null;
  }

  #centreUnlessSeen(at: LonLat): void {
    const point = this.project(at);
    const { width, height } = this.size;
    if (point === null || (point[0] > 40 && point[0] < width - 40 && point[1] > 40 && point[1] < height - 40)) return;
    this.x += width / 2 - point[0];
    this.y += height / 2 - point[1];
  }

  /** The plane covers the frame: no sea without end. */
  #clamp(): void {
    this.x = Math.min(0, Math.max(this.size.width * (1 - this.zoom), this.x));
    this.y = Math.min(0, Math.max(this.size.height * (1 - this.zoom), this.y));
  }

  #trace(): Outlines {
    const path = (object: GeoPermissibleObjects): Path2D => {
      const found = new Path2D();
      geoPath(this.#base, pen(found))(object);
      return found;
    };
    return {
      shapes: new Map(this.atlas.shapes.map(({ code, outline }) => [code, path(outline)])),
      sphere: path({ type: "Sphere" }),
      graticule: path(graticule),
      borders: path(this.atlas.borders),
      coast: path(this.atlas.coast),
    };
  }
}
