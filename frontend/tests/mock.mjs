// A stand-in for the server: serves dist/ under the same content policy and speaks the live protocol with invented,
// seeded, worldwide traffic. For development and the browser tests. Run: npm run mock [port]
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";
import { Alerts } from "./mock-alerts.mjs";
import { History } from "./mock-history.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.join(HERE, "..", "dist");
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "font-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].join("; ");
const KINDS = { html: "text/html; charset=utf-8", svg: "image/svg+xml", json: "application/json", js: "text/javascript", css: "text/css" };
const PAGES = /^\/(?:alerts(?:\/[\w-]+)?|explore|hosts|packets|block|system|wall|(?:country|as|prefix|host|domain)\/.+)?$/;
const FILES = new Set(["index.html", "icon.svg", "map.json", ...readdirSync(path.join(DIST, "assets")).map((name) => `assets/${name}`)]);
const LIMITS = { max_subs: 32, max_message: 4096, messages_per_second: 5, max_hz: 4 };
const BURST = 20;

/** [country, weight, networks]: weights in parts of the whole. */
const COUNTRIES = [
  ["US", 328, [[15169, "Google"], [8075, "Microsoft"], [16509, "Amazon"]]], ["DE", 179, [[24940, "Hetzner"], [3320, "Deutsche Telekom"]]],
  ["NL", 127, [[1136, "KPN"], [60781, "LeaseWeb"]]], ["GB", 78, [[2856, "BT"]]], ["FR", 59, [[16276, "OVH"], [3215, "Orange"]]], ["IE", 54, [[8075, "Microsoft"]]],
  ["SG", 35, [[45102, "Alibaba"]]], ["SE", 27, [[1257, "Tele2"]]], ["JP", 24, [[2914, "NTT"]]], ["BR", 20, [[28573, "Claro"]]], ["IN", 18, [[55836, "Jio"]]],
  ["CA", 17, [[577, "Bell"]]], ["AU", 15, [[1221, "Telstra"]]], ["CN", 14, [[4134, "Chinanet"]]], ["RU", 12, [[12389, "Rostelecom"]]], ["ES", 10, [[3352, "Telefonica"]]],
  ["IT", 9, [[3269, "TIM"]]], ["PL", 8, [[5617, "Orange PL"]]], ["CH", 7, [[3303, "Swisscom"]]], ["ZA", 5, [[3741, "IS"]]], ["KR", 4, [[4766, "Korea Telecom"]]],
  ["VN", 3, [[45899, "VNPT"]]], ["MX", 3, [[8151, "Uninet"]]], ["AR", 2, [[7303, "Telecom"]]], ["CL", 2, [[27651, "Entel"]]], ["NG", 1.2, [[29465, "MTN"]]],
  ["KE", 1, [[33771, "Safaricom"]]], ["EG", 1, [[8452, "TE Data"]]], ["TR", 3, [[9121, "Turk Telekom"]]], ["SA", 1.4, [[25019, "STC"]]], ["AE", 2, [[5384, "Etisalat"]]],
  ["IR", 0.4, [[58224, "TIC"]]], ["KZ", 0.3, [[9198, "Kazakhtelecom"]]], ["MN", 0.05, [[9934, "Mobinet"]]], ["ID", 2.6, [[7713, "Telkom"]]], ["TH", 1.8, [[7470, "True"]]],
  ["PH", 1.1, [[9299, "PLDT"]]], ["MY", 1.6, [[4788, "TM"]]], ["NZ", 1.3, [[4771, "Spark"]]], ["NO", 4, [[2119, "Telenor"]]], ["FI", 5, [[1759, "Telia"]]],
  ["DK", 3, [[3292, "TDC"]]], ["AT", 4, [[8447, "A1"]]], ["CZ", 3, [[5610, "O2"]]], ["UA", 2, [[15895, "Kyivstar"]]], ["RO", 2, [[8708, "RCS"]]], ["PT", 1.5, [[3243, "MEO"]]],
  ["GR", 1, [[6799, "OTE"]]], ["CO", 0.8, [[3816, "Colombia Tel"]]], ["PE", 0.5, [[6147, "Telefonica"]]], ["VE", 0.2, [[8048, "CANTV"]]], ["SC", 0.4, [[35916, "Multacom"]]],
  ["HK", 6, [[9304, "HGC"]]], ["TW", 3, [[3462, "HiNet"]]], ["MT", 0.3, [[12709, "Melita"]]], ["DZ", 0.3, [[36947, "Algerie"]]], ["MA", 0.4, [[6713, "IAM"]]], ["LU", 1, [[6661, "POST"]]],
  ["IS", 0.4, [[6677, "Siminn"]]], ["PA", 0.2, [[18809, "Cable Onda"]]], ["MU", 0.1, [[23889, "MT"]]],
];
/** Cities of some countries, with their share of its traffic; the rest is known by country only. */
const CITIES = {
  US: [["Ashburn", 39, -77.5, 0.4], ["Mountain View", 37.4, -122.1, 0.2], ["Seattle", 47.6, -122.3, 0.1], ["Chicago", 41.9, -87.6, 0.1], ["Dallas", 32.8, -96.8, 0.1], ["New York", 40.7, -74, 0.1]],
  DE: [["Frankfurt am Main", 50.1, 8.7, 0.5], ["Falkenstein", 50.5, 12.4, 0.3], ["Berlin", 52.5, 13.4, 0.15], ["Munich", 48.1, 11.6, 0.05]],
  NL: [["Amsterdam", 52.4, 4.9, 0.7], ["Rotterdam", 51.9, 4.5, 0.2], ["Enschede", 52.2, 6.9, 0.1]], GB: [["London", 51.5, -0.1, 0.8], ["Slough", 51.5, -0.6, 0.15], ["Leeds", 53.8, -1.5, 0.05]],
  FR: [["Paris", 48.9, 2.4, 0.6], ["Roubaix", 50.7, 3.2, 0.3], ["Strasbourg", 48.6, 7.8, 0.1]], IE: [["Dublin", 53.3, -6.3, 1]], SE: [["Stockholm", 59.3, 18.1, 1]],
  JP: [["Tokyo", 35.7, 139.7, 0.8], ["Osaka", 34.7, 135.5, 0.2]], BR: [["São Paulo", -23.5, -46.6, 0.8], ["Rio de Janeiro", -22.9, -43.2, 0.2]], AU: [["Sydney", -33.9, 151.2, 0.6], ["Melbourne", -37.8, 145, 0.4]],
  CA: [["Toronto", 43.7, -79.4, 0.6], ["Montreal", 45.5, -73.6, 0.4]], IN: [["Mumbai", 19.1, 72.9, 0.7], ["Chennai", 13.1, 80.3, 0.3]], RU: [["Moscow", 55.8, 37.6, 1]], CN: [["Beijing", 39.9, 116.4, 0.6], ["Shanghai", 31.2, 121.5, 0.4]],
};
const citiesOf = (country) => CITIES[country] ?? [[null, null, null, 1]];

