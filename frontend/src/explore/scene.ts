// A drawing as a list of marks: shapes and words. One list is the picture on the page, in an SVG file and in a PNG, so that what is taken
// along is what was seen.

export interface Shape {
  readonly kind: "shape";
  readonly d: string;
  readonly fill?: string;
  readonly stroke?: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly opacity?: number;
  /** Which series it is of. */
  readonly of?: number;
}
export interface Words { readonly kind: "words"; readonly x: number; readonly y: number; readonly text: string; readonly fill: string; readonly anchor: "start" | "middle" | "end"; readonly size: number; readonly bold?: boolean; readonly of?: number }
export type Mark = Shape | Words;
export interface Scene { readonly width: number; readonly height: number; readonly marks: readonly Mark[] }

const round = (n: number): number => Math.round(n * 10) / 10;

/** Straight lines through points. */
export const through = (points: readonly (readonly [number, number])[]): string => points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
export const box = (x: number, y: number, width: number, height: number): string => `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
export const disc = (x: number, y: number, r: number): string => `M${round(x - r)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

/** How wide a letter is at most fonts, as a part of its height. */
const CHARACTER = 0.6;
/** Roughly how wide a text is; a picture that is taken along cannot be measured. */
export const widthOf = (text: string, size: number): number => text.length * size * CHARACTER;

export function cut(text: string, width: number, size: number): string {
  const most = Math.max(1, Math.floor(width / (size * CHARACTER)));
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1)).trimEnd()}\u2026`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** Text in XML; characters that XML has no place for are left out. */
export const escaped = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);

function element(mark: Mark): string {
  if (mark.kind === "words") return `<text x="${round(mark.x)}" y="${round(mark.y)}" fill="${mark.fill}" font-size="${mark.size}" text-anchor="${mark.anchor}"${mark.bold ? ' font-weight="600"' : ""}>${escaped(mark.text)}</text>`;
  const stroke = mark.stroke === undefined ? "" : ` stroke="${mark.stroke}" stroke-width="${mark.width ?? 1}" stroke-linejoin="round"${mark.dash ? ` stroke-dasharray="${mark.dash.join(" ")}"` : ""}`;
  return `<path d="${mark.d}" fill="${mark.fill ?? "none"}"${stroke}${mark.opacity === undefined ? "" : ` opacity="${mark.opacity}"`}/>`;
}

/** The drawing as a file of its own, on a ground of its colour. */
export function svg({ width, height, marks }: Scene, { ground, font, title }: { ground: string; font: string; title: string }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(font)}"><title>${escaped(title)}</title><rect width="${width}" height="${height}" fill="${ground}"/>\n${marks.map(element).join("\n")}\n</svg>\n`;
}

function paint(context: CanvasRenderingContext2D, mark: Mark, font: string): void {
  if (mark.kind === "words") {
    context.font = `${mark.bold ? "600 " : ""}${mark.size}px ${font}`;
    context.textAlign = mark.anchor === "middle" ? "center" : mark.anchor;
    context.fillStyle = mark.fill;
    context.fillText(mark.text, mark.x, mark.y);
    return;
  }
  const path = new Path2D(mark.d);
  context.globalAlpha = mark.opacity ?? 1;
  if (mark.fill !== undefined) {
    context.fillStyle = mark.fill;
    context.fill(path);
  }
  if (mark.stroke !== undefined) {
    Object.assign(context, { strokeStyle: mark.stroke, lineWidth: mark.width ?? 1, lineJoin: "round" });
    context.setLineDash([...(mark.dash ?? [])]);
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

/** Screens have two pixels to one. */
const PIXELS = 2;

/** The drawing as the bytes of a PNG; null where the browser cannot. */
export function png({ width, height, marks }: Scene, { ground, font }: { ground: string; font: string }): Promise<Blob | null> {
  const canvas = Object.assign(document.createElement("canvas"), { width: width * PIXELS, height: height * PIXELS });
  const context = canvas.getContext("2d");
  if (context === null) return Promise.resolve(null);
  context.scale(PIXELS, PIXELS);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  for (const mark of marks) paint(context, mark, font);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
