// Marks of open alerts: a ring with a wider, fainter one around it; red for grave ones, as their names are.

import type { Camera } from "./camera";
import { alpha, type Palette } from "./palette";
import type { Scene } from "./scene";

const INNER_PX = 7;
const OUTER_PX = 13;

export function drawAlarms(context: CanvasRenderingContext2D, camera: Camera, palette: Palette, scene: Scene): void {
  for (const { at, grave } of [...scene.alarms].sort((a, b) => Number(a.grave) - Number(b.grave))) {
    const point = camera.presence(at) > 0.3 ? camera.project(at) : null;
    if (!point) continue;
    const colour = grave ? palette.red : palette.text;
    const ring = (radius: number, width: number, stroke: string, fill: string): void => {
      context.beginPath();
      context.arc(point[0], point[1], radius, 0, 2 * Math.PI);
      context.fillStyle = fill;
      context.fill();
      context.lineWidth = width;
      context.strokeStyle = stroke;
      context.stroke();
    };
    ring(OUTER_PX, 1, alpha(colour, 0.45), alpha(colour, 0.1));
    ring(INNER_PX, 3.2, palette.halo, "transparent");
    ring(INNER_PX, 1.6, colour, "transparent");
  }
}
