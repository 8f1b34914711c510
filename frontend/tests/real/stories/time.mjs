// Back in time: what the page shows of a range is what the command line says of the same part of the same file.
import assert from "node:assert/strict";
import { ask, command, DEMO, open, serve, shot, until } from "../stage.mjs";

const [FROM, TO, LAST] = ["2026-06-17T18:31:10Z", "2026-06-17T18:33:40Z", "2026-06-17T18:33:39.999999999Z"];
const UNITS = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** Packets that were counted: the capture is read before it is analysed. */
const counted = async (url) => (await ask(url, "report?by=protocol&top=0")).rows.reduce((sum, { packets }) => sum + packets, 0);
const report = (by, ...more) => JSON.parse(command(["report", "--read", DEMO, "--by", by, "--top", "100", "--format", "json", ...more]));

/** The rows of a list, with the bytes that stand in them. */
const listed = (page, list) => page.locator(`[data-list="${list}"] [data-key]`).evaluateAll((rows) => rows.map((row) => [row.dataset.key, row.innerText]));
function bytes(text) {
  const [, number, unit] = /(\d[\d.\u202f]*)[\u202f ](B|kB|MB|GB)\b/.exec(text) ?? [];
  return Number((number ?? "").replace(/\s/g, "")) * UNITS[unit];
}

async function assertSame(page, [tab, list], expected) {
  await page.getByRole("tab", { name: tab }).first().click();
  await until(`${list} of the range`, async () => (await listed(page, list)).length >= 5);
  const rows = await listed(page, list);
  for (const [key, text] of rows) {
    const row = expected.rows.find((row) => row.key === key);
    assert.ok(row, `${list}: ${key} is not in the report`);
    const said = row.bytes ?? row.bytes_sent + row.bytes_received;
    assert.ok(Math.abs(bytes(text) - said) <= said * 0.006, `${list}: ${key} is ${bytes(text)} on the page and ${said} in the report`);
  }
  return rows.length;
}

export const stories = {
  "a range of the past shows what report says of the same part of the same file, and now what it says of all": async () => {
    const server = await serve(["--read", DEMO, "--speed", "max"], { env: { WIREGLOBE__HISTORY__MEMORY_MB: "128" } });
    const all = report("protocol").rows.reduce((sum, { packets }) => sum + packets, 0);
    await until("the capture is counted", async () => (await counted(server.url)) === all, 60_000);
    const { page, trouble } = await open(`${server.url}/?t=${FROM}..${TO}`, { wait: '[data-list="countries"] [data-key]' });
    assert.match(await page.locator("header.bar").innerText(), /Past/);
    const of = ["--from", FROM, "--to", LAST];
    const compared = [await assertSame(page, ["Hosts", "hosts"], report("host", ...of))];
    await shot(page, "real-past");
    await page.goto(`${server.url}/?t=${FROM}..${TO}&f=direction+in`);
    compared.push(await assertSame(page, ["Hosts", "hosts"], report("host", ...of, "--filter", "direction in")));
    await page.keyboard.press("l");
    await until("all of it is back", async () => {
      const [first] = await listed(page, "hosts");
      const said = report("host").rows.find((row) => row.key === first?.[0]);
      return said !== undefined && Math.abs(bytes(first[1]) - said.bytes_sent - said.bytes_received) <= (said.bytes_sent + said.bytes_received) * 0.006;
    });
    assert.deepEqual(trouble, []);
    return `${compared.join(" and ")} rows are the same`;
  },
};