const SERVICES = [["https", 62, "TCP"], ["quic", 14, "UDP"], ["dns", 4, "UDP"], ["ssh", 6, "TCP"], ["http", 5, "TCP"], ["imaps", 2, "TCP"], ["ntp", 0.4, "UDP"], ["tcp/8443", 1.6, "TCP"], ["udp/51820", 3, "UDP"], ["telnet", 0.1, "TCP"], ["rdp", 0.3, "TCP"], ["smtp", 0.8, "TCP"]];
const PLACES = [["private", 150], ["loopback", 2], ["cgnat", 1.9], ["link_local", 0.2], ["multicast", 0.5], ["broadcast", 0.1], ["bogon", 0.1], ["unknown", 1]];
const PROTOCOLS = [["TCP", 81], ["UDP", 18], ["ICMP", 0.4], ["ICMPv6", 0.2], ["GRE", 0.1]];

function random(seed) {
  let state = seed;
  return () => ((state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32);
}

/** The keys of Explore's dimensions: [key, name, weight]. */
function historyKeys(by, filter) {
  const shown = COUNTRIES.filter(passes(filter));
  const scaled = (keys) => keys.map(([key, name, weight]) => [String(key), name, weight * part(filter)]);
  const networks = () => [...shown.flatMap(([, weight, networks]) => networks.map(([asn, name]) => [asn, name, weight / networks.length])).reduce((all, [asn, name, weight]) => all.set(asn, [asn, name, weight + (all.get(asn)?.[2] ?? 0)]), new Map()).values()];
  const hosts = () => shown.map(([, weight], i) => [`198.51.100.${i + 1}`, i % 3 ? `edge-${i}.example-video.com` : null, weight]);
  const own = [["192.0.2.14", "web-1", 420], ["192.0.2.10", null, 160]];
  const ports = [[443, null, 760], [53, null, 40], [22, null, 60], [80, null, 50], [993, null, 20], [51820, null, 30], [8443, null, 16]];
  const all = {
    country: () => [...shown.map(([code, weight]) => [code, null, weight]), ["unknown", null, /(?<!not )country/.test(filter) ? 0 : 12]], continent: () => CONTINENTS.map(([code, name, has]) => [code, name, sum2(shown, has)]), place: () => PLACES.map(([key, weight]) => [key, null, weight]),
    asn: () => [...networks(), ["unknown", null, 9]], sas: networks, das: networks, nas: networks, pas: networks, prefix: () => shown.map(([, weight], i) => [`198.51.${i}.0/24`, null, weight]),
    host: () => [...own, ...hosts()], sa: () => [...own, ...hosts()], da: () => [...own, ...hosts()], pair: () => hosts().map(([host, , weight]) => [`192.0.2.14 > ${host}`, null, weight]),
    domain: () => DOMAINS.map(([key, weight]) => [key, null, weight]), os: () => [["Windows", null, 300], ["Linux", null, 250], ["unknown", null, 200], ["Android", null, 120]], mac: () => MACS.map(([key, weight, name]) => [key, name, weight]), vlan: () => [[10, null, 500], [20, null, 200]],
    service: () => SERVICES.map(([key, weight]) => [key, null, weight * 10]), protocol: () => PROTOCOLS.map(([key, weight]) => [key, null, weight * 10]), pr: () => PROTOCOLS.map(([key, weight]) => [key, null, weight * 10]), port: () => ports.map(([port, , weight]) => [port === 51820 ? "udp/51820" : `tcp/${port}`, { 443: "https", 53: "domain", 22: "ssh", 80: "http", 993: "imaps" }[port] ?? null, weight]), sp: () => ports, dp: () => ports,
    sn4: () => shown.map(([, weight], i) => [`198.51.${i}.0/24`, null, weight]), dn4: () => shown.map(([, weight], i) => [`198.51.${i}.0/24`, null, weight]), in: () => [[1, null, 600], [2, null, 300]], out: () => [[1, null, 300], [2, null, 600]],
  };
  return scaled((all[by] ?? (() => []))()).filter(([, , weight]) => weight > 0);
}
const sum2 = (countries, codes) => countries.filter(([code]) => codes.includes(code)).reduce((sum, [, weight]) => sum + weight, 0);

/** The invented network: totals that grow with every tick. */
class World {
  constructor({ scale = 1, home = true, publicPeers = true, alerts = "full", hosts = 1906, history = {}, role = "operator", collector = false } = {}) {
    Object.assign(this, { scale, home, publicPeers, hosts, role, collector, alerts: new Alerts(alerts), history: new History(historyKeys, history) });
    this.random = random(7);
    this.started = Date.now();
    this.base = 9e10;
    this.flowNumber = 1000;
    this.replay = { paused: false, speed: 1, position_ms: null };
    this.flows = [];
    this.series = [];
    for (let i = 300; i > 0; i -= 1) this.second(Math.floor(Date.now() / 1000) - i);
  }
  second(at) {
    const wave = 1 + 0.25 * Math.sin(at / 17) + 0.12 * Math.sin(at / 5.3) + 0.1 * (this.random() - 0.5);
    const row = [String(at), Math.round(5.1e7 * wave * this.scale), Math.round(2.3e7 * (2 - wave) * this.scale), Math.round(1e6 * this.scale), Math.round(4.5e4 * wave), Math.round(2.4e4 * (2 - wave)), 800];
    if (this.series.at(-1)?.[0] !== row[0]) this.series.push(row);
    if (this.series.length > 900) this.series.shift();
  }
  step() {
    this.alerts.step();
    this.second(Math.floor(Date.now() / 1000));
    this.base += 7.5e7 / 4;
    for (let i = 0; i < 2; i += 1) this.flow();
  }
  flow() {
    const [country, , networks] = COUNTRIES[Math.floor(this.random() ** 2.2 * COUNTRIES.length)];
    const [asn, name] = networks[Math.floor(this.random() * networks.length)];
    const [service, , protocol] = SERVICES[Math.floor(this.random() ** 2 * SERVICES.length)];
    const out = this.random() < 0.5;
    const inside = !this.publicPeers || this.random() < 0.06;
    const packets = Math.ceil(this.random() ** 4 * 2000);
    this.flowNumber += 1;
    this.flows.unshift([String(this.flowNumber), Date.now() - Math.floor(this.random() * 200), inside ? "internal" : out ? "out" : "in",
      inside ? `192.0.2.${2 + (this.flowNumber % 9)}` : `198.51.100.${this.flowNumber % 250}`, inside ? null : country, inside ? null : asn, inside ? null : name,
      inside ? "private" : "global", service, protocol, `192.0.2.${10 + (this.flowNumber % 70)}`, packets * 780, packets, ["active", "active", "closed", "reset"][this.flowNumber % 4]]);
    this.flows.length = Math.min(this.flows.length, 50);
  }
  counts(weight, lean = 0.62) {
    const bytes = Math.round((this.base * weight * this.scale) / 1000);
    const sent = Math.round(bytes * lean);
    return { packets_sent: Math.ceil(sent / 900), bytes_sent: sent, packets_received: Math.ceil((bytes - sent) / 500), bytes_received: bytes - sent, flows: Math.ceil(bytes / 2e6) };
  }
}

const lean = (key) => 0.35 + (createHash("md5").update(key).digest()[0] / 255) * 0.45;

/** Which countries a filter of the mock's small language lets through. */
function passes(filter) {
  const only = [...filter.matchAll(/(?<!not )country ([A-Z]{2})/g)].map((m) => m[1]);
  const without = [...filter.matchAll(/not country ([A-Z]{2})/g)].map((m) => m[1]);
  const asn = /(?<!not )asn (\d+)/.exec(filter)?.[1];
  const off = /(?<!not \(?)\bplace /.test(filter) && !filter.includes("not (src");
  return ([code, , networks]) => !off && (only.length === 0 || only.includes(code)) && !without.includes(code) && (!asn || networks.some(([n]) => String(n) === asn));
}

const part = (filter) => (/service|port|host|tcp|udp/.test(filter) ? 0.2 : 1);

const CONTINENTS = [["NA", "North America", ["US", "CA", "MX", "PA"]], ["EU", "Europe", ["DE", "NL", "GB", "FR", "IE", "SE", "ES", "IT", "PL", "CH", "NO", "FI", "DK", "AT", "CZ", "UA", "RO", "PT", "GR", "MT", "LU", "IS", "RU"]], ["AS", "Asia", ["SG", "JP", "IN", "CN", "KR", "VN", "TR", "SA", "AE", "IR", "KZ", "MN", "ID", "TH", "PH", "MY", "HK", "TW"]], ["SA", "South America", ["BR", "AR", "CL", "CO", "PE", "VE"]], ["OC", "Oceania", ["AU", "NZ"]], ["AF", "Africa", ["ZA", "NG", "KE", "EG", "SC", "DZ", "MA", "MU"]]];
const DOMAINS = [["unknown", 260, 412, null], ["example-video.com", 190, 31, ["DE", "IE", "NL", "US"]], ["example.org", 120, 4, ["NL"]], ["cdn-of-a-long-name.example.net", 80, 1200, ["DE", "FR", "GB", "IE", "JP", "SG", "US"]], ["mail.example", 20, 2, ["DE"]], ["updates.example", 9, 12, ["IE", "US"]], ["example.jp", 3, 1, ["JP"]]];
const MACS = [["52:54:00:12:34:56", 400, "nas", "QEMU"], ["00:00:0c:01:02:03", 250, null, "Cisco Systems, Inc"], ["da:a1:19:01:02:03", 60, "phone of Mara", "locally administered"], ["ff:ff:ff:ff:ff:ff", 1, null, "broadcast"]];
const CITY = "DB-IP City Lite 2026-11";
const whereabouts = (country, i) => { const [city, lat, lon] = citiesOf(country)[i % citiesOf(country).length]; return { city, lat, lon, region: city && `${city} Region`, accuracy_km: city && 11 }; };

/** The document of `wireglobe geo lookup`, and names. */
function detail(w, address) {
  const index = Math.max(0, Number(address.split(".")[3]) - 1) || 0;
  const local = address.startsWith("192.0.2.");
  const [country, , [[asn, as_name]]] = COUNTRIES[index % COUNTRIES.length];
  const at = Date.now();
  const names = local ? [{ name: "web-1", source: "dhcp", first_ms: w.started, last_ms: at }] : index % 3 === 2 ? []
    : [{ name: `edge-${index}.example-video.com`, source: "dns", first_ms: w.started, last_ms: at }, { name: "example-video.com", source: "tls", first_ms: w.started, last_ms: at }, { name: "a-rather-long-alias-of-a-content-network.cdn.example.net", source: "alias", first_ms: w.started, last_ms: at }];
  const geo = local ? { address, place: "private", hints: [], origins: [], source: {} } : {
    address, country, asn, as_name, origins: [asn], hints: index % 2 ? [] : ["cloud", "cdn"], prefix: `198.51.${index}.0/24`, prefix_exact: true, prefix_kind: index % 3 ? "announced prefix" : "covering range",
    place: "global", ...whereabouts(country, index), note: null,
    source: { country: "DB-IP Lite 2026-11", asn: "RouteViews 2026-11", prefix: "RouteViews 2026-11", as_name: "RouteViews 2026-11", city: whereabouts(country, index).city && CITY },
  };
  return { names, geo };
}

const SYSTEMS = [["Windows 10 or newer", "Windows", 92], ["Linux 4.20 or newer", "Linux", 88], [null, null, null], ["Android", "Android", 71], ["macOS or iOS", "macOS", 83], ["lwIP", "Network", 44]];
/** The document of `wireglobe hosts`. */
function hostRow(i, w) {
  const local = i % 9 === 0;
  const [label, family, confidence] = SYSTEMS[i % SYSTEMS.length];
  const [country, , [[asn, as_name]]] = COUNTRIES[i % COUNTRIES.length];
  const bytes = Math.round(5e12 / (i + 1));
  return {
    address: local ? `192.0.2.${i % 250}` : `198.51.${100 + Math.floor(i / 250)}.${i % 250}`, names: i % 3 ? [`host-${i}.example.net`] : [], mac: local ? ["52:54:00:12:34:56"] : [], vendor: local ? "QEMU" : null, device: null, local,
    first_seen: new Date(w.started).toISOString(), last_seen: new Date().toISOString(), packets: Math.round(bytes / 700), bytes, bytes_sent: Math.round(bytes * 0.7), bytes_received: Math.round(bytes * 0.3), flows: 10 + (i % 90),
    country: local ? null : country, asn: local ? null : asn, as_name: local ? null : as_name, prefix: null,
    os: label && { label, family, confidence, evidence: [{ kind: "syn", signature: "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0", label, line: "own:20", family, at: new Date().toISOString() }], contradictions: i % 7 === 1 ? ["the Server header says Windows, the answer's TTL and options say Linux"] : [] },
    link: i % 4 ? "Ethernet" : "PPPoE", mtu: i % 4 ? 1500 : 1492, distance: local ? 0 : i % 20, uptime_minutes: i % 5 ? null : i * 37, apps: i % 2 ? ["nginx 1.x"] : [], language: i % 6 === 1 ? "en" : null, nat: { score: i % 11 === 0 ? 3 : 0, reasons: [] }, open_ports: i % 2 ? ["tcp/443"] : [], unanswered: i % 13 === 2,
  };
}
const sent = (row, i) => ({ ...row, payload: i % 4 === 3 ? null : { encrypted: 8000 - i, text: i % 4 === 1 ? 2000 : 0 } });
function answerHosts(url, w) {
  const one = url.pathname.split("/")[4];
  const all = Array.from({ length: w.hosts }, (_, i) => hostRow(i, w));
  if (one) return { schema: 1, keys: 1, rows: [{ ...hostRow(1, w), address: decodeURIComponent(one) }] };
  return { schema: 1, keys: all.length, rows: (url.searchParams.get("payload") === "true" ? all.map(sent) : all).slice(0, Number(url.searchParams.get("top"))) };
}

/** The document of `wireglobe geo lookup` of an address whose network the settings name. */
const lookup = (address) => ({
  address, country: "NL", country_name: "Netherlands", asn: 64496, as_name: "Our second site", origins: [], hints: ["hosting"], prefix: "203.0.113.0/24", prefix_exact: true, prefix_kind: "set by the user", place: "global",
  city: null, region: null, lat: null, lon: null, accuracy_km: null, note: "rented until 2027", databases: { country: "DE", asn: 64500, as_name: "Example Transit", prefix: "203.0.0.0/16" },
  source: { country: "settings", asn: "settings", prefix: "settings", as_name: "settings", city: null },
});

/** The documents of the ring: lines of packets, or one with its layers. */
function packetRow(frame) {
  const web = frame % 3 !== 0;
  return {
    frame, time: new Date(1_770_000_000_000 + frame * 7).toISOString(), length: 74 + (frame % 60), caplen: 74, src: `198.51.100.${frame % 9}`, dst: "192.0.2.10", src_port: web ? 40_000 + (frame % 50) : null, dst_port: web ? 443 : null,
    protocol: web ? "TCP" : "ICMP", flags: web ? "S" : null, vlan: null, ttl: 57, fragment_offset: null, payload: frame % 60, src_name: null, dst_name: frame % 2 ? "web-1" : null,
  };
}
function answerPackets(url) {
  const frame = Number(url.pathname.split("/")[4] ?? 0);
  if (!frame) return Array.from({ length: Math.min(2500, Number(url.searchParams.get("limit"))) }, (_, i) => `${JSON.stringify(packetRow(i + 1))}\n`).join("");
  const layers = [
    { name: "Link", offset: 0, length: 14, fields: [["Destination", "02:00:00:00:00:01"], ["Source", "02:00:00:00:00:02"]] }, { name: "IPv4", offset: 14, length: 20, fields: [["Source", packetRow(frame).src], ["Time to live", "57"]] },
    { name: "TCP", offset: 34, length: 40, fields: [["Flags", "S"], ["Window", "64240"]] },
  ];
  return JSON.stringify({ packet: packetRow(frame), kept: 74, layers, hex: Array.from({ length: 74 }, (_, i) => ((i * 37) % 256).toString(16).padStart(2, "0")).join("") });
}

const SERIES = ["bytes_in", "bytes_out", "bytes_other", "packets_in", "packets_out", "packets_other"];
/** Invented rows of ten seconds. */
function rowsOf(w, from, to, part) {
  return Array.from({ length: Math.ceil((to - from) / 10) }, (_, i) => {
    const at = from + i * 10;
    const wave = 1 + 0.4 * Math.sin(at / 700) + 0.2 * Math.sin(at / 97);
    return [String(at), { ...Object.fromEntries(SERIES.map((name, n) => [name, Math.round([5.1e8, 2.3e8, 1e7, 4.5e5, 2.4e5, 8e3][n] * (n % 3 ? 2 - wave : wave) * w.scale * part)])), seconds: 10 }];
  });
}
/** What a range of the past says of the world: as much as its length is of an hour. */
function past(world, [from, to]) {
  const share = Math.min(1, (to - from) / 3600);
  return Object.assign(Object.create(world), { base: 9e10 * share, range: [from, to] });
}

/** topic → rows [key, {columns}] for a filter. */
const TOPICS = {
  status: (w) => Object.entries({
    source_kind: "demo", source: "demo", state: "replay", paused: w.replay.paused, speed: w.replay.speed || null, history_from_ms: Date.now() - 7_200_000, history_bytes: 12_345_678, position_ms: w.replay.position_ms ?? (Date.now() - w.started) % 180000, duration_ms: 180000, loops: 0, started_ms: w.started,
    frames: 12345678, packets: 12345000, bytes: 9876543210, skipped: 678, filtered: 0, lost_kernel: 0, lost_ring: 0, evicted_hosts: 0, evicted_flows: 0,
    counted_packets: 12345000, counted_bytes: 9876543210, counted_flows: 654321, flow_exports: null,
    ...(w.collector ? { source_kind: "flows", source: "0.0.0.0:2055", state: "live", frames: 0, packets: 0, bytes: 0, skipped: 0, flow_exports: { listen: "0.0.0.0:2055", datagrams: 120_000, records: 654_321, lost: 30, lost_queue: 0, dropped: 12, refused: {}, exporters: [{ address: "192.0.2.1", protocol: "netflow9", records: 654_321, bytes: 9_876_543_210, lost: 30, sampling: 1 }] } } : {}),
    local_networks: "192.0.2.0/24", local_networks_origin: "settings", geo_country_source: "DB-IP Lite", geo_country_date: "2026-11-01", geo_asn_source: "ip-location-db", geo_asn_date: "2026-11-01",
    attribution: [{ text: "IP to country by DB-IP, CC BY 4.0", url: "https://db-ip.com" }], error: null, version: "0.1.0", alerts_fault: w.alerts.broken ? "the disk is full" : null, alerts_suppressed: 0, alerts_tally: w.alerts.tally(),
    memory_bytes: 18_200_000, store_bytes: 734_003_200, store_limit_bytes: 4_294_967_296, store_file: "/var/lib/wireglobe/history-eth0.sqlite", store_left_out: 0, store_fault: null,
    memory_tables: [["hosts", 1906, 4_194_304, 22_145_925, 0], ["flows", 8214, 9_437_184, 56_371_445, 0], ["totals", null, 3_145_728, 15_099_494, 0], ["names", 512, 5_033_164, 5_033_164, 1234], ["fingerprints", 388, 409_600, 16_777_216, 0], ["filters", null, 65_536, null, 0], ["sessions", 2100, 1_048_576, 16_777_216, 0], ["packets", 65_536, 23_068_672, 23_068_672, 0], ["past", null, 12_345_678, 16_777_216, 0]].map(([name, rows, bytes, share_bytes, evicted]) => ({ name, rows, bytes, share_bytes, evicted })),
    store_retention: [["totals", 10, 6 * 3600], ["totals", 60, 7 * 86_400], ["totals", 600, 90 * 86_400], ["totals", 3600, 1095 * 86_400], ["flows", 60, 30 * 86_400]].map(([what, step_seconds, keep_seconds], i) => ({ what, step_seconds, keep_seconds, oldest_ms: i === 3 ? null : w.started - 5000 })),
    notify: [
      { name: "team", kind: "slack", target: "hooks.slack.com", sent: 12, failed: 0, retried: 1, digested: 94, dropped: 0, last_success: null, last_error: "hooks.slack.com answered 503", last_error_at: null, up: true },
      { name: "mail", kind: "mail", target: "mail.example.org:587", sent: 0, failed: 3, retried: 27, digested: 0, dropped: 0, last_success: null, last_error: "mail.example.org:587: connection refused", last_error_at: null, up: false },
    ],
  }).map(([key, value]) => [key, { value }]),
  kpi: (w) => {
    const last = w.series.at(-1);
    return Object.entries({ bits_per_second_in: last[1] * 8, bits_per_second_out: last[2] * 8, bits_per_second_other: last[3] * 8, packets_per_second: last[4] + last[5], flows_active: 8214 + (w.flowNumber % 90), hosts: 1906, countries: COUNTRIES.length, lost: 0 })
      .map(([key, value]) => [key, { value }]);
  },
  series: (w, f) => w.range ? rowsOf(w, Math.floor(w.range[0] / 10) * 10, w.range[1], f ? 0.3 : 1) : w.series.map(([key, ...v]) => [key, Object.fromEntries(SERIES.map((n, i) => [n, Math.round(v[i] * (f ? 0.3 : 1))]))]),
  /** Two hours by ten seconds. */
  span: (w, f) => rowsOf(w, Math.floor(Date.now() / 10_000) * 10 - 7190, Math.floor(Date.now() / 10_000) * 10 + 10, f ? 0.3 : 1),
  countries: (w, f) => (w.publicPeers ? COUNTRIES : []).filter(passes(f)).map(([key, weight]) => [key, { ...w.counts(weight * part(f), lean(key)), hosts: Math.ceil(weight * 3) }]),
  places: (w, f) => PLACES.filter(([key]) => !f || !/country|asn/.test(f) || f.includes(key)).map(([key, weight]) => [key, { ...w.counts(weight * part(f), 0.6), hosts: Math.ceil(weight) }]),
  asns: (w, f) => {
    const found = new Map();
    for (const [country, weight, networks] of COUNTRIES.filter(passes(f))) for (const [asn, name] of networks) found.set(String(asn), [country, name, (found.get(String(asn))?.[2] ?? 0) + weight / networks.length]);
    return [...found].map(([key, [country, name, weight]]) => [key, { name, country, ...w.counts(weight * part(f), lean(key)), hosts: Math.ceil(weight) }]);
  },
  hosts: (w, f) => COUNTRIES.filter(passes(f)).map(([country, weight, [[asn, as_name]]], i) => [`198.51.100.${i + 1}`, { name: null, country, asn, as_name, place: "global", local: false, ...w.counts(weight * part(f) * 0.6, lean(country)), first_ms: w.started, last_ms: Date.now(), ...whereabouts(country, i) }])
    .filter(([key]) => !/host ([\w.:]+)/.test(f) || f.includes(key))
    .concat([[`192.0.2.14`, { name: "web-1", country: null, asn: null, as_name: null, city: null, region: null, lat: null, lon: null, accuracy_km: null, place: "private", local: true, ...w.counts(420 * part(f), 0.4), first_ms: w.started, last_ms: Date.now() }]]),
  continents: (w, f) => CONTINENTS.map(([key, name, has]) => {
    const weight = COUNTRIES.filter(passes(f)).filter(([code]) => has.includes(code)).reduce((sum, [, part]) => sum + part, 0);
    return [key, { ...w.counts(weight * part(f), lean(key)), hosts: Math.ceil(weight), error: 0, hosts_error: 0, name }];
  }).filter(([, row]) => row.bytes_sent > 0),
  prefixes: (w, f) => COUNTRIES.filter(passes(f)).slice(0, 40).map(([country, weight, [[asn, name]]], i) => [`198.51.${i}.0/24`, { ...w.counts(weight * part(f) * 0.7, lean(country)), hosts: Math.ceil(weight), error: 0, hosts_error: 0, name, country, asn, prefix_kind: i % 3 ? "announced prefix" : "covering range" }]),
  domains: (w, f) => DOMAINS.filter(() => passes(f)(COUNTRIES[0]) || f.includes("domain")).map(([key, weight, hosts, countries], i) => [key, { ...w.counts(weight * part(f), 0.8), hosts, error: i === 5 ? 2e8 : 0, hosts_error: hosts > 100 ? 0.033 : 0, name: i === 1 ? `${key}, alias.example` : null, countries }]),
  macs: (w, f) => MACS.map(([key, weight, name, vendor]) => [key, { ...w.counts(weight * part(f), 0.5), hosts: 3, error: 0, hosts_error: 0, name, vendor }]),
  // 203.0.113.0/24 was not seen.
  details: (w, f) => (/host ([\w.:]+)/.test(f) && !/host 203\.0\.113\./.test(f) ? [[/host ([\w.:]+)/.exec(f)[1], detail(w, /host ([\w.:]+)/.exec(f)[1])]] : []),
  services: (w, f) => SERVICES.map(([key, weight]) => [key, w.counts(weight * 10 * part(f), 0.7)]),
  protocols: (w, f) => PROTOCOLS.map(([key, weight]) => { const c = w.counts(weight * 10 * part(f)); return [key, { packets: c.packets_sent + c.packets_received, bytes: c.bytes_sent + c.bytes_received, flows: c.flows }]; }),
  arcs: (w, f) => (w.home && w.publicPeers ? COUNTRIES : []).filter(passes(f)).flatMap(([country, weight], i) => citiesOf(country).flatMap(([city, lat, lon, share], c) =>
    ["in", "out"].filter((_, d) => (i + d + c) % 3 !== 0 || weight > 50).map((direction) => [`${country}:${lat === null ? "" : `${lat.toFixed(1)},${lon.toFixed(1)}`}:${direction}:0`,
      { country, city, region: city && `${city} Region`, lat, lon, accuracy_km: city && 11, direction, home: "0", bytes: Math.round(weight * share * 2e5 * (direction === "in" ? 1 : 0.5)), packets: Math.ceil(weight * share * 30), last_ms: Date.now() - ((i + c) * 397) % 9000 }]))),
  homes: (w) => [["0", w.home ? { label: "Amsterdam", lat: 52.37, lon: 4.9, country: "NL", origin: "settings" } : { label: "", lat: null, lon: null, country: null, origin: "unset" }]],
  alerts: (w) => w.alerts.rows(),
  feed: (w, f) => w.flows.filter((r) => !f || r[4] && passes(f)([r[4], 0, [[r[5], r[6]]]])).map(([key, ...v]) => [key, Object.fromEntries(["at_ms", "direction", "remote", "remote_country", "remote_asn", "remote_as_name", "remote_place", "service", "protocol", "local", "bytes", "packets", "state"].map((n, i) => [n, v[i]]))]),
};

const columnsOf = (rows) => Object.fromEntries(Object.keys(rows[0]?.[1] ?? {}).map((name) => [name, rows.map(([, row]) => row[name])]));

class Client {
  constructor(socket, world, epoch, clock) {
    Object.assign(this, { socket, world, epoch, clock, subs: new Map(), paused: false, visible: true, tokens: BURST, at: Date.now(), unacknowledged: 0 });
    socket.on("message", (data) => this.take(JSON.parse(String(data))));
  }
  send(message) { if (this.socket.readyState === 1) this.socket.send(JSON.stringify(message)); }
  take(message) {
    this.tokens = Math.min(BURST, this.tokens + ((Date.now() - this.at) / 1000) * LIMITS.messages_per_second) - 1;
    this.at = Date.now();
    if (this.tokens < 0) return this.socket.close(4429, "too many messages");
    if (message.type === "hello") this.send({ type: "welcome", v: 1, server: { name: "wireglobe", version: "0.1.0" }, epoch: this.epoch, seq: this.clock.seq, limits: LIMITS, resumed: false });
    if (message.type === "sub") this.subscribe(message);
    if (message.type === "unsub") this.subs.delete(message.id);
    if (message.type === "pause" || message.type === "resume") this.paused = message.type === "pause";
    if (message.type === "visible") this.visible = message.visible;
    if (message.type === "ack") this.unacknowledged = 0;
  }
  subscribe({ id, topic, filter, range }) {
    if (/\bfoo\b/.test(filter)) return this.send({ type: "err", code: "filter", hint: "unknown word", sub: id, at: filter.indexOf("foo"), len: 3, expected: "a protocol, host, net, port" });
    if (range && /tcp\[/.test(filter)) return this.send({ type: "err", code: "filter", hint: "works on frames, not on flows", sub: id, at: 0, len: filter.length, expected: null });
    if (range && range[0] < Date.now() / 1000 - 90 * 86_400) return this.send({ type: "err", code: "range", hint: "the past is kept for 60 days", sub: id, at: null, len: null, expected: null });
    this.subs.set(id, { topic, filter, range, known: null, seq: this.clock.seq });
    this.snap(id);
    this.send({ type: "tick", seq: this.clock.seq, at: Date.now(), lag_ms: 3 });
  }
  snap(id) {
    const sub = this.subs.get(id);
    const world = sub.range ? past(this.world, sub.range) : this.world;
    const about = sub.range ? { from: sub.range[0] * 1000, to: sub.range[1] * 1000, step: 10, packets_left_out: 0, flows_left_out: 0, gone_before: null } : undefined;
    const rows = TOPICS[sub.topic](world, sub.filter);
    sub.known = new Map(rows.map(([key, row]) => [key, JSON.stringify(row)]));
    sub.seq = this.clock.seq;
    this.send({ type: "snap", sub: id, topic: sub.topic, seq: sub.seq, at: Date.now(), from: this.world.started, keys: rows.map(([key]) => key), columns: columnsOf(rows), total: rows.total ?? rows.length, range: about });
  }
  tick() {
    if (this.paused || !this.visible || this.unacknowledged > 3) return;
    for (const [id, sub] of this.subs) if (!sub.range) this.delta(id, sub);
    this.unacknowledged += 1;
    this.send({ type: "tick", seq: this.clock.seq, at: Date.now(), lag_ms: 12 });
  }
  delta(id, sub) {
    const rows = TOPICS[sub.topic](this.world, sub.filter);
    const fresh = new Map(rows.map(([key, row]) => [key, JSON.stringify(row)]));
    const changed = rows.filter(([key]) => sub.known.get(key) !== fresh.get(key));
    const removes = [...sub.known.keys()].filter((key) => !fresh.has(key));
    sub.known = fresh;
    if (changed.length + removes.length === 0) return;
    this.send({ type: "delta", sub: id, from_seq: sub.seq, seq: this.clock.seq, at: Date.now(), from: this.world.started, keys: changed.map(([key]) => key), columns: columnsOf(changed), removes, total: rows.total ?? rows.length, conflated: 0 });
    sub.seq = this.clock.seq;
  }
}

function answerFilter(expression) {
  const at = expression.search(/\bfoo\b/);
  return at < 0 ? { ok: true, canonical: expression } : { ok: false, error: { at, len: 3, message: "\u201cfoo\u201d is not a word of the filter language", expected: "a protocol, host, net, port, country or asn", hint: null } };
}

async function respond(request, response, world) {
  const url = new URL(request.url, "http://mock");
  const headers = { "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };
  if (url.pathname === "/api/v1/session") return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ schema: 1, login: false, name: null, role: world.role }));
  if (url.pathname === "/api/v1/filter") return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify(answerFilter(url.searchParams.get("expr") ?? "")));
  const topic = /^\/api\/v1\/topics\/(\w+)$/.exec(url.pathname)?.[1];
  if (topic in TOPICS) {
    const rows = TOPICS[topic](world, url.searchParams.get("filter") ?? "").slice(0, Number(url.searchParams.get("k") ?? 50));
    return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ type: "snap", topic, keys: rows.map(([key]) => key), columns: columnsOf(rows), total: rows.length }));
  }
  if (url.pathname.startsWith("/api/v1/hosts")) {
    const refused = /\bport\b/.test(url.searchParams.get("filter") ?? "");
    const document = refused ? { error: { message: "\u201cport\u201d cannot be asked of a host" } } : answerHosts(url, world);
    return void response.writeHead(refused ? 400 : 200, { ...headers, "content-type": "application/json" }).end(JSON.stringify(document));
  }
  if (url.pathname === "/api/v1/geo/lookup") return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify(lookup(url.searchParams.get("address"))));
  if (url.pathname.startsWith("/api/v1/packets")) return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(answerPackets(url));
  if (url.pathname === "/api/v1/replay") {
    let body = "";
    for await (const part of request) body += part;
    Object.assign(world.replay, JSON.parse(body));
    return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ schema: 1, state: "replay", duration_ms: 180000, ...world.replay }));
  }
  if (url.pathname === "/api/v1/query") return world.history.query(url, response, headers);
  if (url.pathname === "/api/v1/query/span") return void response.writeHead(200, { ...headers, "content-type": "application/json" }).end(JSON.stringify(world.history.span));
  const graphs = await world.history.answerGraphs(request, url);
  if (graphs) return void response.writeHead(graphs.status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(graphs.body));
  const answer = await world.alerts.answer(request, url);
  if (answer) return void response.writeHead(answer.status, { ...headers, "content-type": answer.type ?? "application/json" }).end(answer.body);
  const file = PAGES.test(url.pathname) ? "index.html" : url.pathname.slice(1);
  if (!FILES.has(file)) return void response.writeHead(404, headers).end();
  const body = gzipSync(readFileSync(path.join(DIST, file)));
  response.writeHead(200, { ...headers, "content-type": KINDS[file.split(".").at(-1)], "content-encoding": "gzip" }).end(body);
}

