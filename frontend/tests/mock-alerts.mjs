// The stand-in's alerts: invented ones of every severity, and the routes of triage with a store in memory. `stateless`
// is a server that keeps no states: no columns and no routes for them; `none` has found nothing yet.

const CAVEAT = "A client that looks for a service on many ports of a host that is down, or a firewall that drops the answers, looks the same.";
const many = (prefix, n) => Array.from({ length: n }, (_, i) => `${prefix}${i + 7}`);

/** [rule, severity, title, summary, sources, targets, age s, count, threshold, observed, technique, country, asn, as_name]. */
const FOUND = [
  ["flood.syn", "critical", "SYN flood", "More than 1 900 addresses opened connections to 192.0.2.10:443 and finished almost none of them", many("203.0.113.", 24), ["192.0.2.10:443"], 14, 608211, { syn_per_second: 2000, finished_share: 0.2, sources: 50 }, { syn_per_second: 14214, finished_share: 0.004, sources: 1911 }, "T1498.001", "BR", 64501, "Example Hosting"],
  ["brute.ssh", "high", "SSH password guessing", "198.51.100.23 failed to log in to 192.0.2.22:22 1 284 times within an hour", ["198.51.100.23"], ["192.0.2.22:22"], 61, 1284, { failures: 20 }, { failures: 1284, banner_seen: "SSH-2.0-libssh_0.9.6" }, "T1110.001", "VN", 64502, "Example Access"],
  ["scan.port.tcp_syn", "high", "TCP SYN port scan", "203.0.113.77 tried 1 017 ports of 192.0.2.27 within a minute; 1 009 of them failed", ["203.0.113.77"], many("192.0.2.27:", 20), 185, 1017, { ports: 15 }, { ports: 1009, answered_share: 0.008 }, "T1046", "SC", 64503, "Example Transit"],
  ["dns.tunnel", "medium", "DNS tunnel suspected", "192.0.2.41 sent 312 names of 180 characters below example.org", ["192.0.2.41"], ["198.51.100.53:53"], 380, 312, { names: 100, length: 60 }, { names: 312, length: 181.25, domain_seen: "example.org" }, "T1071.004", null, null, null],
  ["beacon", "medium", "Beacon every 60.0 s", "192.0.2.63 calls 198.51.100.140:8443 every 60.0 s, 94 times so far, each time with nearly the same number of bytes and from another port", ["192.0.2.63"], ["198.51.100.140:8443"], 660, 94, { calls: 12, jitter: 0.1 }, { calls: 94, jitter: 0.02 }, "T1071", null, null, null],
  ["scan.host.arp", "low", "ARP sweep", "192.0.2.15 asked for 254 addresses of its network", ["192.0.2.15"], ["192.0.2.1", "192.0.2.2"], 1860, 254, { addresses: 32 }, { addresses: 254 }, "T1018", null, null, null],
  ["scan.host.icmp", "info", "Ping sweep", "2001:db8::7 pinged 40 hosts", ["2001:db8::7"], ["2001:db8:1::1"], 200_000, 40, { hosts: 16 }, { hosts: 40 }, "", "NL", 64504, "Example Cable"],
  ["scan.port.udp", "medium", "UDP port scan", "198.51.100.99 tried 64 UDP ports of 192.0.2.30", ["198.51.100.99"], ["192.0.2.30"], 900, 64, { ports: 30 }, { ports: 64 }, "T1046", "US", 64505, "Example Cloud"],
];
const NAMES = ["rule", "severity", "title", "summary", "sources", "targets", "age", "count", "threshold", "observed", "technique", "country", "asn", "as_name"];
const STATES = { acknowledge: "acknowledged", escalate: "escalated", close: "closed", reopen: "new" };
const RULES = FOUND.map(([rule, , title, , , , , , threshold]) => ({ rule, title, sees: rule === "scan.port.tcp_syn" ? "15 different ports of one host failed within a minute, opened by SYNs with few options" : `What ${title} does, often enough within its window`, on: rule !== "beacon", settings: Object.entries(threshold).map(([name, value]) => ({ name, value, default: name === "ports" ? 20 : value, unit: name.endsWith("share") ? "ratio" : name === "ports" ? "different failed ports" : "" })) }));

/** Alerts of the newest that the topic has. */
const NEWEST = 300;

/** 700 more of the same, each older than the one before; every hundredth is closed. */
const older = (like, started) => Array.from({ length: 700 }, (_, i) => ({
  ...like, id: String(i + 1001).padStart(8, "0"), title: `Ping sweep ${i + 1}`, last_ms: started - 300_000_000 - i * 60_000, first_ms: started - 301_000_000 - i * 60_000,
  state: i % 100 === 99 ? "closed" : "new", history: [],
}));

