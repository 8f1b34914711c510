// The map's stacked canvases: base (sea, lands), trails, motion (comets) and front (names, homes, outlines). Each is
// redrawn only when what it shows has changed.

export type LayerName = "base" | "trails" | "motion" | "front";
const ORDER: readonly LayerName[] = ["base", "trails", "motion", "front"];

export class Layers {
  readonly front: HTMLCanvasElement;
  #contexts = new Map<LayerName, CanvasRenderingContext2D>();
  #ratio = 1;

  constructor(root: HTMLElement) {
    for (const name of ORDER) {
      const canvas = document.createElement("canvas");
      canvas.className = `layer ${name}`;
      canvas.setAttribute("aria-hidden", "true");
      root.append(canvas);
      const context = canvas.getContext("2d");
      if (context === null) throw new Error("no 2d canvas");
      this.#contexts.set(name, context);
    }
    this.front = this.#context("front").canvas;
  }

  #context(name: LayerName): CanvasRenderingContext2D {
    const context = this.#contexts.get(name);
    if (context === undefined) throw new Error(`no layer ${name}`);
    return context;
  }

  resize(width: number, height: number): void {
    this.#ratio = Math.min(2, devicePixelRatio || 1);
    for (const { canvas } of this.#contexts.values()) {
      canvas.width = Math.round(width * this.#ratio);
      canvas.height = Math.round(height * this.#ratio);
    }
  }

  /** Clears a layer and draws it in CSS pixels. */
  draw(name: LayerName, paint: (context: CanvasRenderingContext2D) => void): void {
    const context = this.#context(name);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    paint(context);
  }
}