/** Starts the stand-in; `stop` closes it at once, as a crash would. */
export async function startMock(port = 0, options = {}) {
  const world = new World(options);
  const clock = { seq: 100 };
  const epoch = Math.random().toString(36).slice(2);
  const http = createServer((request, response) => void respond(request, response, world));
  const sockets = new WebSocketServer({ server: http, path: "/api/v1/ws", handleProtocols: (offered) => (offered.has("wireglobe.v1") ? "wireglobe.v1" : false) });
  const clients = new Set();
  sockets.on("connection", (socket) => {
    const client = new Client(socket, world, epoch, clock);
    clients.add(client);
    socket.on("close", () => clients.delete(client));
  });
  const timer = setInterval(() => {
    clock.seq += 1;
    world.step();
    for (const client of clients) client.tick();
  }, 250);
  await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
  return {
    alerts: world.alerts, history: world.history,
    url: `http://127.0.0.1:${http.address().port}`, port: http.address().port,
    stop: () => new Promise((resolve) => {
      clearInterval(timer);
      for (const { socket } of clients) socket.terminate();
      http.closeAllConnections();
      http.close(() => resolve());
    }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { home: !process.argv.includes("--no-home"), publicPeers: !process.argv.includes("--private"), scale: process.argv.includes("--small") ? 1e-5 : 1, alerts: process.argv.includes("--quiet") ? "none" : process.argv.includes("--stateless") ? "stateless" : process.argv.includes("--many") ? "many" : "full" };
  console.log((await startMock(Number(process.argv[2] ?? 8471), options)).url);
}
