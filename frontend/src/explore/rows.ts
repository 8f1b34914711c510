// The table beneath the chart: a row for each key, for what is below the top, and for all; as columns that sort and go along.

import { share } from "../lib/format";
import type { Column } from "../lib/columns";
import { pageText } from "../lib/pagetext";
import { addsUp, written, type Measure } from "./measures";
import { change, shareIn, type Model, type Series } from "./model";
import type { Summary } from "./document";

export type Row = Series;

/** A change as it is told: +11 %, −2 %. */
export const signed = (part: number): string => `${part > 0 ? "+" : part < 0 ? "\u2212" : ""}${share(Math.abs(part), 1)}`;

const FIGURES = ["min", "avg", "p95", "max", "last"] as const;

export function columns(model: Model, key: string, withChange: boolean): Column<Row>[] {
  const words = pageText.explore.table;
  const { measure } = model;
  const figure = (id: keyof Summary): Column<Row> => ({ id, title: words[id], width: 1, right: true, text: ({ sums }) => written(measure, sums.summary[id]), value: ({ sums }) => sums.summary[id] });
  const totalOf: Measure = measure === "bps" ? "bytes" : measure === "pps" ? "packets" : measure;
  const all: Column<Row>[] = [
    { id: "key", title: key, width: 3, text: ({ label }) => label, value: (row) => row.key || row.label },
    ...FIGURES.map(figure),
    { id: "total", title: words.total, width: 1, right: true, text: ({ sums }) => written(totalOf, sums.totals[totalOf]), value: ({ sums }) => sums.totals[totalOf] },
    { id: "share", title: words.share, width: 1, right: true, text: ({ sums }) => { const part = shareIn(sums, measure); return part === null ? "" : share(part, 100); }, value: ({ sums }) => shareIn(sums, measure) },
    { id: "change", title: words.change, width: 1, right: true, text: ({ sums, before }) => { const part = change(sums, before, measure); return part === null ? "" : signed(part); }, value: ({ sums, before }) => change(sums, before, measure) },
  ];
  return all.filter(({ id }) => (id !== "change" || withChange) && (id !== "share" || addsUp(measure)));
}

/** All of the filtered traffic as a row. */
export const allRow = (model: Model): Row => ({
  key: "", name: { code: "", name: pageText.explore.all }, label: pageText.explore.all, slot: null, values: model.total, previous: null, before: model.before,
  sums: { ...model.sums, percent: { bytes: 100, packets: 100, flows: 100 } },
});
