// The lists beside the map, and the card of a selected host.
import assert from "node:assert/strict";
import { keysOf, open, query, shot, until } from "../stage.mjs";

export const stories = {
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
};
