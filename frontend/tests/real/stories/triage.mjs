// Alerts with the real store: seen, commented, taken back by two people at once.
import assert from "node:assert/strict";
import { ask, DEMO, open, serve, until } from "../stage.mjs";

/** The demo with its alerts kept, and the page of them. */
async function inbox(count = 3) {
  const server = await serve(["--read", DEMO, "--speed", "max"]);
  await until(`${count} alerts`, async () => (await ask(server.url, "alerts")).alerts.length >= count, 90_000);
  return server;
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
};
