// What is taken along: figures as CSV and JSON, the picture as SVG and PNG with its title and its names.

import { csv, type Column } from "../lib/columns";
import { covered, isPrivate } from "../lib/privacy";
import type { Colours } from "./colours";
import { COUNTED, valueAt } from "./measures";
import type { Model } from "./model";
import { png, svg, type Mark, type Scene } from "./scene";
import type { Chart } from "./timechart";

interface Cell { time: string; key: string; name: string; bytes: number | null; packets: number | null; flows: number | null; value: number | null }

const moment = (second: number): string => new Date(second * 1000).toISOString().replace(".000Z", "Z");

/** A line for each interval and key; what is not known is empty. */
export function seriesCsv(model: Model): string {
  const cells = model.series.flatMap(({ key, label, sums }) => model.at.map((at, i): Cell => ({
    time: moment(at), key: key || label, name: label, bytes: sums.bytes[i] ?? null, packets: sums.packets[i] ?? null, flows: sums.flows[i] ?? null, value: valueAt(sums, i, model.measure, model.interval),
  })));
  const column = (id: keyof Cell, called: string = id): Column<Cell> => ({ id: called, title: called, width: 1, text: (cell) => String(cell[id] ?? ""), value: (cell) => cell[id] });
  const measured = COUNTED.some((what) => what === model.measure) ? [] : [column("value", model.measure)];
  return csv(cells, [column("time"), column("key"), column("name"), ...COUNTED.map((what) => column(what)), ...measured]);
}

/** The server's document; in the privacy mode without names of what is one's own. */
export function documentText(source: string): string {
  const nameless = (name: string, value: unknown): unknown => (name !== "" && typeof value === "object" && value !== null && "key" in value && covered(String(value.key)) !== value.key ? { ...value, name: null } : value);
  return `${isPrivate() ? JSON.stringify(JSON.parse(source), nameless) : source}\n`;
}

const HEAD = 56;
export const PICTURE = { width: 1280, height: 640 };

/** The chart under its title. */
export function titled(chart: Chart, colours: Colours, title: string, qualifier: string): Scene {
  const moved = chart.marks.map((mark): Mark => (mark.kind === "words" ? { ...mark, y: mark.y + HEAD } : { ...mark, d: shifted(mark.d, HEAD) }));
  const head: Mark[] = [
    { kind: "words", x: 16, y: 24, text: title, fill: colours.text, anchor: "start", size: 16, bold: true },
    { kind: "words", x: 16, y: 43, text: qualifier, fill: colours.text2, anchor: "start", size: 12 },
  ];
  return { width: chart.width, height: chart.height + HEAD, marks: [...head, ...moved] };
}

/** A path further down: the marks use M, L, A with places, and h, v, a with distances. */
export function shifted(d: string, by: number): string {
  return d.replace(/([MLA])([^MLAhvaz]*)/g, (_, command: string, rest: string) => {
    const numbers = rest.trim().split(/[\s,]+/).map(Number);
    if (command === "A") numbers[6] = (numbers[6] ?? 0) + by;
    else numbers[1] = (numbers[1] ?? 0) + by;
    return `${command}${numbers.map((n) => Math.round(n * 100) / 100).join(" ")}`;
  });
}

export const asSvg = (scene: Scene, colours: Colours, title: string): string => svg(scene, { ground: colours.surface, font: colours.font, title });
export const asPng = (scene: Scene, colours: Colours): Promise<Blob | null> => png(scene, { ground: colours.surface, font: colours.font });

/** A name for a file, of letters that every system takes. */
export const fileName = (title: string): string => `wireglobe-${title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "graph"}`;
