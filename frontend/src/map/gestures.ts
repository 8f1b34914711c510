// Pointer, wheel and keyboard on the map, turned into plain wishes: drag by, zoom at, hover, click, step.

import type { Point } from "./camera";

export interface Wishes {
  drag(dx: number, dy: number): void;
  zoom(factor: number, at: Point): void;
  /** Pointer over the map, or null when it left or drags. */
  hover(at: Point | null): void;
  click(at: Point, exclude: boolean): void;
  /** A unit step on the screen. */
  step(direction: Point): void;
  choose(exclude: boolean): void;
  reset(): void;
}

/** A press that moved less is a click. */
const CLICK_PX = 4;
const ZOOM_STEP = 1.5;
const STEPS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Gestures {
  #held = new Map<number, Point>();
  #travelled = 0;
  #pinched = false;

  constructor(private readonly element: HTMLElement, private readonly wishes: Wishes) {
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#held.delete(event.pointerId));
    element.addEventListener("pointerleave", () => wishes.hover(null));
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  #at(event: MouseEvent): Point {
    const frame = this.element.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, this.#at(event));
    this.#travelled = 0;
    this.#pinched = this.#held.size > 1;
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    const before = this.#held.get(event.pointerId);
    if (before === undefined) return event.pointerType === "mouse" ? this.wishes.hover(at) : undefined;
    this.#held.set(event.pointerId, at);
    const other = [...this.#held].find(([id]) => id !== event.pointerId)?.[1];
    if (other) this.#pinch(before, at, other);
    else this.#drag(before, at);
  }

  #drag(before: Point, at: Point): void {
    const [dx, dy] = [at[0] - before[0], at[1] - before[1]];
    this.#travelled += Math.hypot(dx, dy);
    if (this.#travelled < CLICK_PX) return;
    this.wishes.hover(null);
    this.wishes.drag(dx, dy);
  }

  #pinch(before: Point, at: Point, other: Point): void {
    const distance = (a: Point): number => Math.max(10, Math.hypot(a[0] - other[0], a[1] - other[1]));
    this.wishes.zoom(distance(at) / distance(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
  }

  #up(event: PointerEvent): void {
    const held = this.#held.delete(event.pointerId);
    if (held && !this.#pinched && this.#travelled < CLICK_PX) this.wishes.click(this.#at(event), event.shiftKey);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.wishes.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), this.#at(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    const middle: Point = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    if (step) this.wishes.step(step);
    else if (event.key === "Enter") this.wishes.choose(event.shiftKey);
    else if (event.key === "+" || event.key === "=") this.wishes.zoom(ZOOM_STEP, middle);
    else if (event.key === "-") this.wishes.zoom(1 / ZOOM_STEP, middle);
    else if (event.key === "0") this.wishes.reset();
    else return;
    event.preventDefault();
  }
}
