// The page in Chromium, as a reader uses it. WIREGLOBE_URL names a running server; without it the stand-in is started
// (and restarted, to test coming back). SHOTS names a directory for screenshots, ONLY a part
// of the names of the tests to run. Run: npm run test:browser
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { startMock } from "../mock.mjs";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SHOTS = process.env.SHOTS ?? "";
const ARGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

if (!existsSync(EXECUTABLE)) {
  console.log(`skipped: no Chromium at ${EXECUTABLE} (CHROMIUM names another)`);
  process.exit(0);
}
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

let mock = process.env.WIREGLOBE_URL ? null : await startMock();
const base = process.env.WIREGLOBE_URL?.replace(/\/$/, "") ?? mock.url;
const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });

/** A page that has data; collects what must not happen. */
async function open(address = "/", { scheme = "dark", viewport = DESKTOP, wait = '[data-list="countries"] [data-key]', ...more } = {}) {
  const context = await browser.newContext({ colorScheme: scheme, viewport, ...more });
  const page = await context.newPage();
  const trouble = [];
  page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.host !== new URL(base).host) trouble.push(`outside: ${url}`);
  });
  await page.goto(base + address);
  await page.locator(wait).first().waitFor({ timeout: 15_000 });
  return { page, trouble, close: () => context.close() };
}

const shot = async (page, name) => void (SHOTS && (await page.screenshot({ path: path.join(SHOTS, `${name}.png`) })));
const keysOf = (page, list) => page.locator(`[data-list="${list}"] [data-key]`).evaluateAll((rows) => rows.map((row) => row.dataset.key));
const query = (page) => new URL(page.url()).searchParams;

/** How many colours a canvas of the map shows: a blank one has one or two. */
const colours = (page, layer) => page.locator(`canvas.${layer}`).evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4 * 31) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
});

/** Waits until `check` holds; says what it was when it never does. */
async function until(what, check, ms = 10_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) if (await check()) return;
  assert.fail(`never: ${what}`);
}

