// The stand-in's store: answers /api/v1/query, /query/span and /graphs with invented traffic that depends on time and key alone, so
// that the same question has the same answer.

const DAY = 86_400;
const HASH = 2_654_435_761;
/** A number from 0 to 1 for a key and a time. */
const noise = (a, b) => ((((Math.floor(a) * HASH) ^ (Math.floor(b) * 40_503)) * HASH) >>> 0) / 2 ** 32;
const iso = (second) => new Date(second * 1000).toISOString().replace(".000Z", "Z");
const COUNTED = ["bytes", "packets", "flows"];
const sum = (values) => values.reduce((all, value) => all + (value ?? 0), 0);

/** Bytes a second of a key of some weight: more in the evening, less on Sundays, a spike now and then. */
function bytesAt(weight, key, second) {
  const hour = (second % DAY) / 3600;
  const wave = 1 + 0.45 * Math.sin(((hour - 12 - (key % 5)) / 24) * 2 * Math.PI) + 0.12 * Math.sin(second / 2300 + key) + 0.16 * (noise(key, second / 600) - 0.5);
  const sunday = Math.floor(second / DAY + 4) % 7 === 0 ? 0.8 : 1;
  return weight * 1.2e5 * Math.max(0.05, wave) * sunday * (noise(key + 7, second / 7200) > 0.985 ? 2.6 : 1);
}

const measured = (row, i, measure, interval) => {
  const [bytes, packets] = [row.bytes[i], row.packets[i]];
  if (bytes === null) return null;
  return { bps: (bytes * 8) / interval, pps: packets / interval, bpp: packets ? bytes / packets : null }[measure] ?? row[measure][i];
};

function summed(row, { measure, interval }, total) {
  const sums = Object.fromEntries(COUNTED.map((what) => [what, sum(row[what])]));
  const seconds = Math.max(1, row.bytes.length * interval);
  const values = row.bytes.map((_, i) => measured(row, i, measure, interval)).filter((value) => value !== null);
  const sorted = [...values].sort((a, b) => a - b);
  return {
    ...row, totals: { ...sums, bps: (sums.bytes * 8) / seconds, pps: sums.packets / seconds, bpp: sums.packets ? sums.bytes / sums.packets : null },
    percent: Object.fromEntries(COUNTED.map((what) => [what, total && total[what] ? (sums[what] / total[what]) * 100 : 100])),
    summary: { min: sorted[0] ?? null, avg: values.length ? sum(values) / values.length : null, p95: sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? null, max: sorted.at(-1) ?? null, last: values.at(-1) ?? null, total: sum(values) },
  };
}

const plus = (rows, length) => Object.fromEntries(COUNTED.map((what) => [what, Array.from({ length }, (_, i) => (rows.every((row) => row[what][i] === null) ? null : sum(rows.map((row) => row[what][i]))))]));
const NICE = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY, 2 * DAY];

/** Two hours of the day before yesterday were not watched. */
const gapOf = (now) => { const day = Math.floor(now / DAY) * DAY - 2 * DAY; return { from: day + 9 * 3600, to: day + 11 * 3600 }; };

