// The map, flat and as a globe, by pointer and by keyboard, and its table.
import assert from "node:assert/strict";
import { base, colours, open, query, serious, shot, until } from "../stage.mjs";

export const stories = {
  "a click on the map selects the country under the pointer": async () => {
    const { page, close } = await open();
    const box = await page.locator(".stage").boundingBox();
    // Brazil lies here on a whole flat map, whatever its size.
    await page.mouse.click(box.x + box.width * 0.34, box.y + box.height * 0.59);
    await until("the address names Brazil", () => query(page).get("sel") === "country:BR");
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
  "the map has a table twin": async () => {
    const { page, close } = await open();
    await page.keyboard.press("t");
    const rows = page.locator('[data-panel="map"] tbody tr');
    await until("it has a row for every country", async () => (await rows.count()) > 0);
    await shot(page, "map-table");
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
  "the table twin has the list's figures and can be put in order by each column": async () => {
    const { page, trouble, close } = await open("/", { bypassCSP: true });
    await page.keyboard.press(" ");
    const [first] = await page.locator('[data-list="countries"] [data-key]').allInnerTexts();
    await page.keyboard.press("t");
    const rows = page.locator('[data-panel="map"] tbody tr');
    await until("it has rows", async () => (await rows.count()) > 10);
    const share = (text) => /[\d.]+.%/.exec(text)[0];
    assert.equal(share(await rows.first().innerText()), share(first));
    assert.equal(await page.locator('[data-panel="map"] th[aria-sort="descending"]').innerText(), "Share ↓");
    await page.locator('[data-panel="map"] thead').getByRole("button", { name: "Country" }).click();
    const names = await rows.locator("th").evaluateAll((heads) => heads.map((head) => head.innerText.replace(/^[A-Z]{2}\s*/, "")));
    assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b, "en")));
    await page.locator('[data-panel="map"] thead').getByRole("button", { name: "Alerts" }).click();
    assert.match(await rows.first().innerText(), /\t\d+\t/);
    assert.deepEqual(await serious(page), []);
    assert.deepEqual(trouble, []);
    await close();
  },
  "the legend explains its scale and its marks": async () => {
    const { page, trouble, close } = await open("/", { bypassCSP: true });
    await page.getByRole("button", { name: "How to read the map" }).click();
    const dialog = page.getByRole("dialog", { name: "How to read the map" });
    await dialog.getByText("under 100").waitFor();
    await dialog.getByText("10 GB and more").waitFor();
    await dialog.getByText("Double ring").waitFor();
    await shot(page, "legend-help");
    assert.deepEqual(await serious(page), []);
    assert.deepEqual(trouble, []);
    await close();
  },
};