/** What axe finds that is serious, with the first element of each. */
async function serious(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].target}`);
}

async function selectFirstCountry(page) {
  const [code] = await keysOf(page, "countries");
  await page.locator(`[data-list="countries"] [data-key="${code}"]`).click();
  await until("the list shows the selection alone", async () => (await keysOf(page, "countries"))[0] === code && (await page.locator('[data-list="countries"] .selected').count()) === 1);
  return code;
}

const tests = {
  "the map is drawn and the figures move": async () => {
    const { page, trouble, close } = await open();
    await until("the base layer has colours", async () => (await colours(page, "base")) > 6);
    const figures = () => page.locator('[data-panel="kpi"]').innerText();
    const before = await figures();
    await until("a figure changes", async () => (await figures()) !== before);
    await shot(page, "overview-dark");
    assert.deepEqual(trouble, []);
    await close();
  },
  "everything of the first screen stands within 1440 by 900": async () => {
    const { page, close } = await open();
    for (const panel of ["kpi", "map", "dock", "top", "timeline", "feed", "status"]) {
      const box = await page.locator(`[data-panel="${panel}"]`).boundingBox();
      assert.ok(box && box.width > 0 && box.y + box.height <= 900.5 && box.x + box.width <= 1440.5, `${panel}: ${JSON.stringify(box)}`);
    }
    await close();
  },
  "a click on a country filters every list, lands in the address, and back undoes it": async () => {
    const { page, trouble, close } = await open();
    const all = (await keysOf(page, "countries")).length;
    const code = await selectFirstCountry(page);
    assert.equal(query(page).get("sel"), `country:${code}`);
    await until("the lists are filtered", async () => (await keysOf(page, "countries")).length < all || all === 1);
    await page.waitForTimeout(600);
    await shot(page, "country-dark");
    await page.goBack();
    await until("all countries are back", async () => (await keysOf(page, "countries")).length >= all);
    assert.equal(query(page).get("sel"), null);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a click on the map selects the country under the pointer": async () => {
    const { page, close } = await open();
    const box = await page.locator(".stage").boundingBox();
    // Brazil lies here on a whole flat map, whatever its size.
    await page.mouse.click(box.x + box.width * 0.34, box.y + box.height * 0.59);
    await until("the address names Brazil", () => query(page).get("sel") === "country:BR");
    await close();
  },
  "shift-click leaves a country out": async () => {
    const { page, close } = await open();
    const [code] = await keysOf(page, "countries");
    await page.locator(`[data-list="countries"] [data-key="${code}"]`).click({ modifiers: ["Shift"] });
    await until("it is gone from the list", async () => !(await keysOf(page, "countries")).includes(code));
    assert.equal(query(page).get("f"), `not country ${code}`);
    await close();
  },
  "a link shows what its sender saw": async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: "Packets", exact: true }).click();
    await page.getByRole("button", { name: "Globe" }).click();
    const code = await selectFirstCountry(page);
    const address = page.url().slice(base.length);
    await close();
    const second = await open(address);
    await until("the selection stands", async () => (await second.page.locator('[data-list="countries"] .selected').count()) === 1);
    assert.deepEqual(await keysOf(second.page, "countries").then((keys) => keys[0]), code);
    assert.equal(await second.page.getByRole("button", { name: "Globe" }).getAttribute("aria-pressed"), "true");
    assert.equal(await second.page.getByRole("button", { name: "Packets", exact: true }).getAttribute("aria-pressed"), "true");
    assert.deepEqual(second.trouble, []);
    await second.close();
  },
  "a filter with a slip is refused where it is, a good one applies": async () => {
    const { page, close } = await open();
    await page.keyboard.press("/");
    await page.keyboard.type("tcp and foo bar");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    assert.equal(query(page).get("f"), null);
    await shot(page, "filter-fault");
    await page.getByRole("textbox").fill("tcp");
    await page.keyboard.press("Enter");
    await until("it is in the address", () => query(page).get("f") === "tcp");
    assert.equal(await page.getByRole("alert").count(), 0);
    await close();
  },
  "the domains have packets, bytes, hosts and countries, and a click filters by one": async () => {
    const { page, trouble, close } = await open();
    await page.getByRole("tab", { name: "Domains" }).first().click();
    const rows = page.locator('[data-list="domains"] button[data-key]:not([disabled])');
    await rows.first().waitFor();
    const key = await rows.first().getAttribute("data-key");
    assert.match(await rows.first().textContent(), /\.\S+\s+Hosts .+Countries .+Packets .+Bytes ./);
    assert.match(await page.locator('[data-list="domains"] .heads').innerText(), /Domain\s+Hosts\s+Countries\s+Packets\s+Bytes/);
    await shot(page, "domains-dark");
    await rows.first().click();
    await until("the address names the domain", () => query(page).get("sel") === `domain:${key}`);
    await until("what has no name is out of the question", async () => (await page.locator('[data-list="domains"] .selected').count()) === 1);
    assert.deepEqual(trouble, []);
    await close();
  },
  "the lists behind More show continents, and prefixes with what they are": async () => {
    const { page, trouble, close } = await open();
    const more = page.getByLabel("More lists").first();
    await more.selectOption("continents");
    await page.locator('[data-list="continents"] [data-key]').first().waitFor();
    const [code] = await keysOf(page, "continents");
    assert.match(code, /^(AF|AN|AS|EU|NA|OC|SA)$/);
    await more.selectOption("prefixes");
    const prefix = page.locator('[data-list="prefixes"] [data-key]').first();
    await prefix.waitFor();
    assert.match(await prefix.getAttribute("title"), /, (announced prefix|covering range|set by the user)\n/);
    assert.match(await prefix.locator(".note").innerText(), /^(announced|covering|set by you)$/);
    await more.selectOption("continents");
    await page.locator(`[data-list="continents"] [data-key="${code}"]`).click();
    await until("the address names the continent", () => query(page).get("sel") === `continent:${code}`);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a selected host tells its place, network and names, each with who said so": async () => {
    const { page, trouble, close } = await open();
    await page.getByRole("tab", { name: "Hosts" }).first().click();
    const placed = page.locator('[data-list="hosts"] [data-key]', { has: page.locator(".note") });
    await placed.first().waitFor();
    const host = await placed.first().getAttribute("data-key");
    assert.match(await placed.first().getAttribute("title"), /°\s[NS] .*±\s?11\skm/s);
    await placed.first().click();
    const card = page.locator(`[data-host="${host}"]`);
    await until("the card has the answers", async () => /Coordinates/.test(await card.innerText()));
    const words = await card.innerText();
    assert.match(words, /±\s?11\skm/);
    assert.match(words, /Network\s+AS\d+/);
    assert.match(words, /(announced prefix|covering range)/);
    assert.match(words, /20\d\d-\d\d/, "the month of a database");
    assert.match(words, /Names/);
    await shot(page, "host-dark");
    await card.getByRole("button").click();
    await until("it is gone", async () => (await card.count()) === 0);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a country's popover names its cities and how exact they are": async () => {
    const { page, close } = await open();
    await until("there are arcs", async () => /\d+ arc/.test(await page.locator('[data-panel="map"]').innerText()));
    await page.locator(".stage").focus();
    const popover = page.locator('[data-panel="map"] .popover');
    await until("a country with a city", async () => {
      await page.keyboard.press("ArrowRight");
      return (await popover.count()) > 0 && /Cities.*±\s?11\skm/s.test(await popover.first().innerText());
    });
    await shot(page, "cities-dark");
    await close();
  },
  "the dock's tiles filter like countries": async () => {
    const { page, close } = await open();
    await page.locator('[data-panel="dock"] button').first().click();
    await until("the address names the place", () => query(page).get("sel") === "place:lan");
    await page.keyboard.press("Escape");
    await until("escape clears it", () => query(page).get("sel") === null);
    await close();
  },
  "the keyboard walks from country to country and selects": async () => {
    const { page, trouble, close } = await open();
    await page.locator(".stage").focus();
    await page.keyboard.press("ArrowRight");
    const spoken = () => page.locator('[data-panel="map"] [aria-live]').innerText();
    await until("a country is announced", async () => (await spoken()).length > 1);
    const first = await spoken();
    await until("the next one is another", async () => (await page.keyboard.press("ArrowRight"), (await spoken()) !== first));
    await shot(page, "keyboard-cursor");
    await page.keyboard.press("Enter");
    await until("it is selected", () => query(page).get("sel")?.startsWith("country:"));
    assert.deepEqual(trouble, []);
    await close();
  },
  "space pauses the page and resumes it": async () => {
    const { page, close } = await open();
    await page.keyboard.press("Space");
    await until("it says so", async () => (await page.locator("header.bar").innerText()).includes("Paused"));
    await page.keyboard.press("Space");
    await until("it goes on", async () => !(await page.locator("header.bar").innerText()).includes("Paused"));
    await close();
  },
  "the map has a table twin": async () => {
    const { page, close } = await open();
    await page.keyboard.press("t");
    const rows = page.locator('[data-panel="map"] tbody tr');
    await until("it has a row for every country", async () => (await rows.count()) > 0);
    await shot(page, "map-table");
    await close();
  },
  "the theme follows the system, can be switched, and is remembered": async () => {
    const { page, trouble, close } = await open("/", { scheme: "light" });
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), "light");
    await page.waitForTimeout(800);
    await shot(page, "overview-light");
    await page.getByRole("button", { name: /dark and light/ }).click();
    assert.equal(await theme(), "dark");
    await page.reload();
    assert.equal(await theme(), "dark");
    assert.deepEqual(trouble, []);
    await close();
  },
  "the globe is drawn and turns": async () => {
    const { page, trouble, close } = await open("/?v=globe");
    await until("the base layer has colours", async () => (await colours(page, "base")) > 6);
    await page.waitForTimeout(500);
    await shot(page, "globe-dark");
    const box = await page.locator(".stage").boundingBox();
    const picture = () => page.locator("canvas.base").evaluate((canvas) => canvas.toDataURL().length);
    const before = await picture();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 160, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await until("it looks different", async () => (await picture()) !== before);
    assert.equal(query(page).get("sel"), null, "a drag is no click");
    assert.deepEqual(trouble, []);
    await close();
  },
  "a phone shows map, lists and feed without scrolling sideways": async () => {
    const { page, trouble, close } = await open("/", { viewport: PHONE, hasTouch: true, isMobile: true });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
    await page.waitForTimeout(600);
    await shot(page, "phone-dark");
    await page.getByRole("tab", { name: "Live feed" }).tap();
    await page.locator('[data-panel="feed"] li').first().waitFor();
    await shot(page, "phone-feed");
    assert.deepEqual(trouble, []);
    await close();
  },
  "without motion nothing moves, but all is there": async () => {
    const { page, close } = await open("/", { reducedMotion: "reduce" });
    await until("the base layer has colours", async () => (await colours(page, "base")) > 6);
    await page.waitForTimeout(500);
    assert.equal(await colours(page, "motion"), 1);
    await close();
  },
  "text from the wire never becomes markup": async () => {
    const { page, close } = await open();
    const made = await page.evaluate(() => {
      try {
        document.createElement("div").innerHTML = "<b>x</b>";
        return "allowed";
      } catch (error) {
        return String(error);
      }
    });
    assert.match(made, /TrustedHTML/, "the server's policy must require trusted types");
    await close();
  },
  "the system page says who is told of alerts, and tries a channel": async () => {
    const { page, close } = await open("/", { bypassCSP: true });
    await page.getByRole("link", { name: "System", exact: true }).first().click();
    const channel = (name) => page.locator(`[data-channel="${name}"]`);
    assert.match(await channel("team").innerText(), /12 sent · 1 tries repeated · 94 told in sums/);
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
    for (const [address, wait] of [["/country/NL", "[data-entity]"], ["/prefix/198.51.0.0/24", "[data-entity]"], ["/host/198.51.100.1", "[data-entity]"], ["/domain/example.org", "[data-entity]"], ["/hosts", "[data-row]"], ["/packets", "[data-row]"], ["/block", "form"], ["/system", "[data-channel], section ul"]]) {
      for (const [scheme, viewport] of [["dark", DESKTOP], ["light", PHONE]]) {
        const { page, close } = await open(address, { scheme, viewport, wait, bypassCSP: true });
        await page.waitForTimeout(300);
        assert.deepEqual(await serious(page), [], address);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${address} scrolls sideways`);
        await close();
      }
    }
  },
  "axe finds nothing serious in dialogs, table, lists, a host's card and both themes": async () => {
    for (const [scheme, key, list] of [["dark", "?"], ["light", "t"], ["light", "?"], ["dark", "", "Domains"], ["light", "", "Hosts"]]) {
      const { page, close } = await open("/", { scheme, bypassCSP: true });
      if (key) await page.keyboard.press(key);
      else await page.getByRole("tab", { name: list }).first().click();
      if (list === "Hosts") await page.locator('[data-list="hosts"] [data-key]').first().click();
      await page.waitForTimeout(300);
      assert.deepEqual(await serious(page), []);
      await close();
    }
  },
};

