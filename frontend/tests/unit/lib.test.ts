import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { splitAt } from "../../src/lib/filtercheck";
import { age, bitRate, bytes, count, grouped, precise, rate, share, when } from "../../src/lib/format";
import { Outbox } from "../../src/lib/outbox";
import { keepPlaces, serviceName, type Row } from "../../src/lib/rows";
import { csv, ordered, tsv, type Column, type Order } from "../../src/lib/columns";
import { within } from "../../src/lib/cidr";
import { asFilter, both, excluding, fromText } from "../../src/lib/selection";
import { address, readUrl, USUAL, writeUrl, type ViewState } from "../../src/lib/urlstate";
import { narrowings, type Status } from "../../src/lib/status";
import { tickStep } from "../../src/chart/mirror";
import { alpha } from "../../src/map/palette";
import { classOf, thresholds } from "../../src/map/scale";
import { backoff } from "../../src/socket";
import type { ClientMessage } from "../../src/wire";

const plain = (text: string): string => text.replaceAll("\u202f", " ");

describe("numbers", () => {
  test.each([[0, "0"], [60, "60 B"], [999, "999 B"], [1000, "1 kB"], [704_000, "704 kB"], [1_840_000, "1.84 MB"], [20.9e9, "20.9 GB"], [999_600, "1.00 MB"], [9_990_000, "9.99 MB"]])("%d bytes read %s", (n, expected) => {
    expect(plain(bytes(n))).toBe(expected);
  });
  test.each([[8214, "8 214"], [99_999, "99 999"], [608_000, "608 k"], [1_284, "1 284"], [0, "0"]])("a count of %d reads %s", (n, expected) => {
    expect(plain(count(n))).toBe(expected);
  });
  test("rates have one decimal and their unit apart", () => {
    expect(bitRate(412_600_000)).toEqual({ value: "412.6", unit: "Mbit/s" });
    expect(bitRate(842)).toEqual({ value: "842", unit: "bit/s" });
    expect(rate(71_400)).toEqual({ value: "71.4", unit: "k/s" });
  });
  test("a share of nothing is unknown, a tiny one is not zero", () => {
    expect([share(1, 0), plain(share(1, 1e6)), plain(share(328, 1000)), plain(share(5, 5))]).toEqual(["\u2014", "< 0.1 %", "32.8 %", "100 %"]);
  });
  test("times are UTC to the millisecond, ages in one unit", () => {
    expect(precise(Date.UTC(2026, 0, 2, 14, 3, 22, 18))).toBe("14:03:22.018");
    expect([age(14_000), age(185_000), age(7_300_000)].map(plain)).toEqual(["14 s", "3 min", "2 h"]);
  });
  test("a time of another day has its date", () => {
    const noon = Date.UTC(2026, 0, 2, 12);
    expect([when(noon, noon + 3_600_000), when(noon, noon + 86_400_000), when(0, noon)]).toEqual(["12:00:00", "2026-01-02 12:00:00", "\u2014"]);
  });
  test("thousands are parted by a thin no-break space", () => {
    expect(grouped(1234567)).toBe("1\u202f234\u202f567");
  });
});

describe("tables that are taken along", () => {
  interface Row { name: string; n: number | null }
  const columns: readonly Column<Row>[] = [{ id: "name", title: "Name", width: 1, text: ({ name }) => name }, { id: "n", title: "N", width: 1, text: ({ n }) => (n === null ? "-" : String(n)), value: ({ n }) => n }];
  const rows: readonly Row[] = [{ name: "b", n: 2 }, { name: "a10", n: null }, { name: "a9", n: 10 }];
  const names = (order: Order): string => ordered(rows, columns, order).map(({ name }) => name).join(" ");
  test("numbers go by size, words by their numbers, the unknown last either way", () => {
    expect([names({ id: "n", down: false }), names({ id: "n", down: true }), names({ id: "name", down: false })]).toEqual(["b a9 a10", "a9 b a10", "a9 a10 b"]);
  });
  test("a field that a spreadsheet would reckon is text, and separators are quoted", () => {
    expect(csv([{ name: '=1+1,"x"', n: -3 }], columns)).toBe('name,n\r\n"\'=1+1,""x""",-3\r\n');
    expect(tsv([{ name: "a\tb", n: 1 }], columns)).toBe("Name\tN\na b\t1\n");
  });
});

