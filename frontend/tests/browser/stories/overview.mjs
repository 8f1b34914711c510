// The overview: figures, selection, address, filter, pause, theme.
import assert from "node:assert/strict";
import { startMock } from "../../mock.mjs";
import { base, browser, colours, DESKTOP, keysOf, open, PHONE, query, selectFirstCountry, shot, until } from "../stage.mjs";

export const stories = {
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
  "the dock's tiles filter like countries": async () => {
    const { page, close } = await open();
    await page.locator('[data-panel="dock"] button').first().click();
    await until("the address names the place", () => query(page).get("sel") === "place:lan");
    await page.keyboard.press("Escape");
    await until("escape clears it", () => query(page).get("sel") === null);
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
};

/** Only against the stand-in, whose traffic and alerts are known. */
export const standIn = {
  "a network without public peers says why the map is empty": async () => {
    const other = await startMock(0, { publicPeers: false, home: false });
    const page = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await page.goto(other.url);
    await page.getByText("No public peers in this traffic").waitFor();
    await page.getByRole("button", { name: "Set home" }).click();
    await page.getByLabel("Latitude").fill("48,2");
    await page.getByLabel("Longitude").fill("16.37");
    await page.getByText(/lat = 48\.20\s+lon = 16\.37\s+networks = \["192\.0\.2\.0\/24"\]/).waitFor();
    await page.getByLabel("Latitude").fill("98");
    await page.getByText(/Latitude is −90 to 90/).waitFor();
    await page.getByLabel("Latitude").fill("48.2");
    await shot(page, "empty-dark");
    await page.context().close();
    await other.stop();
  },
};
