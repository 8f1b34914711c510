// A canvas that keeps to its element's size and redraws when size or theme change.

import { onTheme } from "../lib/theme";

export interface Frame { context: CanvasRenderingContext2D; width: number; height: number }

export class ChartCanvas {
  #context: CanvasRenderingContext2D;
  #observer: ResizeObserver;
  #offTheme: () => void;
  #frame = 0;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly paint: (frame: Frame) => void) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no 2d canvas");
    this.#context = context;
    this.#observer = new ResizeObserver(() => this.redraw());
    this.#observer.observe(canvas);
    this.#offTheme = onTheme(() => this.redraw());
  }

  redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    this.#observer.disconnect();
    this.#offTheme();
  }

  #draw(): void {
    this.#frame = 0;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, { width: w, height: h });
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
    if (width > 0 && height > 0) this.paint({ context: this.#context, width, height });
  }
}
