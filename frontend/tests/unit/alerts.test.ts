// Alerts as the page reads them: order, tabs, the page's own filter, and what is made of an alert for other tools.

import { describe, expect, test } from "vitest";
import { alertFilter } from "../../src/lib/alertfilter";
import { accused, addressOf, blockCommand, brief, byAddress, fromDocument, inTab, keepOrder, muteFilter, open, readAlerts, techniqueUrl, trafficFilter, type Alert } from "../../src/lib/alerts";
import { inbox, ruleChoices } from "../../src/lib/inbox";
import { address, readUrl, USUAL } from "../../src/lib/urlstate";
import { Table } from "../../src/table";

const ALERT: Alert = {
  id: "00000012", rule: "scan.port.tcp_syn", severity: "high", title: "TCP SYN port scan", summary: "", sources: ["203.0.113.77"], targets: ["192.0.2.27"],
  first: 1, last: 2, count: 3, timeline: null, figures: [], words: [], technique: "T1046", country: "SC", asn: 64500, network: "", caveat: "", state: "new", reason: "", comments: 0, muted: false, evidence: 0,
};
const alert = (change: Partial<Alert>): Alert => ({ ...ALERT, ...change });

function table(columns: Record<string, unknown[]>, keys: string[]): Table {
  const made = new Table();
  made.snap({ type: "snap", sub: 0, topic: "alerts", seq: 1, at: 0, from: 0, keys, columns, total: keys.length, total_error: 0, dropped: 0, range: null });
  return made;
}

describe("reading", () => {
  test("the gravest come first, then the latest", () => {
    const found = readAlerts(table({ severity: ["low", "critical", "critical"], last_ms: [9, 1, 2] }, ["1", "2", "3"]));
    expect(found.map(({ id }) => id)).toEqual(["3", "2", "1"]);
  });
  test("without columns of triage every alert is new, visible and without packets", () => {
    const [only] = readAlerts(table({ rule: ["beacon"], severity: ["grave"] }, ["1"]));
    expect(only).toMatchObject({ state: "new", muted: false, comments: 0, evidence: 0, severity: "info", sources: [] });
  });
  test("figures stand against their thresholds, words beside them", () => {
    const [only] = readAlerts(table({ observed: [{ ports: 20, share: 0.5, banner_seen: "SSH-2.0" }], threshold: [{ ports: 15 }] }, ["1"]));
    expect(only?.figures).toEqual([{ name: "ports", observed: 20, threshold: 15 }, { name: "share", observed: 0.5, threshold: null }]);
    expect(only?.words).toEqual([["banner", "SSH-2.0"]]);
  });
  test("a document says the same as a row", () => {
    const timeline = { from: "2026-11-21T10:00:00.000000000Z", bin_seconds: 0.5, counts: [1, 2] };
    const row = { rule: "beacon", severity: "high", title: "A", summary: "B", sources: ["192.0.2.1"], targets: [], count: 3, observed: { calls: 3 }, threshold: {}, timeline, state: "closed", reason: "other", comments: 1, muted: true, evidence: 2 };
    const [first_seen, last_seen] = ["2026-11-21T10:00:00.123456789Z", "2026-11-21T11:00:00Z"];
    const [first_ms, last_ms] = [Date.parse("2026-11-21T10:00:00.123Z"), Date.parse(last_seen)];
    const cells = Object.fromEntries(Object.entries({ ...row, first_ms, last_ms }).map(([name, value]) => [name, [value]]));
    expect(fromDocument({ id: "00000007", ...row, first_seen, last_seen })).toEqual(readAlerts(table(cells, ["00000007"]))[0]);
    expect(fromDocument({ id: "1", ...row }).timeline).toEqual({ from: Date.parse("2026-11-21T10:00:00Z"), width: 500, counts: [1, 2] });
  });
  test("rows keep their places within a severity; a new one comes before them", () => {
    const [a, b, c] = [alert({ id: "a" }), alert({ id: "b" }), alert({ id: "c" })];
    expect(keepOrder(["a", "b"], [b, c, a, alert({ id: "d", severity: "low" })]).map(({ id }) => id)).toEqual(["c", "a", "b", "d"]);
  });
});

describe("inbox", () => {
  const alerts = [alert({}), alert({ id: "2", state: "closed" }), alert({ id: "3", muted: true }), alert({ id: "4", state: "escalated", severity: "low", rule: "beacon" })];
  test("muted and closed alerts are nobody's work", () => {
    expect(alerts.map(open)).toEqual([true, false, false, true]);
    expect((["inbox", "escalated", "closed", "muted", "all"] as const).map((tab) => inTab(tab, alerts).length)).toEqual([1, 1, 1, 1, 4]);
  });
  test("what is left out is counted", () => {
    const found = inbox(alerts, { ...USUAL, tab: "all", severity: "medium", rule: "scan" }, "");
    expect([found.shown.length, found.left, found.ignored]).toEqual([3, 1, false]);
  });
  test("a family is a choice when it has several rules", () => {
    expect(ruleChoices([alert({}), alert({ rule: "scan.host.arp" }), alert({ rule: "flood.syn" })])).toEqual(["flood.syn", "scan", "scan.host.arp", "scan.port.tcp_syn"]);
  });
});

