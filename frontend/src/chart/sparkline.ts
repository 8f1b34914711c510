// A line without axes, from zero, with its last point marked.

import { alpha } from "../map/palette";
import type { Frame } from "./canvas";

export interface Spark { values: Float64Array; colour: string; filled: boolean; cursor: number; cursorColour: string }

/** Points at most; more would only blur at this width. */
const POINTS_MOST = 60;
const MARGIN = 3;

/** Means of neighbours, so that a long series fits a small width. */
function thinned(values: Float64Array): number[] {
  const join = Math.max(1, Math.ceil(values.length / POINTS_MOST));
  const found: number[] = [];
  for (let end = values.length; end > 0; end -= join) {
    const part = values.subarray(Math.max(0, end - join), end);
    found.unshift(part.reduce((sum, value) => sum + value, 0) / part.length);
  }
  return found;
}

export function drawSpark({ context, width, height }: Frame, spark: Spark): void {
  const values = thinned(spark.values);
  if (values.length < 2) return;
  const most = Math.max(...values, 1e-9);
  const x = (i: number): number => (i / (values.length - 1)) * (width - MARGIN);
  const y = (value: number): number => height - 1 - (value / most) * (height - MARGIN - 1);
  context.beginPath();
  values.forEach((value, i) => (i === 0 ? context.moveTo(x(i), y(value)) : context.lineTo(x(i), y(value))));
  context.strokeStyle = spark.colour;
  context.lineWidth = 1.25;
  context.lineJoin = "round";
  context.stroke();
  if (spark.filled) fillBelow(context, spark.colour, width, height);
  const last = values.length - 1;
  dot(context, x(last), y(values[last] ?? 0), 1.75, spark.colour);
  if (spark.cursor >= 0) line(context, (spark.cursor / (spark.values.length - 1)) * (width - MARGIN), height, spark.cursorColour);
}

function fillBelow(context: CanvasRenderingContext2D, colour: string, width: number, height: number): void {
  context.lineTo(width - MARGIN, height);
  context.lineTo(0, height);
  context.closePath();
  context.fillStyle = alpha(colour, 0.22);
  context.fill();
}

export function dot(context: CanvasRenderingContext2D, x: number, y: number, r: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

export function line(context: CanvasRenderingContext2D, x: number, height: number, colour: string): void {
  context.fillStyle = colour;
  context.fillRect(Math.round(x), 0, 1, height);
}
