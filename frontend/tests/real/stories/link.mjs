// A server that is restarted.
import assert from "node:assert/strict";
import { open, serve, until } from "../stage.mjs";

const bar = (page) => page.locator("header.bar").innerText();

export const stories = {
  "a server that is restarted is found again, and nothing has to be done": async () => {
    const first = await serve();
    const { page, trouble } = await open(`${first.url}/?sel=country:US`, { wait: '[data-list="countries"] [data-key]' });
    await first.stop();
    await until("the bar says stale", async () => /Stale/.test(await bar(page)));
    await serve([], { listen: `127.0.0.1:${first.port}` });
    await until("it is live again", async () => /Live|Replay/.test(await bar(page)), 30_000);
    await page.locator('[data-list="countries"] [data-key]').first().waitFor();
    assert.equal(new URL(page.url()).searchParams.get("sel"), "country:US");
    assert.deepEqual(trouble.filter((text) => !/WebSocket connection|ERR_CONNECTION/.test(text)), []);
  },
};
