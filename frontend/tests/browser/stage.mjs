// What the stories share: the browser, the server at hand, a page that has data, and small questions asked of it.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { startMock } from "../mock.mjs";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SHOTS = process.env.SHOTS ?? "";
const ARGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Whether there is a browser to test with. */
export const hasBrowser = existsSync(EXECUTABLE);
if (SHOTS) mkdirSync(SHOTS, { recursive: true });

export let mock = process.env.WIREGLOBE_URL || !hasBrowser ? null : await startMock();
export const base = process.env.WIREGLOBE_URL?.replace(/\/$/, "") ?? mock?.url;
export const browser = hasBrowser ? await chromium.launch({ executablePath: EXECUTABLE, args: ARGS }) : null;

/** Starts the stand-in anew at the port it had. */
export const renewMock = async (port) => void (mock = await startMock(port));

/** A page that has data; collects what must not happen. */
export async function open(address = "/", { scheme = "dark", viewport = DESKTOP, wait = '[data-list="countries"] [data-key]', ...more } = {}) {
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

export const shot = async (page, name) => void (SHOTS && (await page.screenshot({ path: path.join(SHOTS, `${name}.png`) })));
export const keysOf = (page, list) => page.locator(`[data-list="${list}"] [data-key]`).evaluateAll((rows) => rows.map((row) => row.dataset.key));
export const query = (page) => new URL(page.url()).searchParams;

/** How many colours a canvas of the map shows: a blank one has one or two. */
export const colours = (page, layer) => page.locator(`canvas.${layer}`).evaluate((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4 * 31) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
});

/** Waits until `check` holds; says what it was when it never does. */
export async function until(what, check, ms = 10_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) if (await check()) return;
  assert.fail(`never: ${what}`);
}

/** What axe finds that is serious, with the first element of each. */
export async function serious(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].target}`);
}

export async function selectFirstCountry(page) {
  const [code] = await keysOf(page, "countries");
  await page.locator(`[data-list="countries"] [data-key="${code}"]`).click();
  await until("the list shows the selection alone", async () => (await keysOf(page, "countries"))[0] === code && (await page.locator('[data-list="countries"] .selected').count()) === 1);
  return code;
}
/** The alerts page once its list is there. */
export async function openAlerts(address = "/alerts", options = {}) {
  const opened = await open(address, { wait: "[data-alert]", ...options });
  return { ...opened, rows: () => opened.page.locator("[data-alert]"), drawer: opened.page.locator("[data-detail]") };
}

export const said = (page) => page.locator(".said").innerText();
