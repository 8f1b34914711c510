// A server that is restarted, and a line that is slow.
import assert from "node:assert/strict";
import { inflateRawSync } from "node:zlib";
import { slowLine } from "../proxy.mjs";
import { open, serve, until } from "../stage.mjs";

const bar = (page) => page.locator("header.bar").innerText();
const BITS = 50_000;
/** How long the slow page is watched. */
const WATCH_MS = 30_000;

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
  "at 50 kbit/s the page is less than 5 s behind after its first snapshot, and says how far it is": async () => {
    const line = await slowLine();
    const server = await serve([], { env: { WIREGLOBE__SERVER__ALLOWED_HOSTS: `127.0.0.1:${line.port}` } });
    line.server = server.port;
    const { page } = await open(`http://127.0.0.1:${line.port}/`, { wait: "header.bar" });
    let [at, bytes, ticks] = [0, 0, 0];
    /** When each table last got something, and how long it waited at most. */
    const heard = new Map();
    const table = (sub) => heard.set(sub, { at: Date.now(), most: Math.max(heard.get(sub)?.most ?? 0, Date.now() - (heard.get(sub)?.at ?? Date.now())) });
    /** Ticks for a slow line come packed, a message a line. */
    const messages = (payload) => (typeof payload === "string" ? payload : inflateRawSync(payload).toString()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const hear = (socket) => socket.on("framereceived", ({ payload }) => {
      bytes += payload.length;
      for (const message of messages(payload)) {
        if (message.type === "tick") [at, ticks] = [message.at, ticks + 1];
        if (message.type === "delta" || message.type === "snap") table(message.sub);
      }
    });
    page.on("websocket", hear);
    await page.reload();
    await page.locator('[data-list="countries"] [data-key]').first().waitFor();
    line.bits = BITS;
    await until("a tick over the slow line", () => ticks > 3);
    [bytes, ticks] = [0, 0];
    heard.clear();
    const ages = [];
    const lags = [];
    for (const end = Date.now() + WATCH_MS; Date.now() < end; await page.waitForTimeout(100)) {
      ages.push(Date.now() - at);
      lags.push(Number(/(\d[\d\s\u202f]*)\s*ms/.exec(await page.locator(".connection").innerText())?.[1].replaceAll(/\D/g, "")));
    }
    const worst = Math.max(...ages);
    assert.ok(worst < 5000, `${worst} ms behind`);
    assert.ok(Math.max(...lags) > 300, "the bar says that the line is slow");
    const waits = [...heard.values()].map(({ most }) => most).sort((a, b) => a - b);
    assert.ok(waits.at(-1) < 5000, `a table waited ${waits.at(-1)} ms`);
    return `${worst} ms behind at worst, ${ticks} ticks and ${Math.round(bytes / 1000)} kB in ${WATCH_MS / 1000} s; the bar said ${Math.min(...lags)} to ${Math.max(...lags)} ms; a table waited ${waits[Math.floor(waits.length / 2)]} ms at most in the middle of the tables, ${waits.at(-1)} ms at worst`;
  },
};
