// Pages beside the overview: entities, hosts, packets, block lists, system.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { startMock } from "../../mock.mjs";
import { base, DESKTOP, open, PHONE, query, serious, until } from "../stage.mjs";

export const stories = {
  "the system page says who is told of alerts, and tries a channel": async () => {
    const { page, close } = await open("/", { bypassCSP: true });
    await page.getByRole("link", { name: "System", exact: true }).first().click();
    const channel = (name) => page.locator(`[data-channel="${name}"]`);
    assert.match(await channel("team").innerText(), /12 sent · 1 try repeated · 94 told in sums/);
    assert.match(await channel("mail").innerText(), /3 given up[^]*Fails: mail\.example\.org:587: connection refused/);
    await page.getByRole("button", { name: "Send test over team" }).click();
    await until("the answer is there", async () => /Test sent: hooks\.slack\.com answered 200 OK/.test(await channel("team").innerText()));
    await page.getByRole("button", { name: "Send test over mail" }).click();
    await until("the failure is there", async () => /Test failed: mail\.example\.org:587: connection refused/.test(await channel("mail").innerText()));
    assert.deepEqual(await serious(page), []);
    await close();
  },
  "a selected country leads to its page, from there to a network's and a host's, and back": async () => {
    const { page, trouble, close } = await open("/?sel=country:NL");
    await page.getByRole("link", { name: "Open the page of NL" }).click();
    await page.locator('[data-entity="country:NL"]').waitFor();
    assert.equal(await page.locator("h1").innerText(), "Netherlands");
    assert.equal(new URL(page.url()).pathname, "/country/NL");
    const network = page.locator('[data-list="networks"] [data-key]').first();
    await network.waitFor();
    const asn = await network.getAttribute("data-key");
    await network.getByRole("link").click();
    await page.locator(`[data-entity="asn:${asn}"]`).waitFor();
    assert.equal(new URL(await page.getByRole("link", { name: "Its packets" }).getAttribute("href"), base).searchParams.get("f"), `asn ${asn}`);
    const host = page.locator('[data-list="hosts"] [data-key]').last();
    await host.waitFor();
    const address = await host.getAttribute("data-key");
    await host.getByRole("link").click();
    await page.locator(`[data-entity="host:${address}"]`).waitFor();
    await page.goBack();
    await page.goBack();
    await page.locator('[data-entity="country:NL"]').waitFor();
    await page.getByRole("link", { name: "Show on the overview" }).click();
    await page.locator('[data-list="countries"] .selected').waitFor();
    assert.equal(query(page).get("sel"), "country:NL");
    assert.deepEqual(trouble, []);
    await close();
  },
  "each page opens at its own address, without sideways scrolling and nothing serious for axe": async () => {
    for (const [address, wait] of [["/", '[data-list="countries"] [data-key]'], ["/alerts", "[data-alert]"], ["/alerts/00000003", "[data-detail]"], ["/explore?range=-24h", "tr[data-key]"], ["/wall", "main"], ["/country/NL", "[data-entity]"], ["/as/1136", "[data-entity]"], ["/prefix/198.51.0.0/24", "[data-entity]"], ["/host/198.51.100.1", "[data-entity]"], ["/domain/example.org", "[data-entity]"], ["/hosts", "[data-row]"], ["/packets", "[data-row]"], ["/block", "form"], ["/system", "[data-channel], section ul"]]) {
      for (const [scheme, viewport] of [["dark", DESKTOP], ["light", DESKTOP], ["light", PHONE]]) {
        const { page, close } = await open(address, { scheme, viewport, wait, bypassCSP: true });
        await page.waitForTimeout(300);
        assert.deepEqual(await serious(page), [], address);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${address} scrolls sideways`);
        await close();
      }
    }
  },
  "an entity's trend has one cursor in all its charts, and its figures beside it": async () => {
    const { page, trouble, close } = await open("/country/DE", { wait: ".u-over" });
    await page.waitForTimeout(1200);
    const over = page.locator(".u-over");
    assert.equal(await over.count(), 2);
    const box = await over.first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.4);
    await until("the figures of that instant are told", async () => /\d\d:\d\d:\d\d In [\d.]+ Out [\d.]+ Packets/.test((await page.locator(".trend .title").innerText()).replace(/\s+/g, " ")));
    const left = (index) => page.locator(".u-cursor-x").nth(index).evaluate((line) => Math.round(line.getBoundingClientRect().left));
    await until("the other chart has the same cursor", async () => Math.abs((await left(0)) - (await left(1))) <= 2);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a host's page gives the command that asks others, and the lines that correct what is known": async () => {
    const { page, trouble, close } = await open("/host/198.51.100.2", { wait: ".u-over", bypassCSP: true });
    await page.getByText("wireglobe geo lookup --online=reverse_dns,rdap,ripestat 198.51.100.2").waitFor();
    await page.getByRole("button", { name: "Change name or country" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Second \"site\"");
    await dialog.getByLabel("Country, two letters").fill("nl");
    await dialog.getByLabel("AS number").fill("AS64496");
    assert.equal(await dialog.locator("pre").innerText(), '[[geo.override]]\nnetwork = "198.51.100.2/32"\ncountry = "NL"\nasn = 64496\nname = "Second \\"site\\""');
    assert.deepEqual(await serious(page), []);
    assert.deepEqual(trouble, []);
    await close();
  },
};

/** Only against the stand-in, whose traffic and alerts are known. */
export const standIn = {
  "hosts are listed, sorted and narrowed; only rows in sight are on the page; they can be taken along": async () => {
    const { page, trouble, close } = await open("/hosts", { wait: "[data-row]", acceptDownloads: true });
    assert.match(await page.locator("h1").innerText(), /1\u202f906 seen/);
    assert.ok((await page.locator("[data-row]").count()) < 60, "no more rows than fit, and some");
    const bytes = page.getByRole("columnheader", { name: "Bytes" });
    assert.equal(await bytes.getAttribute("aria-sort"), "descending");
    const first = await page.locator("[data-row]").first().getAttribute("data-row");
    await bytes.getByRole("button").click();
    await until("the order turns", async () => (await page.locator("[data-row]").first().getAttribute("data-row")) !== first);
    await page.locator(".scroll").evaluate((scroll) => (scroll.scrollTop = scroll.scrollHeight));
    await until("the other end is in sight", async () => (await page.locator("[data-row]").last().getAttribute("data-row")) === first);
    await page.getByRole("button", { name: /^Windows/ }).click();
    await until("the table is narrowed", async () => /318 of/.test(await page.locator("h1").innerText()));
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const lines = readFileSync(await download.path(), "utf8").trimEnd().split("\r\n");
    assert.equal(lines.length, 319);
    assert.ok(lines.slice(1).every((line) => line.includes("Windows 10 or newer")));
    await page.getByRole("link", { name: first }).click();
    await page.locator(`[data-entity="host:${first}"]`).waitFor();
    await page.getByText("mss*44,7:mss,sok,ts,nop,ws").waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "the page of an address that was not seen says what the settings and the databases know of it": async () => {
    const { page, trouble, close } = await open("/host/203.0.113.9", { wait: "[data-entity]" });
    const facts = page.getByRole("region", { name: "Where this comes from" });
    await until("the network is named", async () => /AS64496 Our second site\s+set by you/.test(await facts.innerText()));
    assert.match(await facts.innerText(), /Databases say\s+Germany, AS64500 Example Transit, 203\.0\.0\.0\/16/);
    assert.match(await facts.innerText(), /Your note\s+rented until 2027/);
    assert.deepEqual(trouble, []);
    await close();
  },
  "what hosts sent and who never answers are columns to choose, and go along in every export": async () => {
    const { page, trouble, close } = await open("/hosts", { wait: "[data-row]", acceptDownloads: true });
    const taken = async (button) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button, exact: true }).click()]);
      return readFileSync(await download.path(), "utf8");
    };
    assert.equal(await page.getByRole("columnheader", { name: "Answers" }).count(), 0, "not unless it is chosen");
    const [head, ...lines] = (await taken("CSV")).trimEnd().split("\r\n").map((line) => line.split(","));
    assert.deepEqual(head.slice(-2), ["unanswered", "payload"]);
    assert.ok(lines.some((line) => /^encrypted=\d+ text=2000$/.test(line.at(-1))) && lines.some((line) => line.at(-2) === "1"), "the export asks for it");
    await page.locator("summary", { hasText: "Columns" }).click();
    for (const name of ["Answers", "Sent, of what is kept"]) await page.getByRole("checkbox", { name }).check();
    await page.getByText("encrypted 80\u202f%, text 20\u202f%").first().waitFor();
    await page.getByText("never", { exact: true }).first().waitFor();
    const rows = JSON.parse(await taken("JSON"));
    assert.ok(rows.some(({ payload }) => payload?.startsWith("encrypted=")));
    assert.deepEqual(trouble, []);
    await close();
  },
  "the system page shows each table's share of memory, and how long history is kept": async () => {
    const { page, close } = await open("/system", { wait: "[data-table]", bypassCSP: true });
    const row = (name) => page.locator(`[data-table="${name}"]`).innerText();
    assert.match(await row("hosts"), /Hosts\s+1\u202f906\s+4\.19\u202fMB\s+22\.1\u202fMB\s+18\.9\u202f%\s+0$/);
    assert.match(await row("names"), /100\u202f%\s+1\u202f234$/);
    assert.match(await row("filters"), /Filters in use\s+\u2014\s+65\.5\u202fkB\s+\u2014\s+\u2014\s+0$/);
    const kept = (name) => page.locator(`[data-retention="${name}"]`).innerText();
    assert.match(await kept("totals-10"), /Totals by 10\u202fs\s+6\u202fh\s+[\d:]{8}/);
    assert.match(await kept("totals-3600"), /Totals by 1\u202fh\s+1095\u202fd\s+nothing yet/);
    assert.match(await kept("flows-60"), /Flows themselves\s+30\u202fd/);
    assert.match(await page.locator("section", { has: page.locator("[data-retention]") }).innerText(), /history-eth0\.sqlite[^]*734\u202fMB of 4\.29\u202fGB \(17\.1\u202f%\)/);
    assert.deepEqual(await serious(page), []);
    await close();
  },
  "the system page lists the rules as they are set, and says what is usual": async () => {
    const { page, close } = await open("/system", { wait: "tbody tr" });
    const row = (title) => page.locator("tbody tr", { hasText: title }).innerText();
    assert.match(await row("TCP SYN port scan"), /ports \d+ different failed ports \(usually 20\)/);
    assert.match(await row("Beacon"), /switched off/);
    assert.doesNotMatch(await row("SSH password guessing"), /usually|switched/);
    await close();
  },
  "packets are listed, one opens with layers and bytes, and its flow can be followed": async () => {
    const { page, trouble, close } = await open("/packets", { wait: "[data-row]" });
    assert.match(await page.locator("h1").innerText(), /2\u202f500, all that are still kept/);
    assert.ok((await page.locator("[data-row]").count()) < 80);
    await page.locator('[data-row="2500"]').click();
    await page.locator('[data-packet="2500"]').waitFor();
    assert.match(await page.locator(".layers").innerText(), /IPv4[^]*Time to live[^]*57[^]*TCP[^]*64240/);
    assert.match(await page.locator(".hex").innerText(), /0000\s*00 25 4a/);
    await page.locator("summary").nth(2).click();
    await until("the bytes of the layer are marked", async () => (await page.locator(".hex .on").count()) > 0);
    await page.getByRole("button", { name: "Follow this flow" }).click();
    assert.equal(query(page).get("f"), "host 198.51.100.7 and host 192.0.2.10 and tcp port 40000 and tcp port 443");
    assert.match(await page.getByRole("link", { name: "PCAP" }).getAttribute("href"), /format=pcapng/);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a filter that no host can answer is refused with the server's words": async () => {
    const { page, close } = await open("/hosts?f=tcp%20port%2080", { wait: '[role="alert"]' });
    assert.match(await page.getByRole("alert").innerText(), /cannot be asked of a host/);
    await close();
  },
  "a block list is made on the page, with what it would have hit; a refusal is told": async () => {
    const { page, close } = await open("/block", { wait: "form" });
    await page.getByLabel("What to block").fill("AS64496, 203.0.113.0/24");
    await page.getByRole("button", { name: "Make the list" }).click();
    await page.locator("textarea").waitFor();
    assert.match(await page.locator("textarea").inputValue(), /nft, expires 7d\nAS64496\n203\.0\.113\.0\/24/);
    await until("the dry run is there", async () => /It would have hit/.test(await page.locator("section").innerText()));
    await page.getByLabel("What to block").fill("nobody");
    await page.getByRole("button", { name: "Make the list" }).click();
    await until("the refusal is told", async () => /No list was made: nobody: expected/.test(await page.getByRole("alert").innerText()));
    await close();
  },
  "g a and g o go from page to page, and the title's link too": async () => {
    const { page, close } = await open();
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.locator("[data-alert]").first().waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.locator("canvas.base").waitFor();
    await page.locator("header.bar").getByRole("link", { name: /Alerts/ }).click();
    await page.locator("[data-alert]").first().waitFor();
    await page.goBack();
    await page.locator("canvas.base").waitFor();
    await close();
  },
  "a server that only collects flow exports tells of records, not of frames": async () => {
    const other = await startMock(0, { collector: true });
    const { page, close } = await open("/");
    await page.goto(other.url);
    await page.getByText("654\u202fk records · 42 lost").waitFor();
    await page.getByText("Kept: flows 30\u202fd, totals 1095\u202fd").waitFor();
    await page.goto(`${other.url}/system`);
    await page.locator("[data-ledger]").waitFor();
    assert.match(await page.locator("[data-ledger]").innerText(), /^Packets\s+12\u202f345\u202f000\s+Bytes\s+9\.88\u202fGB\s+Flows\s+654\u202f321$/);
    await close();
    await other.stop();
  },
};