export class History {
  /** `keys`: the keys of a dimension under a filter, [key, name, weight]. */
  constructor(keys, { enabled = true, days = 60, empty = false } = {}) {
    Object.assign(this, { keys, enabled, days, empty, graphs: [], number: 0 });
  }
  get span() {
    const now = Math.floor(Date.now() / 10_000) * 10;
    const from = this.enabled && !this.empty ? now - this.days * DAY : null;
    return { schema: 1, from: from && iso(from), to: from && iso(now), steps: from ? [{ seconds: 10, from: iso(now - DAY) }, { seconds: 60, from: iso(now - 7 * DAY) }, { seconds: 600, from: iso(from) }] : [], flows_from: from && iso(now - DAY), bytes: 6_200_000_000, enabled: this.enabled };
  }
  part(wish, from, to) {
    const { interval, side } = wish;
    const at = [];
    for (let second = Math.floor(from / interval) * interval; second < to; second += interval) at.push(second);
    const gap = gapOf(Date.now() / 1000);
    const known = (second) => !this.empty && second >= Date.now() / 1000 - this.days * DAY && second < Date.now() / 1000 && !(second >= gap.from && second < gap.to);
    const half = { source: 0.62, destination: 0.38 }[side] ?? 1;
    const rows = this.keys(wish.by, wish.filter).map(([key, name, weight], i) => {
      const bytes = at.map((second) => (known(second) ? Math.round(bytesAt(weight * half, i, second) * interval) : null));
      return { key, name, bytes, packets: bytes.map((value) => value && Math.max(1, Math.round(value / ((500 + (i % 7) * 120) * (0.85 + 0.3 * noise(i + 31, value / 9e6)))))), flows: bytes.map((value) => value && Math.max(1, Math.round(value / 2e5))) };
    }).filter((row) => sum(row.bytes) > 0);
    const total = summed(plus(rows, at.length), wish);
    const sort = wish.sort === "bps" ? "bytes" : wish.sort === "pps" ? "packets" : wish.sort;
    const all = rows.map((row) => summed(row, wish, total.totals)).sort((a, b) => (wish.order === "asc" ? 1 : -1) * (a.totals[sort] - b.totals[sort]));
    const top = wish.top || all.length;
    const rest = all.slice(top);
    return { at: at.map(iso), keys: all.slice(0, top), other: rest.length ? { keys: rest.length, ...summed(plus(rest, at.length), wish, total.totals) } : null, total, gaps: gap.to > from && gap.from < to ? [{ from: iso(gap.from), to: iso(gap.to) }] : [] };
  }
  document(query) {
    const [from, to] = [query.get("from"), query.get("to")].map((text) => Date.parse(text) / 1000);
    const interval = Number(query.get("interval")) || NICE.find((step) => (to - from) / step <= 300) || DAY;
    const wish = { by: query.get("by"), measure: query.get("measure") ?? "bytes", sort: query.get("sort") ?? query.get("measure") ?? "bytes", order: query.get("order") ?? "desc", top: Number(query.get("top") ?? 10), side: query.get("side") ?? "both", filter: query.get("filter") ?? "", interval };
    const now = this.part(wish, from, to);
    const before = query.get("previous") === "true" ? this.part(wish, 2 * from - to, from) : null;
    return { schema: 1, ...wish, per: query.get("per") ?? "range", from: iso(from), to: iso(to), ...now, previous: before && { from: iso(2 * from - to), to: iso(from), ...before }, notes: [], source: "store" };
  }
  async query(url, response, headers) {
    const refuse = (status, message) => void response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
    if (!this.enabled) return refuse(503, "history is switched off: keep under [history] in settings.toml");
    if (/\bfoo\b/.test(url.searchParams.get("filter") ?? "")) return refuse(400, "\u201cfoo\u201d is not a word of the filter language");
    const document = this.document(url.searchParams);
    const days = (Date.parse(document.to) - Date.parse(document.from)) / 1000 / DAY;
    const steps = days > 20 ? 12 : 2;
    response.writeHead(200, { ...headers, "content-type": "application/x-ndjson" });
    for (let done = 0; done < steps && !response.destroyed; done += 1) {
      response.write(`${JSON.stringify({ done, of: steps })}\n`);
      await new Promise((resolve) => setTimeout(resolve, days > 20 ? 120 : 10));
    }
    response.end(`${JSON.stringify(document)}\n`);
  }
  saved({ title, query, range, chart, percent, mask, id }) {
    const now = new Date().toISOString();
    this.number += 1;
    return { id: id ?? `00000000-0000-4000-8000-${String(this.number).padStart(12, "0")}`, title, query, range, chart, percent: percent ?? false, created: now, updated: now, mask: mask ?? null };
  }
  imported(graph) {
    const { Query, Draw, Scheduler } = graph;
    const mask = (Scheduler?.Schedules ?? []).map((of) => ({ start_date: of.StartDate ?? null, stop_date: of.StopDate ?? null, start_time: of.StartTime ?? null, stop_time: of.StopTime ?? null, days: of.DoW ?? [] }));
    return this.saved({ id: graph.ID, title: graph.Title, range: "-24h", chart: Draw?.How ?? "area", percent: /%/.test(Draw?.What ?? ""), mask: mask.length ? mask : null, query: { by: Query.AggrField, measure: (Draw?.What ?? "bytes").replace("%", "").trim(), sort: Query.OrderBy?.ColName ?? "bytes", order: Query.OrderBy?.Order === "Asc" ? "asc" : "desc", top: Query.TopN ?? 10, per: "interval", filter: Query.Filter ?? "", side: "both", previous: false } });
  }
  /** GET, POST, PUT, DELETE of /api/v1/graphs; null for another address. */
  async answerGraphs(request, url) {
    const [, , , , id] = url.pathname.split("/");
    if (!url.pathname.startsWith("/api/v1/graphs")) return null;
    let body = "";
    for await (const part of request) body += part;
    const at = this.graphs.findIndex((graph) => graph.id === id);
    const said = (graphs) => ({ status: 200, body: { schema: 1, graphs } });
    if (request.method === "GET") return said(id ? this.graphs.filter((graph) => graph.id === id) : this.graphs);
    if (request.method === "POST" && id === "import") {
      const found = Object.values(JSON.parse(body)).filter((graph) => graph?.Query).map((graph) => this.imported(graph));
      if (found.length === 0) return { status: 400, body: { error: { message: "graphs.json: expected graphs with ID, Title and Query" } } };
      this.graphs.push(...found);
      return said(found);
    }
    if (request.method === "POST") return said([this.graphs[this.graphs.push(this.saved(JSON.parse(body))) - 1]]);
    if (at < 0) return { status: 404, body: { error: { message: "there is no such graph" } } };
    if (request.method === "DELETE") return said(this.graphs.splice(at, 1));
    this.graphs[at] = { ...this.graphs[at], ...JSON.parse(body), updated: new Date().toISOString() };
    return said([this.graphs[at]]);
  }
}
