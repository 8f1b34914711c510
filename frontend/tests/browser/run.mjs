// The page in Chromium, as a reader uses it. WIREGLOBE_URL names a running server; without it the stand-in is started
// (and restarted, to test coming back). SHOTS names a directory for screenshots. Run: npm run test:browser
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
async function open(address = "/", { scheme = "dark", viewport = DESKTOP, ...more } = {}) {
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
  await page.locator('[data-list="countries"] [data-key]').first().waitFor({ timeout: 15_000 });
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
  "axe finds nothing serious in dialogs, table, lists, a host's card and both themes": async () => {
    for (const [scheme, key, list] of [["dark", "?"], ["light", "t"], ["light", "?"], ["dark", "", "Domains"], ["light", "", "Hosts"]]) {
      const { page, close } = await open("/", { scheme, bypassCSP: true });
      if (key) await page.keyboard.press(key);
      else await page.getByRole("tab", { name: list }).first().click();
      if (list === "Hosts") await page.locator('[data-list="hosts"] [data-key]').first().click();
      await page.waitForTimeout(300);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].target}`), []);
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

let failed = 0;
for (const [name, test] of Object.entries({ ...tests, ...(mock ? restartTests : {}) })) {
  const started = Date.now();
  const error = await test().then(() => null, (caught) => caught);
  failed += error ? 1 : 0;
  console.log(`${error ? "FAIL" : "ok  "} ${name} (${Date.now() - started} ms)${error ? `\n     ${error.stack}` : ""}`);
}
await browser.close();
await mock?.stop();
process.exit(failed ? 1 : 0);
