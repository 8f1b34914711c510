// The command palette: go somewhere or do something by typing.
import assert from "node:assert/strict";
import { open, query, serious, shot, until } from "../stage.mjs";

const path = (page) => new URL(page.url()).pathname;
const offered = (page) => page.locator("[data-command]").evaluateAll((rows) => rows.map((row) => row.dataset.command));

async function type(page, text) {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
  await page.keyboard.type(text);
}

async function goes(page, text, id) {
  await type(page, text);
  await until(`${text} offers ${id} first`, async () => (await offered(page))[0] === id);
  await page.keyboard.press("Enter");
}

export const stories = {
  "Ctrl+K goes to pages, a country by name, an AS by number, an address, a domain": async () => {
    const { page, trouble, close } = await open();
    for (const [text, id, there] of [["hos", "page-hosts", "/hosts"], ["germany", "country:DE", "/country/DE"], ["as1136", "asn:1136", "/as/1136"], ["198.51.100.2", "host:198.51.100.2", "/host/198.51.100.2"], ["192.0.2.0/24", "prefix:192.0.2.0/24", "/prefix/192.0.2.0/24"], ["example.org", "domain:example.org", "/domain/example.org"], ["overv", "page-overview", "/"]]) {
      await goes(page, text, id);
      await until(`the address is ${there}`, () => path(page) === there);
    }
    assert.deepEqual(trouble, []);
    await close();
  },
  "Ctrl+K does things: measure, theme, region, filter; arrows choose; Escape closes": async () => {
    const { page, trouble, close } = await open("/", { bypassCSP: true });
    await goes(page, "measure packets", "metric-packets");
    await until("packets are the measure", () => query(page).get("m") === "packets");
    await goes(page, "dark", "theme");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
    await goes(page, "europe", "region-europe");
    await until("the map shows Europe", () => query(page).get("r") === "europe");
    await type(page, "tcp port 22");
    await until("the text can be a filter", async () => (await offered(page)).includes("filter"));
    await shot(page, "palette");
    assert.deepEqual(await serious(page), []);
    while ((await page.locator('[data-command][aria-selected="true"]').getAttribute("data-command")) !== "filter") await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await until("it is the filter", () => query(page).get("f") === "tcp port 22");
    await type(page, "");
    await page.keyboard.press("Escape");
    await until("it is closed", async () => (await page.locator("dialog[open]").count()) === 0);
    assert.deepEqual(trouble, []);
    await close();
  },
};
