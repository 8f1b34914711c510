// The words of Explore and of the choice of a range.

import type { Dimension, Group, LabelMode } from "../explore/dimensions";
import type { Measure } from "../explore/measures";
import type { PresetName } from "../explore/range";
import type { Chart, Side } from "../explore/state";
import { count } from "../lib/format";
import { plurals } from "./plural";

const form = plurals("en");

const DIMENSIONS: Readonly<Record<Dimension, string>> = {
  country: "Country", continent: "Continent", place: "Kind of address", asn: "Network (AS)", prefix: "Prefix", host: "Host", pair: "Pair of hosts", domain: "Domain", os: "Operating system", mac: "Device (MAC)", vlan: "VLAN",
  service: "Service", protocol: "Protocol", port: "Port", pr: "Protocol number", exp: "Exporter", sa: "Source address", da: "Destination address", sp: "Source port", dp: "Destination port", nh: "Next hop", nhb: "BGP next hop",
  ra: "Router", sas: "Source AS", das: "Destination AS", nas: "Next AS", pas: "Previous AS", in: "Input interface", out: "Output interface", sn4: "Source network, IPv4", sn6: "Source network, IPv6", dn4: "Destination network, IPv4", dn6: "Destination network, IPv6",
};
const MEASURES: Readonly<Record<Measure, string>> = { bytes: "Bytes", packets: "Packets", flows: "Flows", bps: "Bit per second", pps: "Packets per second", bpp: "Bytes per packet" };
const CHARTS: Readonly<Record<Chart, string>> = { area: "Stacked area", bars: "Stacked bars", lines: "Lines", scatter: "Scatter", pie: "Pie", hbars: "Horizontal bars" };
const SIDES: Readonly<Record<Side, string>> = { both: "Both ends", source: "Source", destination: "Destination" };
const PRESETS: Readonly<Record<PresetName, string>> = {
  hour: "Last hour", day: "Last 24 h", week: "Last 7 days", month: "Last 30 days", today: "Today", yesterday: "Yesterday", thisWeek: "This week", lastWeek: "Last week", thisMonth: "This month", lastMonth: "Last month",
};

