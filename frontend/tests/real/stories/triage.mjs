// Alerts with the real store: seen, commented, muted with a preview, taken back; by two people at once, and by keyboard alone.
import assert from "node:assert/strict";
import { ask, DEMO, open, serve, shot, until } from "../stage.mjs";

/** The demo with its alerts kept, and the page of them. */
async function inbox(count = 3) {
  const server = await serve(["--read", DEMO, "--speed", "max"]);
  await until(`${count} alerts`, async () => (await ask(server.url, "alerts")).alerts.length >= count, 90_000);
  return server;
}

const alert = async (url, id) => (await ask(url, `alerts/${id}`)).alert;
const said = (page) => page.locator(".said").innerText();
const focused = (page) => page.evaluate(() => document.activeElement?.innerText || document.activeElement?.getAttribute("aria-label") || document.activeElement?.tagName);

/** Presses a key until the focus is where it should be: whoever has only a keyboard does the same. */
async function walk(page, key, there, most = 80) {
  for (let i = 0; i < most; i += 1) {
    if (await page.evaluate(there)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`never got there by ${key}; the focus is on ${await focused(page)}`);
}

export const stories = {
  "one triages, the other sees it": async () => {
    const server = await inbox();
    const [one, two] = [await open(`${server.url}/alerts`, { wait: "[data-alert]" }), await open(`${server.url}/alerts`, { wait: "[data-alert]" })];
    const id = await one.page.locator("[data-alert]").first().getAttribute("data-alert");
    const there = two.page.locator(`[data-alert="${id}"]`);
    await there.click();
    await one.page.locator(`[data-alert="${id}"]`).click();
    await one.page.keyboard.press("e");
    await until("the other sees it acknowledged", async () => /Acknowledged/.test(await there.innerText()));
    await one.page.keyboard.press("c");
    await one.page.keyboard.type("I look at it");
    await one.page.keyboard.press("Control+Enter");
    await until("and reads the comment", async () => (await two.page.locator("[data-detail]").innerText()).includes("I look at it"));
    await two.page.getByRole("button", { name: "Reopen" }).click();
    await until("and back: the first sees it new again", async () => /New/.test(await one.page.locator(`[data-alert="${id}"]`).innerText()));
    assert.deepEqual([...one.trouble, ...two.trouble], []);
  },
  "acknowledge, comment, mute with preview and undo, all by keyboard": async () => {
    const server = await inbox();
    const { page, trouble } = await open(`${server.url}/`, { wait: '[data-list="countries"] [data-key]' });
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.locator("[data-alert]").first().waitFor();
    await page.keyboard.press("j");
    await page.locator("[data-detail]").waitFor();
    const id = await page.locator("[data-detail]").getAttribute("data-detail");
    await page.keyboard.press("e");
    await until("it is acknowledged", async () => (await alert(server.url, id)).state === "acknowledged" && (await said(page)) === "Acknowledged.");
    await page.keyboard.press("c");
    await page.keyboard.type("our own scanner");
    await page.keyboard.press("Control+Enter");
    await until("the comment is kept", async () => (await ask(server.url, `alerts/${id}`)).history.some(({ comment }) => comment === "our own scanner"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("m");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await until("the preview counts", async () => /hide|Hides|would/i.test(await dialog.innerText()) && /\d/.test(await dialog.innerText()));
    await shot(page, "mute-preview");
    await walk(page, "Tab", () => document.activeElement?.tagName === "TEXTAREA" || (document.activeElement?.tagName === "INPUT" && document.activeElement.type === "text" && document.activeElement.value === ""));
    await page.keyboard.type("our own scanner");
    await page.keyboard.press("Tab");
    await walk(page, "Tab", () => document.activeElement?.matches("dialog .primary, dialog button[type=submit]") ?? false);
    await page.keyboard.press("Enter");
    await until("it is muted", async () => (await alert(server.url, id)).muted === true);
    await until("the dialogue has gone", async () => (await dialog.count()) === 0);
    const mutes = async () => (await ask(server.url, "mutes")).mutes.filter(({ expired }) => !expired);
    assert.equal((await mutes())[0].reason, "our own scanner");
    await walk(page, "Shift+Tab", () => document.activeElement?.matches(".list .tabs button") && /^Muted/.test(document.activeElement.innerText), 200);
    await page.keyboard.press("Enter");
    await page.locator("[data-mute]").first().waitFor();
    await walk(page, "Tab", () => document.activeElement?.closest("[data-mute]") !== null, 60);
    await page.keyboard.press("Enter");
    await until("the mute has ended", async () => (await mutes()).length === 0 && (await alert(server.url, id)).muted === false);
    await page.goto(`${server.url}/alerts/${id}?tab=all`);
    await page.locator("[data-detail]").waitFor();
    await page.keyboard.press("u");
    await until("undone", async () => (await alert(server.url, id)).state === "new");
    assert.deepEqual(trouble, []);
  },
};
