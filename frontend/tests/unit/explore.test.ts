// Explore: its address, from the document to series, what is told and taken along.
import { describe, expect, test } from "vitest";
import { filterOf, labelOf, nameOf, pageOf, DIMENSIONS, type Dimension } from "../../src/explore/dimensions";
import { readDocument, type QueryDocument } from "../../src/explore/document";
import { documentText, fileName, seriesCsv, shifted, titled } from "../../src/explore/exports";
import { maskText, readGraph, STARTS, writeGraph, isChanged } from "../../src/explore/graphs";
import { scaleOf, valueAt, written } from "../../src/explore/measures";
import { change, drawn, DRAWN_MOST, modelOf, shareIn, Slots, type Wish } from "../../src/explore/model";
import { signed } from "../../src/explore/rows";
import { cut, escaped, svg } from "../../src/explore/scene";
import { parameters, readState, USUAL, writeState } from "../../src/explore/state";
import { niceStep, timeTicks, valueTicks } from "../../src/explore/ticks";
import { layers, timeChart } from "../../src/explore/timechart";
import { NOWHERE, snapped, walked } from "../../src/explore/walk";
import { barChart, pieChart } from "../../src/explore/wholechart";
import type { Colours } from "../../src/explore/colours";
import { address, readUrl } from "../../src/lib/urlstate";
import { pageText } from "../../src/lib/pagetext";

const plain = (text: string): string => text.replaceAll("\u202f", " ");
const T0 = Date.UTC(2026, 10, 20, 14) / 1000;
const iso = (second: number): string => new Date(second * 1000).toISOString();
const at = [0, 1, 2, 3].map((i) => iso(T0 + i * 300));
const row = (key: string, bytes: (number | null)[], name: string | null = null): Record<string, unknown> => {
  const packets = bytes.map((value) => (value === null ? null : value / 100));
  const sum = bytes.reduce<number>((all, value) => all + (value ?? 0), 0);
  return { key, name, bytes, packets, flows: packets, totals: { bytes: sum, packets: sum / 100, flows: sum / 100, bps: (sum * 8) / 1200, pps: sum / 120_000, bpp: 100 }, percent: { bytes: sum / 100, packets: 25, flows: 25 }, summary: { min: 1, avg: 2, p95: 3, max: 4, last: 5, total: sum } };
};
const SAID = {
  schema: 1, by: "country", measure: "bytes", interval: 300, from: iso(T0), to: iso(T0 + 1200), at, keys: [row("NL", [3000, null, 1000, 2000]), row("DE", [1000, null, 500, null])], other: { keys: 3, ...row("", [100, null, 100, 100]) },
  total: row("", [4100, null, 1600, 2100]), previous: { from: iso(T0 - 1200), to: iso(T0), at, keys: [row("NL", [1000, 1000, 1000, 1000])], total: row("", [2000, 2000, 2000, 2000]) }, gaps: [{ from: at[1], to: at[2] }], notes: ["a note"], source: "store",
};
const document = (more: object = {}): QueryDocument => readDocument({ ...SAID, ...more });
const WISH: Wish = { by: "country", measure: "bytes", percent: false, labels: "both", words: { unknown: "unknown", other: (n) => `Other, ${n}` } };
const model = (wish: Partial<Wish> = {}, more: object = {}): ReturnType<typeof modelOf> => modelOf(document(more), { ...WISH, ...wish }, new Slots());
const COLOURS = { series: ["#111111", "#222222"], other: "#333333", surface: "#000000", text: "#ffffff", text2: "#eeeeee", text3: "#dddddd", line: "#444444", line2: "#555555", font: "sans" } as unknown as Colours;
const FRAME = { width: 900, height: 400, colours: COLOURS, labels: true };

