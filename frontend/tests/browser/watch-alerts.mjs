// When alerts reach somebody: prints a line of JSON for each alert the first time that the API lists it ("rest"), when a row
// of the page in Chromium has it ("page"), and, at the end of standard input, all alerts as they are then ("end").
// `.ci/scenarios` runs it. Usage: node watch-alerts.mjs URL
import { chromium } from "playwright-core";

const base = process.argv[2].replace(/\/$/, "");
const say = (line) => void process.stdout.write(JSON.stringify(line) + "\n");
const list = async () => (await (await fetch(`${base}/api/v1/alerts`)).json()).alerts;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.exposeFunction("sawAlert", (id, at) => say({ way: "page", id, at }));
await page.addInitScript(() => {
  const seen = new Set();
  const look = () => {
    for (const { dataset } of document.querySelectorAll("[data-alert]")) {
      if (seen.has(dataset.alert)) continue;
      seen.add(dataset.alert);
      window.sawAlert(dataset.alert, Date.now());
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
});
await page.goto(`${base}/alerts?tab=all`);
await page.locator(".alerts").waitFor();
say({ way: "ready" });

const known = new Set();
let ended = false;
process.stdin.on("end", () => (ended = true)).resume();
while (!ended) {
  for (const alert of await list()) {
    if (known.has(alert.id)) continue;
    known.add(alert.id);
    say({ way: "rest", id: alert.id, at: Date.now(), alert });
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
say({ way: "end", alerts: await list() });
await browser.close();