export const exploreEn = {
  keys: {
    title: "On the explore page",
    rows: [["r", "Choose the range"], ["[ ]", "A range earlier, a range later"], ["c", "Next shape"], ["p", "The period before"], ["%", "Percent of total"], ["← → ↑ ↓", "In the chart: through time, through the keys; Enter: what can be done"], ["Shift ← →", "In the chart: choose a range, Enter shows it"]] as ReadonlyArray<readonly [string, string]>,
  },
  groups: { places: "Places", networks: "Networks", hosts: "Hosts", services: "Services", exporter: "As the exporter says" } as Readonly<Record<Group, string>>,
  dimensions: DIMENSIONS, measures: MEASURES, charts: CHARTS, sides: SIDES,
  controls: {
    title: "Chart", by: "Split by", prefix: "Prefix length", measure: "Measure", chart: "Shape", top: "Top", sort: "Ranked by", order: "Order", per: "Top of each interval", step: "Interval", side: "End", labels: "Networks are called",
    percent: "Percent of total", previous: "Period before", sortSame: "the measure", desc: "largest first", asc: "smallest first", stepAuto: "automatic", all: "All",
    summary: "What is shown", labelModes: { both: "AS64496: Owner", name: "Owner", code: "AS64496" } as Readonly<Record<LabelMode, string>>,
  },
  range: {
    title: "Which time", now: "now", from: "From", to: "to", show: "Show", earlier: "Earlier", later: "Later", live: "moves with time",
    hint: "-24h, now, yesterday, last tuesday 14:00, 2026-11-20 14:00, 14:00",
    faults: { from: "The beginning is not understood. Write for instance -24h, yesterday or 2026-11-20 14:00.", to: "The end is not understood. Write for instance now, -1h or 2026-11-20 16:00.", order: "The beginning comes after the end." },
    kept: (from: string) => `History is kept since ${from}.`,
  },
  presets: PRESETS,
  qualifier: (unit: string, by: string, step: string, from: string, to: string) => `${unit} by ${by}, intervals of ${step}, ${from} to ${to}\u202fUTC`,
  unknown: "unknown",
  other: (n: number) => (n > 0 ? `Other, ${count(n)}` : "Other"),
  all: "All",
  others: (n: number) => `${count(n)} ${form(n, { one: "other", other: "others" })}`,
  before: "before",
  chart: {
    label: (title: string) => `${title}: chart. Left and right go through time, up and down through the keys, Enter opens what can be done, Shift with left or right chooses a range. The table below has the same figures.`,
    of: (name: string, value: string, time: string) => `${time}: ${name} ${value}`,
    zoom: (from: string, to: string) => `${from} to ${to}: Enter shows it`,
    averages: "Averages do not add up: they are drawn as lines.",
    ends: "Both ends of a packet count, so the keys may be more than all traffic together.",
  },
  table: {
    label: "The same as a table", trend: "Over time", min: "Min", avg: "Avg", p95: "p95", max: "Max", last: "Last", total: "Total", share: "Share", change: "Change",
    changeHint: "Against the period before", more: (n: string) => `${n} more`, showAll: "Show all",
  },
  menu: {
    title: (name: string) => `What to do with ${name}`, filter: "Only this", exclude: "Leave it out", page: "Open its page", details: "Details", other: "Show more keys",
  },
  details: {
    title: (name: string) => name, traffic: "In this range", share: "Share of all", local: "What is known here", waiting: "Asking the databases here…", nothing: "Nothing more is known here.",
    ripestat: "Open at RIPEstat", ripestatHint: "Another host: it learns that you asked about this.", country: "Country", network: "Network", name: "Name", kind: "Prefix is", seen: "Seen",
  },
  graphs: {
    title: "Saved graphs", starts: "To begin with", none: "None saved yet.", save: "Save", saveAs: "Save as new…", update: "Save changes", edit: "Rename", clone: "Clone", remove: "Delete…", more: (title: string) => `More for ${title}`, import: "Import graphs.json…",
    copyOf: (title: string) => `Copy of ${title}`, name: "Title", cancel: "Cancel", saveTitle: "Save this graph", editTitle: "Rename graph", removeTitle: "Delete graph?", removeWhy: (title: string) => `“${title}” will be gone for everybody. The history it shows stays.`, removeNow: "Delete",
    imported: (n: number) => `${count(n)} ${form(n, { one: "graph", other: "graphs" })} imported.`, looks: "Saving graphs needs the role operator.", changed: "changed", mask: "Time mask", failed: (why: string) => `That did not work: ${why}`,
    importHint: "FlowGraph’s graphs.json", tooLarge: "The file is too large to be one.", unavailable: "The saved graphs could not be read.",
  },
  starts: {
    countries: "Countries, last 24 h", networks: "Networks against the week before", talkers: "Largest hosts, last hour", services: "Services by packets", asn: "Traffic to other networks", asnBars: "Traffic to other networks, bars",
  },
  mask: { always: "Always", days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as readonly string[], dates: (from: string, to: string) => `${from || "…"} to ${to || "…"}` },
  export: {
    title: "Export", seriesCsv: "CSV, every interval", tableCsv: "CSV, the table", json: "JSON, as the server said it", svg: "SVG", png: "PNG", link: "Copy the link", copied: "Copied", copy: "Copy the table", print: "Print", masked: "Own addresses are masked: the privacy mode is on.",
    noPng: "This browser cannot make a PNG.",
  },
  state: {
    reading: (range: string, percent: string) => `Reading ${range} from the store, ${percent}\u202f%`, cancel: "Cancel", cancelled: "Cancelled. What is shown is from before.", again: "Try again", nothingBefore: "Cancelled before anything came.",
    refused: "This could not be shown.", broken: "The answer broke off. The server may have been restarted.", stale: (time: string) => `The connection is lost. What is shown is of ${time}.`,
    off: "History is switched off.", offWhy: "The store keeps nothing, so there is nothing to explore. keep under [history] in settings.toml switches it on.",
    nothingYet: "Nothing is stored yet.", nothingYetWhy: "The first intervals are written within a minute of traffic.",
    outside: "Nothing is kept of this range.", outsideWhy: (from: string, to: string) => `The store holds ${from} to ${to}.`, showKept: "Show what is kept",
    filtered: "Nothing matches the filter in this range.", clear: "Clear filter and selection", quiet: "No traffic in this range.", quietWhy: "The source was watched, and nothing came by.",
    notes: "Notes",
  },
};