describe("the address of Explore", () => {
  test("says what is not as usual, and is read back", () => {
    const state = { ...USUAL, by: "sn4" as const, prefix: 16, measure: "pps" as const, chart: "pie" as const, top: 0, range: "last tuesday 14:00..now", previous: true, percent: true, labels: "name" as const, sort: "flows" as const, order: "asc" as const, graph: "abc-1" };
    expect(readState(writeState(state))).toEqual(state);
    expect(writeState(USUAL)).toEqual({});
  });
  test("goes through the page's, where only Explore has it", () => {
    const explore = { by: "asn", range: "-24h..now", chart: "pie" };
    const view = { ...readUrl("", "/explore"), explore };
    const [path = "", search = ""] = address(view).split("?");
    expect([path, readUrl(`?${search}`, path)]).toEqual(["/explore", view]);
    expect(address({ ...view, page: "hosts" })).toBe("/hosts");
  });
  test("that is not understood is as usual", () => {
    expect(readState({ by: "nonsense", show: "x", top: "-3", len: "400", step: "1e9", chart: "", range: " ", graph: "../x" })).toEqual(USUAL);
  });
  test("becomes the question of the API", () => {
    const query = parameters({ ...USUAL, by: "dn6", step: 60, previous: true }, "tcp", { from: T0, to: T0 + 60 });
    expect(Object.fromEntries(query)).toEqual({ by: "dn6", measure: "bps", sort: "bps", order: "desc", top: "8", per: "range", from: "2026-11-20T14:00:00Z", to: "2026-11-20T14:01:00Z", side: "both", filter: "tcp", prefix_length: "48", interval: "60", previous: "true" });
  });
});

describe("the document", () => {
  test("becomes series: gaps stay unknown, what is below the top comes last", () => {
    const { series, total, gaps } = model();
    expect(series.map(({ label, values, slot }) => [label, values, slot])).toEqual([["Netherlands", [3000, null, 1000, 2000], 0], ["Germany", [1000, null, 500, null], 1], ["Other, 3", [100, null, 100, 100], null]]);
    expect([total, gaps]).toEqual([[4100, null, 1600, 2100], [{ from: T0 + 300, to: T0 + 600 }]]);
  });
  test("has the range before beside it, and no figure where the key was not", () => {
    const { series, sums, before } = model();
    expect([series[0]?.previous, series[1]?.previous]).toEqual([[1000, 1000, 1000, 1000], [null, null, null, null]]);
    const first = series[0];
    expect([first && change(first.sums, first.before, "bytes"), series[1] && change(series[1].sums, series[1].before, "bytes"), change(sums, before, "bytes")]).toEqual([0.5, null, -0.025]);
    expect(model({}, { previous: null }).series[0]?.previous).toBeNull();
  });
  test("is measured in six ways, each of its interval", () => {
    const [nl] = document().keys;
    expect(nl && (["bytes", "packets", "flows", "bps", "pps", "bpp"] as const).map((measure) => valueAt(nl, 0, measure, 300))).toEqual([3000, 30, 30, 80, 0.1, 100]);
    expect(nl && valueAt(nl, 1, "bps", 300)).toBeNull();
  });
  test("in percent is of the total of each interval", () => {
    expect(model({ percent: true }).series[0]?.values.map((value) => value && Math.round(value))).toEqual([73, null, 63, 95]);
    expect(model({ percent: true, measure: "bpp" }).percent).toBe(false);
  });
  test("of another shape counts as nothing", () => {
    const empty = readDocument({ keys: [{ key: 3, bytes: "x" }, null], at: ["never"], total: 4, gaps: 1, notes: [1, "one"] });
    expect([empty.keys[0]?.key, empty.keys[0]?.bytes, empty.at, empty.notes, empty.previous, empty.other]).toEqual(["3", [null], [0], ["one"], null, null]);
  });
  test("keys keep their colours while others come and go, and get new ones in another dimension", () => {
    const slots = new Slots();
    expect(Object.fromEntries(slots.take("country", ["NL", "DE", "FR"]))).toEqual({ NL: 0, DE: 1, FR: 2 });
    expect(Object.fromEntries(slots.take("country", ["FR", "SE", "NL"]))).toEqual({ FR: 2, SE: 1, NL: 0 });
    expect(Object.fromEntries(slots.take("asn", ["1136"]))).toEqual({ 1136: 0 });
  });
  test("with more keys than can be told apart is drawn with the rest as one", () => {
    const many = model({}, { keys: Array.from({ length: 40 }, (_, i) => row(`K${i}`, [10, 10, 10, 10])) });
    const shown = drawn(many, (n) => `${n} more`);
    expect([many.series.length, shown.length, shown.at(-1)?.label, shown.at(-1)?.values]).toEqual([41, DRAWN_MOST + 1, "16 more", [260, 160, 260, 260]]);
  });
  test("has shares of what the measure counts, and none of averages", () => {
    const nl = model().series[0];
    expect(nl && [shareIn(nl.sums, "bps"), shareIn(nl.sums, "packets"), shareIn(nl.sums, "bpp")]).toEqual([60, 25, null]);
  });
});