/** What a packet counter of 24 bins would have seen: the end is the busiest. */
function timelineOf({ first_ms, last_ms, count }) {
  const weights = Array.from({ length: 24 }, (_, i) => 1 + i * ((i * 7) % 5));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map((weight) => Math.floor((count * weight) / whole));
  counts[23] += count - counts.reduce((sum, n) => sum + n, 0);
  return { from: new Date(first_ms).toISOString(), bin_seconds: Math.max(0.001, (last_ms - first_ms) / 24_000), counts };
}

const json = (status, body) => ({ status, body: JSON.stringify({ schema: 1, ...body }) });
const refuse = (status, message) => ({ status, body: JSON.stringify({ error: { message } }) });

async function bodyOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text || "{}");
}

export class Alerts {
  constructor(kind) {
    this.kind = kind;
    /** What a full disk does: nothing is stored. */
    this.broken = false;
    const started = Date.now();
    this.all = kind === "none" ? [] : FOUND.map((cells, i) => {
      const { age, ...alert } = Object.fromEntries(NAMES.map((name, n) => [name, cells[n]]));
      return { id: String(i + 1).padStart(8, "0"), ...alert, caveat: CAVEAT, first_ms: started - age * 1000 - 120_000, last_ms: started - age * 1000, state: "new", reason: null, comments: 0, evidence: i % 3 === 2 ? 0 : 512, history: [] };
    });
    if (kind === "many") this.all.push(...older(this.all.at(-1), started));
    if (kind === "full") this.all[4].state = "acknowledged";
    this.mutes = kind === "full" ? [{ id: "1", filter: "alert scan.port.udp", reason: "our own scanner", created: new Date(started).toISOString(), expires: new Date(started + 6e8).toISOString(), hits: 412, last_hit: new Date(started).toISOString() },
      { id: "2", filter: "alert scan.host.arp", reason: "the inventory of last month", created: new Date(started - 9e8).toISOString(), expires: new Date(started - 1e8).toISOString(), expired: true, hits: 3, last_hit: null }] : [];
  }
  step() {
    const [first] = this.all;
    if (first) Object.assign(first, { count: first.count + 700, last_ms: Date.now() });
  }
  hidden(alert) { return this.mutes.some(({ filter, expired }) => !expired && this.matches(filter, alert)); }
  matches(filter, alert) {
    const rule = /alert (\S+)/.exec(filter)?.[1];
    const host = /src host (\S+)/.exec(filter)?.[1];
    return (!rule || alert.rule === rule || alert.rule.startsWith(`${rule}.`)) && (!host || alert.sources.includes(host));
  }
  document(alert) {
    const { history, state, reason, comments, evidence, ...plain } = alert;
    return this.kind === "stateless" ? plain : { ...plain, timeline: timelineOf(alert), state, reason, comments, evidence, muted: this.hidden(alert) };
  }
  get newest() { return [...this.all].sort((a, b) => b.last_ms - a.last_ms || (a.id < b.id ? 1 : -1)); }
  rows() {
    const rows = this.newest.slice(0, NEWEST).map((alert) => { const { id, ...row } = this.document(alert); return [id, row]; });
    return Object.assign(rows, { total: this.all.length });
  }
  /** How many the tabs have, of all. */
  tally() {
    if (this.kind === "stateless") return null;
    const count = (holds) => this.all.filter(holds).length;
    const of = (...states) => count((alert) => states.includes(alert.state) && !this.hidden(alert));
    return { inbox: of("new", "acknowledged"), escalated: of("escalated"), closed: of("closed"), muted: count((alert) => this.hidden(alert)), all: this.all.length, muted_of: this.all.length };
  }
  /** A page of the whole store. */
  page(asked) {
    const states = (asked.get("state") ?? "").split(",").filter(Boolean);
    const [last, id] = (asked.get("before") || "9e15-1").split("-").map(Number);
    const limit = Number(asked.get("limit") ?? 2000);
    const found = this.newest.filter((alert) => (states.length === 0 || states.includes(alert.state)) && (alert.last_ms < last || (alert.last_ms === last && Number(alert.id) < id)));
    const alerts = found.slice(0, limit);
    const end = alerts.at(-1);
    const times = (alert) => ({ ...this.document(alert), first_seen: new Date(alert.first_ms).toISOString(), last_seen: new Date(alert.last_ms).toISOString() });
    return json(200, { alerts: alerts.map(times).reverse(), older: found.length > limit ? `${end.last_ms}-${Number(end.id)}` : null });
  }
  async answer(request, url) {
    const [, , version, what, id, action] = url.pathname.split("/");
    if (version === "v1" && what === "notify" && action === "test") return id === "team" ? json(200, { channel: id, answer: "hooks.slack.com answered 200 OK" }) : refuse(502, "mail.example.org:587: connection refused");
    if (version !== "v1" || !["alerts", "block", "mutes", "rules"].includes(what)) return null;
    if (what === "block") return id === "dry-run" ? this.dryRun(url) : this.blockList(url);
    if (what === "rules") return json(200, { rules: RULES });
    if (this.kind === "stateless" && (what === "mutes" || id)) return { status: 404, type: "text/plain", body: "there is no such page\n" };
    return what === "mutes" ? this.mute(request, url, id) : this.alert(request, url, id, action);
  }
  async alert(request, url, id, action) {
    if (!id) return this.page(url.searchParams);
    if (request.method === "POST") return this.steps(id, await bodyOf(request));
    const alert = this.all.find((alert) => alert.id === id);
    if (!alert) return refuse(404, "there is no such alert");
    if (action === "packets") return alert.evidence ? { status: 200, type: "application/vnd.tcpdump.pcap", body: "\n\r\r\n" } : refuse(404, "no packets were kept");
    return json(200, { alert: this.document(alert), history: alert.history });
  }
  /** All or none. */
  steps(action, { ids, comment, reason }) {
    const meant = ids.map((id) => this.all.find((alert) => alert.id === id));
    if (meant.includes(undefined)) return refuse(404, "there is no such alert; nothing was changed");
    if (this.broken) return refuse(503, "it could not be stored: the disk is full");
    if ((action === "close" && !reason) || (action === "comment" && !comment)) return refuse(422, `${action} needs a ${action === "close" ? "reason" : "comment"}`);
    for (const alert of meant) {
      if (action === "comment") alert.comments += 1;
      else Object.assign(alert, { state: STATES[action], reason: action === "close" ? reason : null });
      alert.history.push({ at: new Date().toISOString(), action, comment: comment ?? null, reason: reason ?? null });
    }
    return json(200, { alerts: meant.map((alert) => this.document(alert)) });
  }
  blockList(url) {
    const targets = (url.searchParams.get("targets") ?? "").split(",");
    if (targets.includes("nobody")) return refuse(400, "nobody: expected an AS number, a country or a network");
    return { status: 200, type: "text/plain", body: `# ${url.searchParams.get("format")}, expires ${url.searchParams.get("expires")}\n${targets.join("\n")}\n` };
  }
  dryRun(url) {
    const targets = (url.searchParams.get("targets") ?? "").split(",");
    if (targets.every((target) => target.startsWith("192.0.2."))) return refuse(400, `nothing is left to block: ${targets[0]}/32 (private)`);
    const rows = targets.map((address, i) => ({ address, name: i ? null : "edge.example.net", country: "VN", as_name: "Example Access", wanted: i === 0, own: false }));
    const hit = { packets: 1284 * targets.length, hosts: targets.length, flows: 40 * targets.length, wanted: 1, own: 0 };
    return json(200, { from: new Date(Date.now() - 185_000).toISOString(), to: new Date().toISOString(), totals: { packets: 412_000 }, hit, rows });
  }
  async mute(request, url, id) {
    if (id === "preview") {
      const filter = url.searchParams.get("filter") ?? "";
      if (/\bfoo\b/.test(filter)) return refuse(422, "\u201cfoo\u201d is not a word of the filter language");
      const found = this.all.filter((alert) => this.matches(filter, alert));
      return json(200, { matches: found.length, of: this.all.length, alerts: found.slice(0, 10).map((alert) => this.document(alert)) });
    }
    if (request.method === "GET") return json(200, { mutes: this.mutes });
    if (request.method === "DELETE") {
      this.mutes = this.mutes.filter((mute) => mute.id !== id);
      return { status: 204, body: "" };
    }
    const { filter, reason, expires } = await bodyOf(request);
    if (!reason) return refuse(422, "a mute needs a reason");
    this.mutes.push({ id: String(this.mutes.length + 2), filter, reason, created: new Date().toISOString(), expires: new Date(Date.now() + parseInt(expires, 10) * 864e5).toISOString(), hits: 0, last_hit: null });
    return json(201, { mute: this.mutes.at(-1) });
  }
}
