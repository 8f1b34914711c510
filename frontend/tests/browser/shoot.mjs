// Pictures of every page for looking at: both themes, both sizes, both languages, with traffic and without. Usage: SHOTS=DIR node
// tests/browser/shoot.mjs [PART OF A NAME]; WIREGLOBE_URL names a running server, else the stand-in is asked.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { startMock } from "../mock.mjs";
import { base, browser, DESKTOP, mock, PHONE } from "./stage.mjs";

const PAGES = [["overview", "/"], ["globe", "/?v=globe"], ["alerts", "/alerts"], ["alert", "/alerts/00000003"], ["explore", "/explore?range=-24h"], ["hosts", "/hosts"], ["packets", "/packets"], ["block", "/block"], ["system", "/system"], ["country", "/country/DE"], ["as", "/as/1136"], ["prefix", "/prefix/198.51.0.0/24"], ["host", "/host/198.51.100.2"], ["domain", "/domain/example.org"], ["wall", "/wall"]];
const LOOKS = [["dark", DESKTOP, "en-GB"], ["light", DESKTOP, "en-GB"], ["dark", PHONE, "en-GB"], ["light", PHONE, "de-DE"], ["dark", DESKTOP, "de-DE"]];
const folder = process.env.SHOTS || "shots";
const part = process.argv[2] ?? "";
mkdirSync(folder, { recursive: true });

async function shoot(name, address, [colorScheme, viewport, locale]) {
  const context = await browser.newContext({ colorScheme, viewport, locale, hasTouch: viewport === PHONE, isMobile: viewport === PHONE });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForTimeout(1800);
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
  await context.close();
}

const nameOf = (name, [scheme, viewport, locale]) => [name, scheme, viewport === PHONE ? "phone" : "desktop", locale.slice(0, 2)].join("-");
for (const [name, at] of PAGES) for (const look of LOOKS) if (nameOf(name, look).includes(part)) await shoot(nameOf(name, look), base + at, look);
const bare = await startMock(0, { publicPeers: false, home: false, alerts: "none", hosts: 0, history: { empty: true } });
for (const [name, at] of PAGES) for (const look of [LOOKS[0], LOOKS[3]]) if (`${nameOf(name, look)}-empty`.includes(part)) await shoot(`${nameOf(name, look)}-empty`, bare.url + at, look);
await bare.stop();
await browser.close();
await mock?.stop();