/** The alerts page once its list is there. */
async function openAlerts(address = "/alerts", options = {}) {
  const opened = await open(address, { wait: "[data-alert]", ...options });
  return { ...opened, rows: () => opened.page.locator("[data-alert]"), drawer: opened.page.locator("[data-detail]") };
}

const said = (page) => page.locator(".said").innerText();

/** Only against the stand-in, whose alerts are known. */
const alertTests = {
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
  "the list has the gravest first, and the header says how many are open": async () => {
    const { page, trouble, rows, close } = await openAlerts();
    const words = await rows().allInnerTexts();
    assert.equal(words.length, 7);
    assert.match(words[0], /Critical[\s\S]*SYN flood[\s\S]*BR[\s\S]*203\.0\.113\.7 \+23[\s\S]*192\.0\.2\.10:443[\s\S]*New/);
    assert.match(words.at(-1), /Info[\s\S]*Ping sweep/);
    assert.match(await page.locator("header.bar nav").innerText(), /Alerts\s+7/);
    await page.getByText("1 muted alert is not listed here.").waitFor();
    await shot(page, "alerts-light");
    assert.deepEqual(trouble, []);
    await close();
  },
  "the overview shows what needs attention, marks it on the map, and opens it": async () => {
    const { page, trouble, close } = await open();
    const panel = page.locator('[data-panel="top"] section', { hasText: "Needs attention" });
    assert.match(await panel.innerText(), /Critical\s*SYN flood/);
    await page.locator(".stage").focus();
    const popover = page.locator('[data-panel="map"] .popover');
    await page.mouse.move(0, 0);
    const box = await page.locator(".stage").boundingBox();
    await page.mouse.move(box.x + box.width * 0.34, box.y + box.height * 0.59);
    await until("Brazil's popover names the alert", async () => /Brazil[\s\S]*Critical\s*SYN flood/.test(await popover.first().innerText().catch(() => "")));
    await shot(page, "overview-alert");
    await panel.getByRole("button", { name: "SYN flood" }).click();
    await page.locator('[data-detail="00000001"]').waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "an alert opens with its figures, and its address shows it again": async () => {
    const { page, trouble, drawer, close } = await openAlerts();
    await page.locator('[data-alert="00000003"]').click();
    await until("it is in the address", () => new URL(page.url()).pathname === "/alerts/00000003");
    const words = await drawer.innerText();
    for (const part of [/High/, /tried 1 017 ports/, /Seychelles/, /AS64503 Example Transit/, /T1046/, /scan\.port\.tcp_syn/, /ports\s+different failed ports\s+1.009\s+from 15/, /What could fool it\./, /Nothing was done about it yet/, /192\.0\.2\.27, 20 ports/, /ports 7, 8, 9/, /Over time at most 156 within 5/]) assert.match(words, part);
    await drawer.getByRole("img", { name: "Over time: at most 156 within 5" }).waitFor();
    await shot(page, "alert-dark");
    await page.reload();
    await drawer.waitFor();
    await page.keyboard.press("Escape");
    await until("the detail is closed", async () => (await drawer.count()) === 0 && new URL(page.url()).pathname === "/alerts");
    assert.deepEqual(trouble, []);
    await close();
  },
  "an alert of another day has its date": async () => {
    const { drawer, close } = await openAlerts("/alerts/00000007");
    assert.match(await drawer.innerText(), /First\s+20\d\d-\d\d-\d\d \d\d:/);
    await close();
  },
  "keys walk through the list, acknowledge, escalate and reopen": async () => {
    const { page, trouble, drawer, close } = await openAlerts();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await until("the second is open", async () => (await drawer.getAttribute("data-detail")) === "00000002");
    await page.keyboard.press("e");
    await until("it is acknowledged, and the history says so", async () => /Acknowledged/.test(await page.locator('[data-alert="00000002"]').innerText()) && /History[\s\S]*Acknowledged/.test(await drawer.innerText()));
    assert.equal(await said(page), "Acknowledged.");
    await page.keyboard.press("s");
    await until("it is escalated and left the inbox", async () => (await page.locator('[data-alert="00000002"]').count()) === 0);
    await page.keyboard.press("u");
    await until("it is back and new", async () => /New/.test(await page.locator('[data-alert="00000002"]').innerText()));
    await page.keyboard.press("k");
    await until("the one before is open", async () => (await drawer.getAttribute("data-detail")) === "00000001");
    assert.deepEqual(trouble, []);
    await close();
  },
  "closing asks for a reason; a comment is kept with it": async () => {
    const { page, trouble, drawer, close } = await openAlerts("/alerts/00000006");
    await page.keyboard.press("c");
    await page.keyboard.type("This is the new scanner");
    await page.keyboard.press("Control+Enter");
    await until("the comment is there", async () => /Comment\s*This is the new scanner/.test(await drawer.innerText()));
    await page.locator("h2").first().click();
    await page.keyboard.press("r");
    await page.getByLabel("False positive").check();
    await shot(page, "alert-close-dark");
    await page.getByRole("button", { name: "Close alert" }).click();
    await until("it says why", async () => /Closed as false positive/.test(await drawer.innerText()));
    await until("the tab counts it", async () => /Closed 1/.test(await page.locator(".list .tabs").innerText()));
    await page.getByRole("button", { name: "Reopen" }).click();
    await until("it is new again", async () => (await said(page)) === "Reopened.");
    assert.deepEqual(trouble, []);
    await close();
  },
  "several alerts are worked on at once": async () => {
    const { page, close } = await openAlerts();
    for (const id of ["00000004", "00000007"]) await page.locator(`[data-alert="${id}"] input`).check();
    await page.getByText("2 selected").waitFor();
    await page.keyboard.press("e");
    await until("both are acknowledged", async () => (await said(page)) === "Acknowledged: 2 alerts.");
    await close();
  },
  "x and shift select several; what the store refuses happens to none of them": async () => {
    const { page, trouble, rows, close } = await openAlerts();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Shift+X");
    await page.getByText("3 selected").waitFor();
    await rows().nth(4).getByRole("checkbox").click({ modifiers: ["Shift"] });
    await page.getByText("5 selected").waitFor();
    await shot(page, "alerts-selected-dark");
    mock.alerts.broken = true;
    await page.keyboard.press("s");
    await until("the refusal is shown", async () => /^Nothing was changed: .*the disk is full/.test(await said(page)));
    mock.alerts.broken = false;
    assert.ok((await rows().allInnerTexts()).every((words) => !words.includes("Escalated")));
    await page.keyboard.press("m");
    assert.match(await page.getByLabel("Filter").last().inputValue(), /^\(alert flood\.syn and dst host 192\.0\.2\.10\) or \(alert brute\.ssh and src host /);
    await page.keyboard.press("Escape");
    await page.getByLabel("Select all of the list").check();
    await page.getByText("7 selected").waitFor();
    await page.getByLabel("Select all of the list").uncheck();
    assert.ok(trouble.every((line) => /503/.test(line)), trouble.join("\n"));
    await close();
  },
  "older alerts are loaded page by page, and the tabs count the whole store": async () => {
    const other = await startMock(0, { alerts: "many" });
    const { page, trouble, close } = await open("/");
    await page.goto(`${other.url}/alerts`);
    await page.locator("[data-alert]").first().waitFor();
    await page.getByText("300 of 708 alerts are loaded.").waitFor();
    assert.match(await page.locator(".list .tabs").innerText(), /Inbox 701\s+Escalated 0\s+Closed 7\s+Muted 0\s+All 708/);
    await page.getByRole("button", { name: "Load older" }).scrollIntoViewIfNeeded();
    await shot(page, "alerts-older-dark");
    await page.getByRole("button", { name: "Load older" }).click();
    await page.getByText("600 of 708 alerts are loaded.").waitFor();
    await page.getByRole("button", { name: "Load older" }).click();
    await until("all of them are there", async () => (await page.locator("[data-alert]").count()) === 701);
    assert.equal(await page.getByRole("button", { name: "Load older" }).count(), 0);
    await page.locator(".list .tabs").getByRole("button", { name: /Closed/ }).click();
    await page.getByRole("button", { name: "Load older" }).click();
    await until("the closed ones are there, too", async () => (await page.locator("[data-alert]").count()) === 7);
    assert.deepEqual(trouble.filter((line) => !line.startsWith(`outside: ${other.url}`)), []);
    await close();
    await other.stop();
  },
  "a mute shows what it would hide, hides it, and can be lifted": async () => {
    const { page, trouble, rows, close } = await openAlerts("/alerts/00000005");
    await page.keyboard.press("m");
    assert.equal(await page.getByLabel("Filter").last().inputValue(), "alert beacon and src host 192.0.2.63");
    await page.getByText("Would hide 1 of the newest 8 alerts.").waitFor();
    assert.ok(await page.locator("dialog").evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth), "nothing of the dialog is cut off");
    await page.getByLabel("Reason").fill("the watchdog of the heating");
    await shot(page, "alert-mute-dark");
    await page.getByRole("button", { name: "Mute", exact: true }).click();
    await until("it is hidden", async () => !(await rows().allInnerTexts()).some((words) => words.includes("Beacon")));
    await page.locator(".list .tabs").getByRole("button", { name: /Muted/ }).click();
    const mute = page.locator("[data-mute]", { hasText: "the watchdog of the heating" });
    await mute.waitFor();
    await page.getByText(/^Expired 20/).waitFor();
    await shot(page, "mutes-dark");
    await mute.getByRole("button").click();
    await until("the mute is gone", async () => (await mute.count()) === 0);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a wrong mute is refused before it is set": async () => {
    const { page, close } = await openAlerts("/alerts/00000001");
    await page.keyboard.press("m");
    await page.getByLabel("Filter").last().fill("foo");
    await page.getByText("is not a word of the filter language").waitFor();
    await close();
  },
  "what could not be stored did not happen, and the page says so": async () => {
    mock.alerts.broken = true;
    const { page, close } = await openAlerts("/alerts/00000001");
    await page.getByText(/The store of alerts does not write: the disk is full/).waitFor();
    await page.keyboard.press("e");
    await until("the refusal is shown", async () => /^Nothing was changed: .*the disk is full/.test(await said(page)));
    assert.match(await page.locator('[data-alert="00000001"]').innerText(), /New/);
    mock.alerts.broken = false;
    await close();
  },
  "severity, rule and the page's own filter narrow the list": async () => {
    const { page, rows, close } = await openAlerts();
    await page.getByLabel("Severity").selectOption("high");
    await until("three are left", async () => (await rows().count()) === 3);
    assert.equal(query(page).get("sev"), "high");
    await page.getByLabel("Severity").selectOption("info");
    await page.getByLabel("Rule").selectOption("scan");
    await until("the scans are left", async () => (await rows().count()) === 3);
    await page.goto(`${base}/alerts?f=country+VN`);
    await until("one country is left", async () => (await rows().count()) === 1);
    await page.goto(`${base}/alerts?f=tcp+port+443`);
    await page.getByText(/The filter speaks of traffic/).waitFor();
    assert.equal(await rows().count(), 7);
    await close();
  },
  "its packets can be fetched, its sources blocked by hand, its traffic shown": async () => {
    const { page, close } = await openAlerts("/alerts/00000002");
    assert.equal(await page.getByRole("link", { name: "PCAP" }).getAttribute("href"), "/api/v1/alerts/00000002/packets");
    await page.getByRole("button", { name: "Block…" }).click();
    assert.match(await page.getByLabel("Command").inputValue(), /^wireglobe block --alerts 00000002 --server http:\/\/[\w.:]+ --format nft --expires 7d$/);
    await page.getByText("It would have hit 1 284 of 412").waitFor();
    await page.getByText("1 looks wanted").waitFor();
    await shot(page, "alert-block-dark");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show traffic" }).click();
    await until("the overview is filtered", () => new URL(page.url()).pathname === "/" && query(page).get("f") === "host 198.51.100.23 and host 192.0.2.22");
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
  "a phone shows the list, then the alert, without scrolling sideways": async () => {
    const { page, trouble, drawer, close } = await openAlerts("/alerts", { viewport: PHONE, hasTouch: true, isMobile: true });
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok((await wide()) <= 0);
    await shot(page, "phone-alerts");
    await page.locator('[data-alert="00000003"] button').tap();
    await drawer.waitFor();
    assert.ok((await wide()) <= 0);
    await shot(page, "phone-alert");
    await page.getByRole("button", { name: "Back to the list" }).tap();
    await page.locator("[data-alert]").first().waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "without alerts the page tells what is watched": async () => {
    const other = await startMock(0, { alerts: "none" });
    const page = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await page.goto(`${other.url}/alerts`);
    await page.getByText("No alert so far.").waitFor();
    await page.getByText("8 rules watch the traffic:").waitFor();
    await shot(page, "alerts-none");
    await page.context().close();
    await other.stop();
  },
  "a server that keeps no states still shows its alerts": async () => {
    const other = await startMock(0, { alerts: "stateless" });
    const page = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await page.goto(`${other.url}/alerts/00000001`);
    await page.locator("[data-detail]").getByText(/The history could not be read/).waitFor();
    assert.equal(await page.locator("[data-alert]").count(), 8);
    await page.keyboard.press("e");
    await until("it says that nothing was changed", async () => /Nothing was changed/.test(await page.locator(".said").innerText()));
    await page.context().close();
    await other.stop();
  },
  "axe finds nothing serious on the alerts page, in a detail and in its dialogs, in both themes": async () => {
    for (const [scheme, address, key, viewport] of [["dark", "/alerts", "", DESKTOP], ["light", "/alerts/00000001", "", DESKTOP], ["dark", "/alerts/00000003", "m", DESKTOP], ["light", "/alerts/00000002", "r", DESKTOP], ["dark", "/alerts/00000002", "", DESKTOP], ["light", "/alerts?tab=muted", "", DESKTOP], ["light", "/alerts", "", PHONE], ["dark", "/alerts/00000001", "", PHONE]]) {
      const { page, close } = await openAlerts(address, { scheme, viewport, bypassCSP: true, wait: address.length > 8 && !address.includes("?") ? "[data-detail]" : "[data-alert]" });
      if (key) await page.keyboard.press(key);
      await page.waitForTimeout(500);
      assert.deepEqual(await serious(page), [], `${scheme} ${address} ${key}`);
      await close();
    }
  },
};

/** Only against the stand-in: it can be stopped. */
const restartTests = {
  "a lost server makes the page stale, not blank, and it comes back by itself": async () => {
    const { page, close } = await open();
    const { port } = mock;
    await mock.stop();
    await until("the bar says stale", async () => (await page.locator("header.bar").innerText()).includes("Stale"));
    assert.ok((await colours(page, "base")) > 6);
    assert.ok((await keysOf(page, "countries")).length > 0);
    await page.waitForTimeout(400);
    await shot(page, "stale-dark");
    mock = await startMock(port);
    await until("it is live again", async () => /Live|Replay/.test(await page.locator("header.bar").innerText()), 25_000);
    await close();
  },
  "a network without public peers says why the map is empty": async () => {
    const other = await startMock(0, { publicPeers: false, home: false });
    const page = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await page.goto(other.url);
    await page.getByText("No public peers in this traffic").waitFor();
    await page.getByRole("button", { name: "Set home" }).click();
    await shot(page, "empty-dark");
    await page.context().close();
    await other.stop();
  },
};

const only = process.env.ONLY ?? "";
let failed = 0;
for (const [name, test] of Object.entries({ ...tests, ...(mock ? { ...alertTests, ...restartTests } : {}) })) {
  if (!name.includes(only)) continue;
  const started = Date.now();
  const error = await test().then(() => null, (caught) => caught);
  failed += error ? 1 : 0;
  console.log(`${error ? "FAIL" : "ok  "} ${name} (${Date.now() - started} ms)${error ? `\n     ${error.stack}` : ""}`);
}
await browser.close();
await mock?.stop();
process.exit(failed ? 1 : 0);