describe("networks", () => {
  test.each([
    ["192.0.2.0/24", "192.0.2.255", true], ["192.0.2.0/24", "192.0.3.0", false], ["0.0.0.0/0", "203.0.113.9", true], ["192.0.2.1/32", "192.0.2.1", true],
    ["2001:db8::/32", "2001:db8:ffff::1", true], ["2001:db8::/32", "2001:db9::1", false], ["::/0", "::1", true], ["2001:db8::/32", "192.0.2.1", false],
    ["192.0.2.0", "192.0.2.0", false], ["192.0.2.0/x", "192.0.2.0", false], ["1.2.3/8", "1.2.3.4", false], ["2001:db8:::/32", "2001:db8::1", false],
  ])("%s holds %s: %s", (network, address, expected) => {
    expect(within(network, address)).toBe(expected);
  });
});

describe("pages of their own", () => {
  test.each([
    ["/country/NL", "country", "NL"], ["/as/1136", "asn", "1136"], ["/prefix/192.0.2.0/24", "prefix", "192.0.2.0/24"], ["/prefix/2001:db8::/32", "prefix", "2001:db8::/32"],
    ["/host/2001:db8::1", "host", "2001:db8::1"], ["/domain/example.org", "domain", "example.org"], ["/domain/b%C3%BCcher.example", "domain", "bücher.example"],
  ])("%s is read and written back", (path, dimension, key) => {
    const view = readUrl("", path);
    expect([view.page, view.entity]).toEqual(["entity", { dimension, key }]);
    expect(address(view)).toBe(path);
  });
  test.each(["/as/", "/as", "/nothing/1", "/host/a b", "/domain/%E0%A4%A"])("%s is the overview", (path) => {
    expect(readUrl("", path).page).toBe("overview");
  });
});

describe("selection", () => {
  test.each([
    ["country", "NL", "country NL"], ["asn", "1136", "asn 1136"], ["host", "192.0.2.1", "host 192.0.2.1"], ["service", "https", "service https"],
    ["service", "tcp/8443", "tcp port 8443"], ["proto", "TCP", "tcp"], ["proto", "ICMPv6", "icmp6"], ["proto", "GRE", "proto gre"],
    ["place", "lan", "(src and dst place private or src and dst place loopback)"], ["place", "bogon", "place bogon"],
  ] as const)("%s %s means %s", (dimension, key, expected) => {
    expect(asFilter({ dimension, key })).toBe(expected);
  });
  test("filters with or are bracketed before anything is added", () => {
    expect(both("tcp or udp", "country NL")).toBe("(tcp or udp) and country NL");
    expect(both("(tcp or udp)", "country NL")).toBe("(tcp or udp) and country NL");
    expect(both("(tcp or udp) and (port 80 or port 443)", "country NL")).toBe("((tcp or udp) and (port 80 or port 443)) and country NL");
    expect(both("", "tcp")).toBe("tcp");
  });
  test("shift-click writes the opposite", () => {
    expect(excluding("tcp", { dimension: "country", key: "US" })).toBe("tcp and not country US");
    expect(excluding("", { dimension: "place", key: "lan" })).toBe("not (src and dst place private or src and dst place loopback)");
  });
  test("a link cannot carry an expression as a selection", () => {
    expect(fromText("country:NL) or (tcp")).toBeNull();
    expect(fromText("constructor:NL")).toBeNull();
    expect(fromText("host:2001:db8::1")).toEqual({ dimension: "host", key: "2001:db8::1" });
  });
});

