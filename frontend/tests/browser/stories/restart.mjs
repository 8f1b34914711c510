// A server that goes and comes back. Only against the stand-in: it can be stopped.
import assert from "node:assert/strict";
import { colours, keysOf, mock, open, renewMock, shot, until } from "../stage.mjs";

/** Only against the stand-in, whose traffic and alerts are known. */
export const standIn = {
  "a lost server makes the page stale, not blank, and it comes back by itself": async () => {
    const { page, close } = await open();
    const { port } = mock;
    await mock.stop();
    await until("the bar says stale", async () => (await page.locator("header.bar").innerText()).includes("Stale"));
    assert.ok((await colours(page, "base")) > 6);
    assert.ok((await keysOf(page, "countries")).length > 0);
    await page.waitForTimeout(400);
    await shot(page, "stale-dark");
    await renewMock(port);
    await until("it is live again", async () => /Live|Replay/.test(await page.locator("header.bar").innerText()), 25_000);
    await close();
  },
};