describe("what is told", () => {
  test("has units where they differ", () => {
    expect([written("bytes", 1.84e6), written("bps", 1.45e9), written("pps", 71_400), written("bpp", 812.4), written("flows", 608_000), written("bytes", null)].map(plain)).toEqual(["1.84 MB", "1.45 G", "71 400/s", "812 B", "608 k", "\u2014"]);
    expect([scaleOf("bytes", 3e9).unit, scaleOf("bps", 3e6).unit, scaleOf("pps", 3000).unit, scaleOf("flows", 12).unit]).toEqual(["GB", "Mbit/s", "k/s", ""]);
  });
  test("of a change has its sign", () => expect([signed(0.111), signed(-0.02), signed(0)].map(plain)).toEqual(["+11.1 %", "\u22122.0 %", "0 %"]));
  test("of networks is one of asn_report's three", () => {
    const name = nameOf("asn", "1136", "KPN", "unknown");
    expect([labelOf(name, "asn", "both"), labelOf(name, "asn", "name"), labelOf(name, "asn", "code"), labelOf(nameOf("asn", "unknown", "", "unknown"), "asn", "both"), labelOf(nameOf("asn", "64496", "", "unknown"), "asn", "name")]).toEqual(["AS1136: KPN", "KPN", "AS1136", "unknown", "AS64496"]);
  });
  test("of other keys is their name, and what they are", () => {
    const name = (by: Dimension, key: string, called: string): string => nameOf(by, key, called, "unknown").name;
    expect([name("port", "tcp/443", "https"), name("pr", "6", "TCP"), name("mac", "00:00:0c:01:02:03", "Cisco Systems, Inc"), name("continent", "EU", "Europe"), name("place", "cgnat", ""), name("das", "0", "")]).toEqual(["TCP 443 HTTPS", "TCP", "00:00:0c:01:02:03 Cisco Systems, Inc", "Europe", "shared address of a carrier", "unknown"]);
  });
  test("every dimension has words, a filter that holds its key, and a page only where there is one", () => {
    for (const by of DIMENSIONS) {
      expect(pageText.explore.dimensions[by]).toBeTruthy();
      expect(filterOf(by, "unknown")).toBe("");
      expect(filterOf(by, by === "pair" ? "192.0.2.1 > 192.0.2.2" : "17")).toMatch(by === "pair" ? /192\.0\.2\.2$/ : /17$/);
    }
    expect([filterOf("sa", "192.0.2.1"), filterOf("das", "64496"), filterOf("country", "NL"), filterOf("port", "tcp/443"), filterOf("vlan", "untagged"), filterOf("sas", "0"), pageOf("country", "unknown"), pageOf("sas", "64496")]).toEqual(["src host 192.0.2.1", "dst asn 64496", "country NL", "tcp port 443", "not vlan", "", null, { dimension: "asn", key: "64496" }]);
  });
});

