// The filter's line.
import assert from "node:assert/strict";
import { open, query, serious, shot, until } from "../stage.mjs";

const field = (page) => page.getByRole("combobox", { name: "Filter" });
const options = (page) => page.getByRole("listbox", { name: "Completions" }).getByRole("option").allInnerTexts();

export const stories = {
  "a filter with a slip is refused where it is, a good one applies": async () => {
    const { page, close } = await open();
    await page.keyboard.press("/");
    await page.keyboard.type("tcp and foo bar");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    assert.equal(query(page).get("f"), null);
    assert.equal(await field(page).evaluate((input) => input.value.slice(input.selectionStart, input.selectionEnd)), "foo");
    await shot(page, "filter-fault");
    await field(page).fill("tcp");
    await page.keyboard.press("Enter");
    await until("it is in the address", () => query(page).get("f") === "tcp");
    assert.equal(await page.getByRole("alert").count(), 0);
    await close();
  },
  "the filter completes words, countries by name and rules, by keyboard alone": async () => {
    const { page, trouble, close } = await open();
    await page.keyboard.press("/");
    await until("the words of the language are offered", async () => /^country\n/.test((await options(page))[0] ?? ""));
    await page.keyboard.type("cou");
    await until("one word is left", async () => (await options(page)).length === 1);
    await page.keyboard.press("Tab");
    assert.equal(await field(page).inputValue(), "country ");
    await page.keyboard.type("germ");
    await until("the country is found by its name", async () => (await options(page)).join() === "DE\nGermany");
    await shot(page, "filter-completion");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.textContent.trim().slice(0, 2)), "DE");
    await page.keyboard.press("Enter");
    await until("what joins questions is offered", async () => (await options(page)).map((option) => option.split("\n")[0]).join(" ") === "and or");
    await page.keyboard.type("and port ");
    await until("ports are offered", async () => (await options(page)).some((option) => option.startsWith("443")));
    await page.keyboard.type("443");
    await page.keyboard.press("Enter");
    await until("it is applied", () => query(page).get("f") === "country DE and port 443");
    assert.equal((await options(page)).length, 0);
    assert.deepEqual(trouble, []);
    await close();
  },
  "filters used last are offered again, and Escape closes the list before it leaves the field": async () => {
    const { page, close } = await open("/", { bypassCSP: true });
    for (const filter of ["tcp port 22", "udp"]) {
      await page.keyboard.press("/");
      await field(page).fill(filter);
      await page.keyboard.press("Enter");
      await until("it is applied", () => query(page).get("f") === filter);
      await page.keyboard.press("Escape");
    }
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.keyboard.press("/");
    await until("both are offered, the last one first", async () => (await options(page)).slice(0, 2).join() === "udp\nused last,tcp port 22\nused last");
    assert.deepEqual(await serious(page), []);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await until("the chosen one is applied", () => query(page).get("f") === "tcp port 22");
    await page.keyboard.type(" ");
    await until("the list is open", async () => (await options(page)).length > 0);
    await page.keyboard.press("Escape");
    assert.deepEqual([(await options(page)).length, await field(page).evaluate((input) => input === document.activeElement)], [0, true]);
    await page.keyboard.press("Escape");
    assert.equal(await field(page).evaluate((input) => input === document.activeElement), false);
    await close();
  },
};
