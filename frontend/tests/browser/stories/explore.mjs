// Explore: choose, look, go into it, save, take along.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { startMock } from "../../mock.mjs";
import { base, DESKTOP, open, PHONE, query, serious, shot, until } from "../stage.mjs";

const CHART = "[data-chart] svg path[data-of]";
const explore = (address = "", options = {}) => open(`/explore${address}`, { wait: CHART, ...options });
const drawn = (page) => page.locator(CHART).evaluateAll((paths) => [...new Set(paths.map((path) => path.dataset.of))]);
const rows = (page) => page.locator("tr[data-key]").evaluateAll((all) => all.map((row) => row.dataset.key));
const at = async (page, x, y) => { const box = await page.locator("[data-chart]").boundingBox(); return [box.x + box.width * x, box.y + box.height * y]; };
const choice = (page, name) => page.getByRole("combobox", { name, exact: true });
const done = (page) => page.locator('[data-explore="done"]').waitFor();
async function exported(page, name) {
  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name }).click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

export const stories = {
  "what is chosen is drawn, listed and in the address; a link and back show it again": async () => {
    const { page, trouble, close } = await explore("?range=-24h");
    assert.equal((await rows(page)).length, 8);
    await choice(page, "Split by").selectOption("asn");
    await until("networks are listed", async () => (await rows(page)).every((key) => /^\d+$|^unknown$/.test(key)));
    assert.equal(query(page).get("by"), "asn");
    await choice(page, "Measure").selectOption("packets");
    await choice(page, "Top").selectOption("5");
    await choice(page, "Networks are called").selectOption("code");
    await until("five networks are drawn", async () => (await rows(page)).length === 5 && (await drawn(page)).length === 6);
    await until("by their numbers", async () => /AS\d+/.test(await page.locator("[data-chart] svg").textContent()) && !/Microsoft/.test(await page.locator("[data-chart] svg").textContent()));
    const [there, listed] = [page.url(), await rows(page)];
    await page.goBack();
    await until("back undoes the last choice", () => query(page).get("label") === null);
    const again = await open(there.slice(new URL(there).origin.length), { wait: CHART });
    await until("the link shows the same", async () => (await rows(again.page)).join() === listed.join());
    await again.close();
    assert.deepEqual(trouble, []);
    await close();
  },
  "each shape has its keys, and axe finds nothing serious in either theme": async () => {
    for (const [i, chart] of ["area", "bars", "lines", "scatter", "pie", "hbars"].entries()) {
      const { page, trouble, close } = await explore(`?range=-24h&prev=1&by=asn&chart=${chart}`, { scheme: i % 2 ? "light" : "dark", bypassCSP: true });
      assert.equal((await drawn(page)).length, chart === "lines" || chart === "scatter" ? 8 : 9, chart);
      assert.deepEqual(await serious(page), [], chart);
      await shot(page, `explore-${chart}`);
      assert.deepEqual(trouble, []);
      await close();
    }
  },
  "the same key has the same colour in every shape, and while others come and go": async () => {
    const { page, close } = await explore("?range=-24h");
    const colour = (key) => page.locator(`tr[data-key="${key}"] i`).evaluate((node) => node.style.background);
    const before = await colour("NL");
    await choice(page, "Shape").selectOption("pie");
    assert.equal(await page.locator('[data-chart="pie"] path[data-of="NL"]').evaluate((node) => getComputedStyle(node).fill), before);
    await choice(page, "Order").selectOption("asc");
    await choice(page, "Order").selectOption("desc");
    await until("the largest are back", async () => (await rows(page)).includes("NL"));
    await close();
  },
  "the cursor tells the time, the key under it first, then others and all": async () => {
    const { page, close } = await explore("?range=-24h");
    await page.mouse.move(...(await at(page, 0.5, 0.9)));
    await until("it tells", async () => /^\d+ \w+ \d\d:\d\d UTC\s+United States\s+[\d.]+.M\s+[\d.]+.%[^]*All/.test(await page.locator(".tip").innerText()));
    assert.equal(await page.locator(".tip p.strong").count(), 1);
    await close();
  },
  "dragging over time shows that time, for the whole page; brackets step; Live goes back to the moving range": async () => {
    const { page, trouble, close } = await explore("?range=-24h");
    const [x, y] = await at(page, 0.4, 0.5);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 60, y, { steps: 4 });
    await page.mouse.move(x + 160, y, { steps: 4 });
    await page.mouse.up();
    await until("the range is that of every page", () => /^\d{4}-.*Z\.\./.test(query(page).get("t") ?? ""));
    const [from, to] = query(page).get("t").split("..").map(Date.parse);
    assert.ok((to - from) / 3_600_000 > 1.5 && (to - from) / 3_600_000 < 8, `${(to - from) / 3_600_000} h`);
    await page.keyboard.press("[");
    await until("a step earlier", () => Date.parse(query(page).get("t").split("..")[1]) === from);
    await page.keyboard.press("l");
    await until("the moving range is back", () => query(page).get("t") === null && query(page).get("range") === "-24h");
    assert.deepEqual(trouble, []);
    await close();
  },
  "a range is chosen by a preset or written as one speaks, and kept as it was written": async () => {
    const { page, close } = await explore("?range=-24h", { bypassCSP: true });
    const picker = page.getByRole("dialog", { name: "Which time" });
    await page.getByRole("button", { name: "Last 24 h", exact: true }).click();
    await picker.getByLabel("From").fill("neverday");
    await picker.getByRole("button", { name: "Show" }).click();
    assert.match(await picker.getByRole("alert").innerText(), /beginning is not understood/);
    await picker.getByLabel("From").fill("letzten Dienstag 14:00");
    await picker.getByLabel("to", { exact: true }).fill("+90min");
    assert.match(await picker.getByRole("status").innerText(), /14:00 – \d+ \w+ 15:30/);
    assert.deepEqual(await serious(page), []);
    await shot(page, "explore-range");
    await picker.getByRole("button", { name: "Show" }).click();
    await until("it is in the address as written", () => query(page).get("range") === "letzten Dienstag 14:00..+90min");
    await page.keyboard.press("r");
    await picker.getByRole("button", { name: "Yesterday" }).click();
    await until("the preset is, too", () => query(page).get("range") === "yesterday" && query(page).get("t") === null);
    await page.keyboard.press("r");
    await picker.getByLabel("From").fill("2026-11-18");
    await picker.getByRole("button", { name: "Show" }).click();
    await until("what does not move is the time of every page", () => query(page).get("t") === "2026-11-18T00:00:00Z..2026-11-19T00:00:00Z");
    await close();
  },
  "a click on a key narrows to it or leaves it out; its details are what is known here, and nobody else is asked": async () => {
    const { page, trouble, close } = await explore("?range=-24h&by=host&chart=hbars");
    await page.locator('path[data-of="198.51.100.1"]').click();
    await page.getByRole("menuitem", { name: "Details" }).click();
    const dialog = page.locator('[data-details="198.51.100.1"]');
    await until("the databases here have answered", async () => /Network\s+AS\d+/.test(await dialog.innerText()));
    assert.match(await dialog.innerText(), /In this range\s+Bytes\s+[\d.]+.[GT]B/);
    assert.equal(await dialog.getByRole("link", { name: "Open at RIPEstat" }).getAttribute("href"), "https://stat.ripe.net/198.51.100.1");
    assert.match(await dialog.innerText(), /wireglobe geo lookup --online/);
    await page.keyboard.press("Escape");
    await page.locator('tr[data-key="198.51.100.1"] button').click();
    await page.getByRole("menuitem", { name: "Only this" }).click();
    await until("the filter is it", () => query(page).get("f") === "host 198.51.100.1");
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await until("all is there", () => query(page).get("f") === null);
    await done(page);
    await page.locator('tr[data-key="198.51.100.1"] button').click();
    await page.getByRole("menuitem", { name: "Leave it out" }).click();
    await until("the filter leaves it out", () => query(page).get("f") === "not host 198.51.100.1");
    await page.locator('tr[data-key="198.51.100.1"] button').click();
    await page.getByRole("menuitem", { name: "Open its page" }).click();
    await page.locator('[data-entity="host:198.51.100.1"]').waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "the table sorts, and what it says goes along as CSV, JSON, SVG and PNG": async () => {
    const { page, trouble, close } = await explore("?range=-24h&show=bytes&prev=1", { acceptDownloads: true });
    const first = (await rows(page))[0];
    await page.getByRole("columnheader", { name: "Change" }).getByRole("button").click();
    await until("the order is another", async () => (await rows(page))[0] !== first);
    assert.equal(await page.getByRole("columnheader", { name: "Change" }).getAttribute("aria-sort"), "descending");
    const series = (await exported(page, "CSV, every interval")).bytes.toString();
    assert.match(series, /^time,key,name,bytes,packets,flows\r\n\d{4}-\d\d-\d\dT[\d:]+Z,[A-Z]{2},/);
    assert.ok(series.trim().split("\r\n").length > 8 * 200);
    const table = (await exported(page, "CSV, the table")).bytes.toString().trim().split("\r\n");
    assert.match(table[0], /^key,min,avg,p95,max,last,total,share,change$/);
    assert.equal(table.length, 10);
    assert.equal(JSON.parse((await exported(page, "JSON")).bytes).keys.length, 8);
    const svg = await exported(page, "SVG");
    assert.match(svg.name, /^wireglobe-country-last-24-h\.svg$/);
    assert.match(svg.bytes.toString(), /^<\?xml[^]*<svg [^]*Country, last 24 h[^]*United States[^]*<\/svg>/);
    const png = (await exported(page, "PNG")).bytes;
    assert.deepEqual([png.readUInt32BE(0), png.readUInt32BE(16), png.readUInt32BE(20)], [0x89504e47, 2560, 1392]);
    assert.ok(png.length > 20_000, "something is drawn");
    assert.deepEqual(trouble, []);
    await close();
  },
  "by the keyboard alone: through time and keys, a range, a menu": async () => {
    const { page, trouble, close } = await explore("?range=-24h");
    await page.locator("[data-chart]").focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowUp");
    const said = () => page.locator("[data-chart] [role=status]").innerText();
    await until("it is told", async () => /: Germany [\d.]+/.test(await said()));
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Only this");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await until("it is left out", () => query(page).get("f") === "not country DE");
    await done(page);
    await page.locator("[data-chart]").focus();
    await page.keyboard.press("ArrowLeft");
    for (let i = 0; i < 6; i += 1) await page.keyboard.press("Shift+ArrowLeft");
    await until("the range is told", async () => /Enter shows it/.test(await said()));
    await page.keyboard.press("Enter");
    await until("it is shown", () => query(page).get("t") !== null);
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.locator("canvas.base").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    await page.locator(CHART).first().waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "asn_report's page is a graph to begin with, in both its shapes": async () => {
    const { page, close } = await explore();
    await page.locator('[data-start="asn"]').click();
    await page.locator('[data-chart="pie"] path[data-of]').first().waitFor();
    assert.deepEqual([query(page).get("by"), query(page).get("side"), query(page).get("show")], ["asn", "destination", "bytes"]);
    await page.locator('[data-start="asnBars"]').click();
    await page.locator('[data-chart="hbars"] path[data-of]').first().waitFor();
    await close();
  },
  "on a phone nothing scrolls sideways but the table, and on paper there is nothing to press": async () => {
    const { page, trouble, close } = await explore("?range=-24h", { viewport: PHONE, scheme: "light", bypassCSP: true, hasTouch: true, isMobile: true });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    assert.deepEqual(await serious(page), []);
    await page.touchscreen.tap(...(await at(page, 0.5, 0.9)));
    await until("a finger finds the cursor", async () => /United States/.test(await page.locator(".tip").innerText()));
    assert.equal(await page.getByRole("menu").count(), 0);
    await page.touchscreen.tap(...(await at(page, 0.5, 0.9)));
    await page.getByRole("menuitem", { name: "Only this" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("summary").click();
    await choice(page, "Measure").selectOption("flows");
    await until("it is in the address", () => query(page).get("show") === "flows");
    await page.setViewportSize(DESKTOP);
    await page.emulateMedia({ media: "print" });
    await until("no controls", async () => !(await choice(page, "Split by").isVisible()) && !(await page.getByRole("button", { name: "Export" }).isVisible()));
    assert.ok(await page.locator("[data-chart] svg").isVisible());
    assert.deepEqual(trouble, []);
    await close();
  },
};

const FLOWGRAPH = { g1: { ID: "11111111-2222-4333-8444-555555555555", Title: "Ports <b>", Query: { AggrField: "dp", TopN: 5, Filter: "proto tcp", OrderBy: { ColName: "packets", Order: "Desc" } }, Draw: { What: "packets", How: "bars" }, Scheduler: { Schedules: [{ StartTime: "08:00", StopTime: "18:00", DoW: [1, 2, 3, 4, 5] }] } } };

/** Only against the stand-in. */
export const standIn = {
  "a graph is saved, changed, cloned, renamed and deleted; FlowGraph's are taken with their schedules": async () => {
    const { page, trouble, close } = await explore("?range=-7d&by=service&chart=bars", { bypassCSP: true });
    const graphs = () => page.locator("[data-graphs] .name").allInnerTexts();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const dialog = page.getByRole("dialog");
    assert.equal(await dialog.getByLabel("Title").inputValue(), "Service, last 7 days");
    assert.deepEqual(await serious(page), []);
    await dialog.getByLabel("Title").fill("Services of the week");
    await dialog.getByRole("button", { name: "Save" }).click();
    await until("it is listed", async () => (await graphs()).join() === "Services of the week");
    await until("the address says which", () => (query(page).get("graph") ?? "") !== "");
    await choice(page, "Measure").selectOption("flows");
    await page.getByRole("button", { name: "Save changes" }).click();
    await until("it is not changed any more", async () => (await page.getByRole("button", { name: "Save changes" }).count()) === 0);
    const more = async (title, what) => {
      await page.getByRole("button", { name: `More for ${title}` }).click();
      await page.getByRole("menuitem", { name: what }).click();
    };
    await more("Services of the week", "Clone");
    await until("the copy is there", async () => (await graphs()).join() === "Services of the week,Copy of Services of the week");
    await more("Copy of Services of the week", "Rename");
    await dialog.getByLabel("Title").fill("Another");
    await dialog.getByRole("button", { name: "Save" }).click();
    await until("it is renamed", async () => (await graphs()).includes("Another"));
    await more("Another", "Delete");
    assert.match(await dialog.innerText(), /“Another” will be gone/);
    await dialog.getByRole("button", { name: "Delete" }).click();
    await until("it is gone", async () => (await graphs()).join() === "Services of the week");
    await page.locator("input[type=file]").setInputFiles({ name: "graphs.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(FLOWGRAPH)) });
    await until("FlowGraph's is there with its schedule", async () => (await graphs()).some((text) => /Ports <b>\s+Time mask: Mon–Fri 08:00–18:00/.test(text)));
    await page.getByRole("button", { name: /^Ports <b>/ }).click();
    await until("it shows what it asked", () => query(page).get("by") === "dp" && query(page).get("per") === "interval" && query(page).get("f") === "proto tcp");
    await page.locator("input[type=file]").setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") });
    await until("what is none is refused with the server's words", async () => /expected graphs with ID/.test(await page.locator(".graphs").innerText()));
    assert.deepEqual(trouble.filter((text) => !/400/.test(text)), []);
    await close();
  },
  "a long question tells how far it is and can be cancelled; what was there stays": async () => {
    const { page, trouble, close } = await explore("?range=-24h");
    await page.keyboard.press("r");
    await page.getByRole("dialog", { name: "Which time" }).getByRole("button", { name: "Last 30 days" }).click();
    await until("it tells", async () => /Reading Last 30 days from the store, \d+.%/.test(await page.locator(".news").innerText()));
    assert.ok((await drawn(page)).length > 0, "the last answer is still there");
    await page.getByRole("button", { name: "Cancel" }).click();
    await until("it says so", async () => /Cancelled/.test(await page.locator(".news").innerText()));
    await page.getByRole("button", { name: "Try again" }).click();
    await until("it comes after all", async () => (await page.locator(".news").innerText()) === "" && /\d+ h|intervals/.test(await page.locator("h1").innerText()));
    assert.deepEqual(trouble, []);
    await close();
  },
  "nothing to show has a reason: no match, outside of what is kept, nothing yet, switched off, refused": async () => {
    const { page, close } = await open("/explore?range=-24h&f=country%20XX", { wait: ".said" });
    assert.match(await page.locator(".said").innerText(), /Nothing matches the filter/);
    await page.getByRole("button", { name: "Clear filter and selection" }).click();
    await page.locator(CHART).first().waitFor();
    const questions = [];
    page.on("request", (request) => /\/api\/v1\/query\?/.test(request.url()) && questions.push(request.url()));
    await page.goto(`${base}/explore?t=2020-01-01T00:00:00Z..2020-01-02T00:00:00Z`);
    await until("it says what is kept", async () => /Nothing is kept of this range[^]*The store holds/.test(await page.locator(".said").innerText()));
    await page.waitForTimeout(1000);
    assert.equal(questions.length, 1, "what is past is asked once");
    await page.goto(`${base}/explore?f=foo`);
    await until("the server's words are shown", async () => /“foo” is not a word/.test(await page.getByRole("alert").first().innerText()));
    await close();
    for (const [history, role, wanted] of [[{ empty: true }, "operator", /Nothing is stored yet/], [{ enabled: false }, "viewer", /History is switched off[^]*settings\.toml/]]) {
      const other = await startMock(0, { history, role });
      const { page, close } = await open("/alerts", { wait: "header.bar" });
      await page.goto(`${other.url}/explore`);
      await until(String(wanted), async () => wanted.test(await page.locator(".main").innerText()));
      assert.equal(await page.locator("input[type=file]").count(), role === "viewer" ? 0 : 1);
      await close();
      await other.stop();
    }
  },
  "in the privacy mode nothing of one's own goes along": async () => {
    const { page, close } = await explore("?range=-24h&by=host&chart=hbars", { acceptDownloads: true });
    assert.match(await page.locator("[data-chart] svg").textContent(), /web-1/);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("privacy");
    await until("it is offered", async () => (await page.locator("[data-command]").first().getAttribute("data-command")) === "privacy");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Private", exact: true }).waitFor();
    await page.locator(CHART).first().waitFor();
    await until("the page is masked", async () => !/web-1|192\.0\.2\.\d/.test(await page.locator(".explore").innerText()));
    for (const what of ["CSV, every interval", "CSV, the table", "JSON", "SVG"]) {
      const text = (await exported(page, what)).bytes.toString();
      assert.doesNotMatch(text, /web-1|192\.0\.2\.\d/, what);
      assert.match(text, /192\.0\.\u2022/, what);
    }
    await close();
  },
};