describe("axes", () => {
  test("are written at round values and round times", () => {
    expect([niceStep(6, 6), niceStep(23, 5), niceStep(0.9, 4)]).toEqual([1, 5, 0.25]);
    expect(valueTicks(5.3e9, 1e9, 6).map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(timeTicks(T0, T0 + 86_400, 7).map(({ text }) => text)).toEqual(["16:00", "20:00", "21 Nov", "04:00", "08:00", "12:00"]);
    expect(timeTicks(T0, T0 + 30 * 86_400, 8)[0]?.text).toBe("23 Nov");
  });
});

describe("a chart", () => {
  test("lays values on each other, largest at the bottom", () => {
    expect(layers(model().series, 4).map((layer) => layer[0])).toEqual([{ low: 0, high: 3000 }, { low: 3000, high: 4000 }, { low: 4000, high: 4100 }]);
  });
  test("has room for whole intervals, also where the range begins and ends within one", () => {
    const within = model({}, { from: iso(T0 + 100), to: iso(T0 + 1000) });
    expect([within.from, within.to]).toEqual([T0, T0 + 1200]);
  });
  test("is broken where nothing is known", () => {
    const { marks } = timeChart(model(), model().series, "area", FRAME);
    expect(marks.filter(({ kind, of }) => kind === "shape" && of === 0).length).toBe(3);
  });
  test("knows what lies under a place, and where a series is", () => {
    const chart = timeChart(model(), model().series, "area", FRAME);
    const [x, y] = chart.place(0, 1);
    expect([chart.hit(x, y), chart.hit(x, 25), chart.hit(2, y)]).toEqual([{ at: 0, series: 1 }, { at: 0, series: -1 }, { at: -1, series: -1 }]);
    expect(Math.round(chart.time?.second(chart.time.x(2)) ?? 0)).toBe(T0 + 750);
  });
  test("names its keys at the right end, apart from each other, and finds them by their names", () => {
    const close = model({}, { keys: Array.from({ length: 12 }, (_, i) => row(`K${i}`, [10, 10, 10, 10 + i])), other: null });
    const chart = timeChart(close, close.series, "lines", FRAME);
    const names = chart.marks.flatMap((mark) => (mark.kind === "words" && mark.of !== undefined ? [mark] : []));
    const heights = names.map(({ y }) => y).sort((a, b) => a - b);
    expect([names.length, heights.every((y, i) => i === 0 || y - (heights[i - 1] ?? 0) >= 15.9), Math.min(...heights) > 10, Math.max(...heights) < FRAME.height]).toEqual([12, true, true, true]);
    for (const { x, y, of } of names) expect(chart.hit(x, y - 4)).toEqual({ at: 3, series: of });
  });
  test.each([["pie", pieChart], ["bars", barChart]] as const)("of a whole range (%s) has a shape for each key, and finds it again", (_, draw) => {
    const chart = draw(model(), model().series, FRAME);
    for (const of of [0, 1, 2]) {
      const [x, y] = chart.place(-1, of);
      expect(chart.hit(x - 1, y).series).toBe(of);
      expect(chart.marks.some((mark) => mark.kind === "shape" && mark.of === of)).toBe(true);
    }
  });
  test("of nothing is drawn, too", () => {
    const nothing = model({}, { keys: [], other: null, at: [], previous: null });
    for (const shape of ["area", "bars", "lines", "scatter"] as const) expect(timeChart(nothing, nothing.series, shape, FRAME).marks.length).toBeGreaterThan(0);
    expect([pieChart(nothing, [], FRAME).marks.length, barChart(nothing, [], FRAME).time]).toEqual([0, null]);
  });
});

describe("what is taken along", () => {
  test("as CSV has a line for each key and interval, and no figure for what is not known", () => {
    const lines = seriesCsv(model({ measure: "bps" })).split("\r\n");
    expect([lines.length, lines[0], lines[1], lines[2]]).toEqual([14, "time,key,name,bytes,packets,flows,bps", "2026-11-20T14:00:00Z,NL,Netherlands,3000,30,30,80", "2026-11-20T14:05:00Z,NL,Netherlands,,,,"]);
  });
  test("as SVG has its words escaped", () => {
    const evil = `<script>"'&\u0001`;
    expect(escaped(evil)).toBe("&lt;script&gt;&quot;&#39;&amp;");
    const scene = titled(timeChart(model(), model().series, "lines", FRAME), COLOURS, evil, "");
    expect(svg(scene, { ground: "#000", font: 'a"b', title: evil })).not.toContain("<script");
  });
  test("is moved beneath its title as a whole", () => expect(shifted("M1 2L3 4A5 5 0 0 1 6 7h8v9z", 10)).toBe("M1 12L3 14A5 5 0 0 1 6 17h8v9z"));
  test("has a name that any system takes", () => expect([fileName("Länder / “x”: 24 h"), fileName("…")]).toEqual(["wireglobe-lander-x-24-h", "wireglobe-graph"]));
  test("is the server's own document", () => expect(documentText('{"a":1}')).toBe('{"a":1}\n'));
  test("cuts a text that is too long", () => expect([cut("short", 100, 11), cut("a very long name", 50, 10)]).toEqual(["short", "a very\u2026"]));
});

describe("a saved graph", () => {
  const said = { id: "1", title: "T", query: { by: "asn", measure: "packets", sort: "packets", order: "asc", top: 5, per: "interval", filter: "tcp", side: "source", previous: true, interval: 300 }, range: "-7d", chart: "lines", percent: true, mask: null };
  test("is read and written the same", () => {
    const graph = readGraph(said);
    expect(graph.state).toMatchObject({ by: "asn", measure: "packets", order: "asc", top: 5, per: "interval", step: 300, side: "source", previous: true, chart: "lines", percent: true, range: "-7d", graph: "1" });
    const { id, mask, ...body } = said;
    expect([writeGraph("T", graph.state, graph.filter, null, null), id, mask]).toEqual([body, "1", null]);
  });
  test("of a range that does not move keeps its two ends", () => {
    const range = { from: "2026-11-20T14:00:00Z", to: "2026-11-20T15:00:00Z" };
    const graph = readGraph({ ...said, range });
    expect([graph.span, (writeGraph("T", graph.state, "", graph.span, null) as typeof said).range]).toEqual([{ from: T0, to: T0 + 3600 }, range]);
  });
  test("is changed when what it keeps is, not when it is only called otherwise", () => {
    const graph = readGraph(said);
    expect([isChanged(graph, graph.state, "tcp", null), isChanged(graph, { ...graph.state, labels: "name" }, "tcp", null), isChanged(graph, { ...graph.state, top: 6 }, "tcp", null), isChanged(graph, graph.state, "udp", null), isChanged(graph, { ...graph.state, range: "-1h" }, "tcp", null)]).toEqual([false, false, true, true, true]);
  });
  test("from FlowGraph shows when it was drawn", () => {
    const words = pageText.explore.mask;
    const mask = readGraph({ ...said, mask: [{ StartTime: "08:00", StopTime: "18:00", DoW: [1, 2, 3, 4, 5] }, { days: [6] }, {}] }).mask ?? [];
    expect(maskText(mask, words)).toBe("Mon–Fri 08:00–18:00 · Sat · Always");
    expect((writeGraph("T", readState({}), "", null, mask) as { mask: object[] }).mask).toEqual([{ start_time: "08:00", stop_time: "18:00", days: [1, 2, 3, 4, 5] }, { days: [6] }, {}]);
  });
  test("to begin with is one that can be asked", () => {
    for (const [, start] of STARTS) expect(readState(writeState({ ...USUAL, ...start }))).toEqual({ ...USUAL, ...start });
  });
});


describe("keys in a chart", () => {
  const ground = { at: [0, 10, 20, 30], interval: 10, series: 3, timed: true };
  const press = (key: string, more: object = {}): { key: string; shiftKey: boolean; ctrlKey: boolean } => ({ key, shiftKey: false, ctrlKey: false, ...more });
  test("go through time from its near end, and through the keys in a circle", () => {
    expect([walked(press("ArrowRight"), { hit: NOWHERE, brush: null }, ground)?.hit, walked(press("ArrowLeft"), { hit: NOWHERE, brush: null }, ground)?.hit]).toEqual([{ at: 0, series: 0 }, { at: 3, series: 0 }]);
    expect([walked(press("ArrowUp"), { hit: { at: 1, series: 2 }, brush: null }, ground)?.hit, walked(press("ArrowDown"), { hit: NOWHERE, brush: null }, ground)?.hit]).toEqual([{ at: 1, series: 0 }, { at: 3, series: 2 }]);
    expect(walked(press("ArrowLeft", { ctrlKey: true }), { hit: { at: 2, series: 1 }, brush: null }, ground)?.hit).toEqual({ at: 0, series: 1 });
  });
  test("with Shift mark whole intervals in either direction, and without it nothing", () => {
    const one = walked(press("ArrowRight", { shiftKey: true }), { hit: { at: 1, series: 0 }, brush: null }, ground);
    expect([one?.brush, one && walked(press("ArrowRight", { shiftKey: true }), one, ground)?.brush, one && walked(press("ArrowRight"), one, ground)?.brush]).toEqual([{ from: 10, to: 30 }, { from: 10, to: 40 }, null]);
    const back = walked(press("ArrowLeft", { shiftKey: true }), { hit: { at: 3, series: 0 }, brush: null }, ground);
    expect([back?.brush, snapped(back?.brush ?? { from: 0, to: 0 }, 10), snapped({ from: 34, to: 12 }, 10)]).toEqual([{ from: 30, to: 20 }, [20, 30], [10, 40]]);
  });
  test("go through a chart without time by any arrow, and nowhere without keys", () => {
    const still = { ...ground, timed: false };
    expect([walked(press("ArrowRight"), { hit: NOWHERE, brush: null }, still)?.hit, walked(press("ArrowUp"), { hit: { at: -1, series: 1 }, brush: null }, still)?.hit]).toEqual([{ at: -1, series: 0 }, { at: -1, series: 0 }]);
    expect([walked(press("x"), { hit: NOWHERE, brush: null }, ground), walked(press("ArrowUp"), { hit: NOWHERE, brush: null }, { ...ground, series: 0 })]).toEqual([null, null]);
  });
});
