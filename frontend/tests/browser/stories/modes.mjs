// Ways to look at the page: privately, on a wall, on paper, in forced colours.
import assert from "node:assert/strict";
import { colours, open, query, serious, shot, until } from "../stage.mjs";

const WALL = { width: 1920, height: 1080 };

export const stories = {
  "the privacy mode masks own addresses everywhere, says so in the bar, and is remembered": async () => {
    const { page, trouble, close } = await open();
    const own = async () => /192\.0\.2\.\d/.test(await page.locator("body").innerText());
    await until("own addresses are there", own);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("privacy");
    await until("it is offered", async () => (await page.locator("[data-command]").first().getAttribute("data-command")) === "privacy");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Private", exact: true }).waitFor();
    await until("none is left", async () => !(await own()));
    assert.match(await page.locator('[data-panel="feed"]').innerText(), /192\.0\.\u2022\.\u2022/);
    assert.match(await page.locator('[data-panel="feed"]').innerText(), /198\.51\.100\.\d/, "others are not masked");
    await page.waitForTimeout(1200);
    assert.ok(await page.evaluate(() => document.querySelector("header.bar").scrollWidth <= innerWidth && document.querySelector(".overview").scrollWidth <= innerWidth), "the bar has room for it");
    assert.equal(await own(), false, "what came since is masked, too");
    await shot(page, "privacy-dark");
    for (const path of ["/hosts", "/alerts/00000002", "/packets", "/host/192.0.2.14"]) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole("button", { name: "Private", exact: true }).waitFor();
      await page.waitForTimeout(700);
      assert.equal(await own(), false, path);
      assert.doesNotMatch(await page.locator("body").innerText(), /web-1/, path);
    }
    assert.doesNotMatch(await page.locator("h1").innerText(), /web-1/);
    await page.getByRole("button", { name: "Private", exact: true }).click();
    await until("all is shown again", own);
    assert.deepEqual(trouble, []);
    await close();
  },
  "the wall has large figures, no controls, and goes through its lists by itself": async () => {
    const { page, trouble, close } = await open("/wall", { viewport: WALL, bypassCSP: true, wait: "[data-cycle] li" });
    assert.equal(await page.locator("dd").first().evaluate((node) => getComputedStyle(node).fontSize), "44px");
    assert.equal(await page.locator("header.bar").count(), 0);
    await until("the map is drawn", async () => (await colours(page, "base")) > 6);
    const fits = await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth);
    assert.ok(fits, "it fills the screen and no more");
    assert.equal(await page.locator(".traffic button:visible, .where button:visible").count(), 0, "nothing to press beside the clock and the traffic");
    await page.waitForTimeout(600);
    await shot(page, "wall-dark");
    assert.deepEqual(await serious(page), []);
    const first = await page.locator("[data-cycle]").getAttribute("data-cycle");
    await until("another list is shown", async () => (await page.locator("[data-cycle]").getAttribute("data-cycle")) !== first, 20_000);
    await page.keyboard.press("Escape");
    await page.locator("header.bar").waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "in forced colours arcs that go out are dashed, and what is chosen stands out": async () => {
    const { page, trouble, close } = await open("/", { forcedColors: "active" });
    assert.equal(await page.evaluate(() => matchMedia("(forced-colors: active)").matches), true);
    assert.notEqual(await page.locator(".legend svg.out").evaluate((node) => getComputedStyle(node).strokeDasharray), "none");
    await until("the map is drawn", async () => (await colours(page, "base")) > 6);
    await shot(page, "forced-colours");
    assert.deepEqual(trouble, []);
    await close();
  },
  "on paper the page is light and has no buttons": async () => {
    const { page, close } = await open();
    await page.emulateMedia({ media: "print" });
    await until("it is light", () => page.evaluate(() => document.documentElement.dataset.theme === "light"));
    assert.equal(await page.locator(".filter").isVisible(), false);
    assert.equal(await page.locator(".tools").isVisible(), false);
    const map = await page.locator("canvas.base").boundingBox();
    assert.ok(map.y < 200 && map.height < 600, `the map is where it was: ${JSON.stringify(map)}`);
    await shot(page, "print");
    await page.emulateMedia({ media: "screen" });
    await until("it is dark again", () => page.evaluate(() => document.documentElement.dataset.theme === "dark"));
    await close();
  },
  "the map can be framed to a region, by its list or by a link, and back to the whole": async () => {
    const { page, close } = await open("/?r=africa");
    const picture = () => page.locator("canvas.base").evaluate((canvas) => canvas.toDataURL().length);
    await until("the map is drawn", async () => (await colours(page, "base")) > 6);
    await page.waitForTimeout(500);
    await shot(page, "region-africa");
    const africa = await picture();
    await page.getByLabel("Region").selectOption("europe");
    await until("another part is drawn", async () => (await picture()) !== africa);
    assert.equal(query(page).get("r"), "europe");
    await page.waitForTimeout(500);
    await shot(page, "region-europe");
    await page.getByRole("button", { name: "Whole map" }).click();
    await until("it is the world", () => query(page).get("r") === null);
    await close();
  },
};
