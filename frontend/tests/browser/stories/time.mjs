// Going back in time: by dragging, by keys, by the menu and by a link; and how a replay goes on.
import assert from "node:assert/strict";
import { keysOf, open, query, serious, shot, until } from "../stage.mjs";

const bar = (page) => page.locator("header.bar").innerText();
const range = (page) => query(page).get("t");
const SPAN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** From one part of the chart to another, as shares of its width. */
async function drag(page, from, to) {
  const box = await page.locator('[data-panel="timeline"] canvas').boundingBox();
  const x = (share) => box.x + 56 + share * (box.width - 72);
  await page.mouse.move(x(from), box.y + 40);
  await page.mouse.down();
  await page.mouse.move(x((from + to) / 2), box.y + 40, { steps: 4 });
  await page.mouse.move(x(to), box.y + 40, { steps: 4 });
  await page.mouse.up();
}

const seconds = (text) => text.split("..").map((moment) => Date.parse(moment) / 1000);

export const stories = {
  "dragging over the traffic chooses a range that everything is of, and l goes back to now": async () => {
    const { page, trouble, close } = await open();
    const figures = () => page.locator('[data-panel="kpi"]').innerText();
    const bytes = () => page.locator('[data-list="countries"] [data-key]').first().innerText();
    const before = await bytes();
    await drag(page, 0.3, 0.6);
    await until("the range is in the address", () => SPAN.test(range(page) ?? ""));
    await until("the bar says so", async () => /Past/.test(await bar(page)));
    await until("the lists are of it", async () => (await bytes()) !== before);
    const still = await figures();
    await page.waitForTimeout(900);
    assert.equal(await figures(), still, "the past moves");
    await shot(page, "past-dark");
    assert.deepEqual(await serious(page), []);
    await page.keyboard.press("l");
    await until("now is back", async () => range(page) === null && !/Past/.test(await bar(page)));
    assert.deepEqual(trouble, []);
    await close();
  },
  "a range is moved by its body, and by its edges, and undone by back": async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: /All kept/ }).click();
    const pressed = () => page.getByRole("button", { name: /All kept/ }).getAttribute("aria-pressed");
    await until("two hours are there", async () => (await pressed()) === "true" && (await page.locator('[data-panel="timeline"] .none').count()) === 0);
    await drag(page, 0.2, 0.4);
    await until("a range", () => SPAN.test(range(page) ?? ""));
    const [from, to] = seconds(range(page));
    await drag(page, 0.3, 0.5);
    await until("it moved", () => seconds(range(page))[0] > from + 600);
    const [later, end] = seconds(range(page));
    assert.equal(end - later, to - from, "its length stays");
    await drag(page, 0.6, 0.8);
    await until("its edge moved", () => seconds(range(page))[1] > end + 600);
    assert.equal(seconds(range(page))[0], later, "the other edge stays");
    await page.goBack();
    await until("back undoes it", () => seconds(range(page))[1] === end);
    await close();
  },
  "brackets step through the past": async () => {
    const { page, close } = await open();
    await page.keyboard.press("[");
    await until("the last five minutes", () => SPAN.test(range(page) ?? ""));
    const [from, to] = seconds(range(page));
    assert.equal(to - from, 300);
    await page.keyboard.press("[");
    await until("the five before", () => seconds(range(page))[1] === from);
    await page.keyboard.press("]");
    await until("and again", () => seconds(range(page))[0] === from);
    await close();
  },
  "a link shows the same past, and the menu any other": async () => {
    const at = Math.floor(Date.now() / 60_000) * 60 - 1800;
    const moment = (second) => new Date(second * 1000).toISOString().replace(".000Z", "Z");
    const { page, trouble, close } = await open(`/?t=${moment(at)}..${moment(at + 300)}`);
    await until("the bar says which", async () => (await bar(page)).includes(`${moment(at).slice(11, 16)}`));
    assert.ok((await keysOf(page, "countries")).length > 0);
    await page.getByRole("button", { name: /Which time is shown/ }).click();
    const menu = page.getByRole("dialog", { name: "Which time is shown" });
    await menu.getByLabel("From").fill("25:99");
    await menu.getByRole("button", { name: "Show", exact: true }).click();
    assert.match(await menu.getByRole("alert").innerText(), /The beginning is not understood/);
    await menu.getByLabel("From").fill(moment(at - 600).slice(11, 19));
    await menu.getByRole("button", { name: "Show", exact: true }).click();
    await until("the range is longer", () => seconds(range(page))[0] === at - 600);
    assert.equal(await menu.count(), 0, "the menu closes");
    assert.deepEqual(trouble, []);
    await close();
  },
  "the menu reaches as far back as the store does, and what the server does not show is said": async () => {
    const { page, close } = await open("/", { bypassCSP: true });
    await page.getByRole("button", { name: /Which time is shown/ }).click();
    const menu = page.getByRole("dialog", { name: "Which time is shown" });
    await until("it says since when there is a past", async () => /History is kept since \d+ \w+ \d\d:\d\d/.test(await menu.innerText()));
    await menu.getByRole("button", { name: "Yesterday" }).click();
    const midnight = Math.floor(Date.now() / 86_400_000) * 86_400;
    await until("all of yesterday is shown", () => seconds(range(page) ?? "")[0] === midnight - 86_400 && seconds(range(page))[1] === midnight);
    await until("the bar says which day", async () => /Past/.test(await bar(page)) && /\d\d-\d\d 00:00/.test(await bar(page)));
    await page.getByRole("button", { name: /Which time is shown/ }).click();
    await menu.getByLabel("From").fill("2020-01-01");
    await menu.getByLabel("to", { exact: true }).fill("");
    await menu.getByRole("button", { name: "Show", exact: true }).click();
    await until("the refusal is where the time is", async () => /the past is kept for 60 days/.test(await page.locator("header.bar").getByRole("alert").innerText()));
    await close();
  },
  "a replay stands still, goes faster, and goes on from elsewhere": async () => {
    const { page, close } = await open();
    await page.getByRole("button", { name: /Which time is shown/ }).click();
    const menu = page.getByRole("dialog", { name: "Which time is shown" });
    await menu.getByRole("button", { name: "Stand still" }).click();
    await until("the bar says that it stands", async () => /Paused/.test(await bar(page)));
    await menu.getByRole("button", { name: "Go on" }).click();
    await menu.getByRole("button", { name: /×.8/ }).click();
    await until("the bar says how fast", async () => /×.8/.test(await bar(page)));
    await menu.getByRole("slider").fill("90000");
    await until("the bar says where", async () => /50.%/.test(await bar(page)));
    await shot(page, "time-menu-dark");
    assert.deepEqual(await serious(page), []);
    await page.keyboard.press("Escape");
    assert.equal(await menu.count(), 0);
    await close();
  },
  "what the past cannot be asked is said where the filter is": async () => {
    const { page, close } = await open("/?t=2026-11-21T14:00:00Z..2026-11-21T14:05:00Z&f=tcp%5B13%5D%3D2", { wait: "header.bar" });
    await until("the refusal shows", async () => /not on flows/.test(await page.locator("body").innerText()));
    await close();
  },
};
