// The page in another language.
import assert from "node:assert/strict";
import { open, shot, until } from "../stage.mjs";

const lang = (page) => page.evaluate(() => document.documentElement.lang);

export const stories = {
  "a browser that asks for German gets German words, names and numbers": async () => {
    const { page, trouble, close } = await open("/", { locale: "de-DE" });
    assert.equal(await lang(page), "de");
    await page.getByRole("tab", { name: "Länder" }).first().waitFor();
    assert.match(await page.locator('[data-list="countries"]').innerText(), /Vereinigte Staaten|Deutschland|Niederlande/);
    await until("a number with a decimal comma", async () => /\d,\d/.test(await page.locator('[data-panel="kpi"]').innerText()));
    assert.doesNotMatch(await page.locator('[data-panel="kpi"]').innerText(), /\d\.\d/);
    await page.waitForTimeout(500);
    await shot(page, "overview-german");
    await page.goto(new URL("/system", page.url()).href);
    await page.getByRole("heading", { name: "Bilanz" }).waitFor();
    await shot(page, "system-german");
    assert.deepEqual(trouble, []);
    await close();
  },
  "the language can be chosen, changes at once, and is remembered": async () => {
    const { page, trouble, close } = await open();
    assert.equal(await lang(page), "en");
    await page.keyboard.press("?");
    await page.getByLabel("Language").selectOption("de");
    await page.getByRole("tab", { name: "Länder" }).first().waitFor();
    assert.equal(await lang(page), "de");
    await page.reload();
    await page.getByRole("tab", { name: "Länder" }).first().waitFor();
    await page.keyboard.press("?");
    await page.getByLabel("Sprache").selectOption("en");
    await page.getByRole("tab", { name: "Countries" }).first().waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "rates, volumes and countries are written as the reader chose, which is remembered": async () => {
    const { page, trouble, close } = await open("/", { bypassCSP: true });
    const figures = () => page.locator('[data-panel="kpi"]').innerText();
    assert.match(await figures(), /Mbit\/s/);
    await page.keyboard.press("?");
    await shot(page, "help");
    await page.getByLabel("Rates").selectOption("bytes");
    await until("rates are in bytes", async () => /MB\/s/.test(await figures()));
    await page.keyboard.press("?");
    await page.getByLabel("Volumes").selectOption("iec");
    await until("volumes are binary", async () => /GiB/.test(await page.locator('[data-list="countries"]').innerText()) && /MiB\/s/.test(await figures()));
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByLabel("Countries").selectOption("on");
    await until("countries have flags", async () => /\u{1f1fa}\u{1f1f8}/u.test(await page.locator('[data-list="countries"]').innerText()));
    assert.match(await page.locator('[data-panel="timeline"]').innerText(), /MiB\/s/);
    await page.reload();
    await until("it is remembered", async () => /MiB\/s/.test(await figures()));
    assert.deepEqual(trouble, []);
    await close();
  },
};