describe("the page's filter over alerts", () => {
  test.each([
    ["", true], ["country SC", true], ["country NL", false], ["not country NL", true], ["asn 64500", true], ["host 203.0.113.77", true], ["host 192.0.2.27", true],
    ["src host 192.0.2.27", false], ["dst net 192.0.2.0/24", true], ["net 203.0.113.64/26 and alert scan.port", true], ["alert scan.port and src net 198.51.100.0/24", false],
    ["alert scan.po", false], ["severity medium", true], ["severity critical", false],
  ])("%s", (filter, expected) => {
    expect(alertFilter(filter)?.(ALERT)).toBe(expected);
  });
  test.each(["tcp port 443", "country SC or country NL", "dst country NL", "net 300.0.0.0/8", "(host 192.0.2.1)"])("%s is not about alerts", (filter) => {
    expect(alertFilter(filter)).toBeNull();
  });
  test("IPv6 networks hold what they hold, and no IPv4", () => {
    const six = alert({ sources: ["2001:db8::7"], targets: ["[2001:db8:1::1]:22"] });
    expect([alertFilter("net 2001:db8::/48")?.(six), alertFilter("dst host 2001:db8:1:0::1")?.(six), alertFilter("net 0.0.0.0/0")?.(six)]).toEqual([true, true, false]);
  });
});

describe("what is made of an alert", () => {
  test("parties are told with their ports", () => {
    expect(["192.0.2.1:22", "192.0.2.1", "[2001:db8::1]:22", "2001:db8::1"].map(addressOf)).toEqual(["192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::1"]);
    expect(byAddress(["192.0.2.1:22", "192.0.2.1:23", "[2001:db8::1]:22"])).toEqual([{ address: "192.0.2.1", ports: ["22", "23"] }, { address: "2001:db8::1", ports: ["22"] }]);
    expect([brief([]), brief(["192.0.2.1:22"]), brief(["192.0.2.1:22", "192.0.2.1:23"]), brief(["192.0.2.1", "192.0.2.2"])]).toEqual(["", "192.0.2.1:22", "192.0.2.1, 2 ports", "192.0.2.1 +1"]);
  });
  test("a line for a shell holds addresses and nothing else from the wire", () => {
    const here = "http://127.0.0.1:8470";
    expect(blockCommand([ALERT], here)).toBe("wireglobe block --alerts 00000012 --format nft --expires 7d");
    expect(blockCommand([ALERT, alert({ id: '7"; reboot', rule: '"; reboot' })], "http://sensor:80")).toBe("wireglobe block --alerts 00000012 --alerts 7 --server http://sensor:80 --format nft --expires 7d");
    expect(blockCommand([alert({ sources: ["$(reboot)"] })], here)).toBe("");
    expect(accused([ALERT, alert({ sources: ["$(reboot)", "2001:db8::7", "203.0.113.77"] })])).toEqual(["203.0.113.77", "2001:db8::7"]);
  });
  test("filters for its traffic and for a mute", () => {
    expect(trafficFilter(alert({ targets: ["192.0.2.1:22", "192.0.2.1:23", "192.0.2.2"] }))).toBe("host 203.0.113.77 and (host 192.0.2.1 or host 192.0.2.2)");
    expect(muteFilter([ALERT])).toBe("alert scan.port.tcp_syn and src host 203.0.113.77");
    expect(muteFilter([alert({ sources: ["192.0.2.1", "192.0.2.2"], targets: ["192.0.2.9:80"] })])).toBe("alert scan.port.tcp_syn and dst host 192.0.2.9");
  });
  test("a mute of several asks for any of them, each once", () => {
    const scan = "alert scan.port.tcp_syn and src host 203.0.113.77";
    expect(muteFilter([ALERT, alert({ id: "2" })])).toBe(scan);
    expect(muteFilter([ALERT, alert({ rule: "beacon", sources: [], targets: [] })])).toBe(`(${scan}) or (alert beacon)`);
  });
  test("techniques link to where they are described", () => {
    expect([techniqueUrl("T1046"), techniqueUrl("T1498.001"), techniqueUrl("javascript:alert(1)")]).toEqual(["https://attack.mitre.org/techniques/T1046/", "https://attack.mitre.org/techniques/T1498/001/", ""]);
  });
  test("an alert has an address", () => {
    const view = { ...USUAL, page: "alerts" as const, alert: "00000012", tab: "all" as const, severity: "high" as const, rule: "scan.port" };
    expect(address(view)).toBe("/alerts/00000012?tab=all&sev=high&rule=scan.port");
    expect(readUrl("?tab=all&sev=high&rule=scan.port", "/alerts/00000012")).toEqual(view);
    expect(readUrl("?tab=x&sev=y&rule=%22", "/other")).toEqual(USUAL);
  });
});