describe("address", () => {
  const view: ViewState = { ...USUAL, filter: "tcp port 443 and not country US", selection: { dimension: "host", key: "2001:db8::1" }, metric: "packets", direction: "in", projection: "globe" };
  test("a view survives its address", () => {
    expect(readUrl(writeUrl(view))).toEqual(view);
    expect(writeUrl(USUAL)).toBe("");
  });
  test("nonsense in an address falls back to the usual", () => {
    expect(readUrl("?m=cheese&d=up&v=cube&sel=%00")).toEqual(USUAL);
  });
});

describe("map scale", () => {
  test("much traffic has the decades from 100 kB to 10 GB", () => {
    expect(thresholds("bytes", 3e10)).toEqual([1e5, 1e6, 1e7, 1e8, 1e9, 1e10]);
  });
  test("little traffic still has classes to tell countries apart", () => {
    const limits = thresholds("bytes", 2e6);
    expect(classOf(2e6, limits)).toBeGreaterThan(classOf(2e4, limits));
    expect(limits.length).toBe(6);
  });
  test("none seen has no class, the largest the last", () => {
    expect([classOf(0, [1, 2]), classOf(1, [10, 20]), classOf(99, [10, 20])]).toEqual([-1, 0, 2]);
  });
  test("axis ticks are 1, 2 or 5 of a decade", () => {
    expect([tickStep(300), tickStep(1000), tickStep(7)]).toEqual([100, 500, 5]);
  });
});

describe("lists", () => {
  const row = (key: string, value: number): Row => ({ key, code: "", name: key, own: false, note: "", title: "", amount: { in: value, out: 0, none: 0 }, value, error: 0, cells: [] });
  test("rows under the pointer keep their places and take new values", () => {
    const kept = keepPlaces([row("a", 2), row("b", 1)], [row("b", 9), row("c", 5), row("a", 3)]);
    expect(kept.map(({ key, value }) => [key, value])).toEqual([["a", 3], ["b", 9], ["c", 5]]);
  });
  test("services read as people write them", () => {
    expect([serviceName("https"), serviceName("tcp/8443"), serviceName("foo")]).toEqual(["HTTPS", "TCP 8443", "foo"]);
  });
});

describe("filter faults", () => {
  test("the server's byte positions fall on the page's characters", () => {
    expect(splitAt("host äö foo", 10, 3)).toEqual(["host äö ", "foo", ""]);
  });
});

describe("connection", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("pauses between tries grow from half a second to fifteen seconds, never at once", () => {
    expect(backoff(0, 1)).toBe(500);
    expect(backoff(20, 1)).toBe(15_000);
    expect(backoff(3, 0)).toBe(2000);
  });

  test("messages stay below the server's limit and later ones replace waiting ones", () => {
    const sent: ClientMessage[] = [];
    const outbox = new Outbox((message) => void sent.push(message), () => Date.now());
    for (let round = 0; round < 5; round += 1) {
      for (let id = 0; id < 12; id += 1) outbox.put({ type: "sub", id, topic: "x", filter: String(round), metric: "bytes", k: 1, max_hz: 1 });
    }
    expect(sent.length).toBeLessThanOrEqual(20);
    vi.advanceTimersByTime(1000);
    expect(sent.length).toBeLessThanOrEqual(25);
    vi.advanceTimersByTime(4000);
    const last = new Map(sent.map((message) => [message.type === "sub" ? message.id : -1, message.type === "sub" ? message.filter : ""]));
    expect([...last.values()]).toEqual(Array.from({ length: 12 }, () => "4"));
  });
});

describe("palette", () => {
  test("short and long colours take an opacity", () => {
    expect([alpha("#fff", 0.5), alpha("#0c0f12", 1), alpha("#68b0ed", 0)]).toEqual(["#ffffff80", "#0c0f12ff", "#68b0ed00"]);
  });
});

describe("what narrows the traffic", () => {
  const words = { filter: (filter: string) => `only ${filter}`, innermost: "inner" };
  const of = (filter: string, counted_layer: string) => narrowings({ filter, counted_layer } as Status, words);

  test("is said when something does, and not otherwise", () => {
    expect(of("", "outermost")).toEqual([]);
    expect(of("not port 22", "innermost")).toEqual(["only not port 22", "inner"]);
  });
});
