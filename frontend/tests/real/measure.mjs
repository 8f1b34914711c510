// What the page costs, with the real binary and software rendering: first load, scripting at 4 Hz with 300 arcs, frames while
// panning, and the heap over hours of traffic. Run: npm run measure [-- --only load|cost|heap --minutes 10 --speed 60]; figures stand in
// docs/PERFORMANCE.md.
import { writeFileSync } from "node:fs";
import path from "node:path";
import * as wire from "./frames.mjs";
import { ask, browser, DEMO, folder, open, serve, tidy, until } from "./stage.mjs";

const option = (name, usual) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1] || usual) || usual;
const tell = (what, figure) => console.log(`${what.padEnd(44)} ${figure}`);
const LISTED = '[data-list="countries"] [data-key]';

async function metrics(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const read = async () => Object.fromEntries((await cdp.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  /** The least of three, MB: a message may be on its way. */
  const collect = async () => {
    let least = Infinity;
    for (let i = 0; i < 3; i += 1) {
      await cdp.send("HeapProfiler.collectGarbage");
      least = Math.min(least, (await read()).JSHeapUsedSize / 1e6);
      await page.waitForTimeout(700);
    }
    return least;
  };
  return { read, collect };
}

/** Shares of a core over some seconds, of scripts alone and of the whole main thread. */
async function cost(page, seconds) {
  const { read } = await metrics(page);
  const before = await read();
  await page.waitForTimeout(seconds * 1000);
  const after = await read();
  const share = (name) => Math.round(((after[name] - before[name]) / (after.Timestamp - before.Timestamp)) * 100);
  return { script: share("ScriptDuration"), task: share("TaskDuration") };
}

async function firstLoad() {
  const server = await serve();
  const { page } = await open(`${server.url}/`, { wait: LISTED });
  const sizes = {};
  page.on("requestfinished", async (request) => (sizes[new URL(request.url()).pathname] = (await request.sizes()).responseBodySize));
  const cold = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await page.close();
  const times = [];
  for (let i = 0; i < 5; i += 1) {
    const fresh = await cold.newPage();
    const got = {};
    fresh.on("requestfinished", async (request) => (got[new URL(request.url()).pathname] = (await request.sizes()).responseBodySize));
    const began = Date.now();
    await fresh.goto(`${server.url}/`);
    await fresh.locator(LISTED).first().waitFor();
    times.push(Date.now() - began);
    await fresh.waitForTimeout(1000);
    if (i === 0) Object.assign(sizes, got);
    await fresh.close();
  }
  const sum = (test) => (Object.entries(sizes).filter(([name]) => test(name)).reduce((all, [, size]) => all + size, 0) / 1000).toFixed(1);
  tell("first load, script", `${sum((name) => name.endsWith(".js"))} kB compressed`);
  tell("first load, map", `${sum((name) => name === "/map.json")} kB compressed`);
  tell("first numbers, five loads", `${times.join(", ")} ms`);
  await cold.close();
}

/** Traffic with so many places that there are 300 arcs, in a loop. */
function busy() {
  const file = path.join(folder(), "busy.pcap");
  const frames = [];
  for (let round = 0; round < 6; round += 1) for (let n = 0; n < 2000; n += 1) {
    const peer = `${[23, 31, 46, 62, 77, 80, 91, 103, 113, 125, 133, 151, 176, 185, 190, 196, 200, 210, 217, 41][n % 20]}.${(n * 37) % 256}.${(n * 101) % 256}.1`;
    frames.push(n % 2 ? wire.udp("192.168.1.2", peer, [5000, 443], Buffer.alloc(200 + n % 900)) : wire.udp(peer, "192.168.1.2", [443, 5000], Buffer.alloc(200 + n % 900)));
  }
  writeFileSync(file, wire.pcap(frames, { gap: 1000 }));
  return file;
}

async function scripting(name, args, env = {}) {
  const server = await serve(args, { env });
  const { page } = await open(`${server.url}/`, { wait: LISTED });
  await page.waitForTimeout(15_000);
  const arcs = (await ask(server.url, "topics/arcs?k=300")).keys.length;
  const still = await cost(page, 20);
  tell(`${name}: ${arcs} arcs, 4 Hz`, `scripts ${still.script} %, main thread ${still.task} % of a core`);
  const box = await page.locator('[data-panel="map"] canvas').last().boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  for (let i = 0; i < 4; i += 1) (await page.mouse.wheel(0, -240), await page.waitForTimeout(200));
  await page.evaluate(() => {
    window.frames_at = [];
    const note = (at) => (window.frames_at.push(at), requestAnimationFrame(note));
    requestAnimationFrame(note);
  });
  await page.mouse.down();
  for (const end = Date.now() + 8000; Date.now() < end; ) {
    const angle = Date.now() / 600;
    await page.mouse.move(x + 160 * Math.cos(angle), y + 90 * Math.sin(angle));
  }
  await page.mouse.up();
  const { rate, slowest } = await page.evaluate(() => {
    const gaps = window.frames_at.slice(1).map((at, i) => at - window.frames_at[i]).sort((a, b) => a - b);
    return { rate: (gaps.length / gaps.reduce((all, gap) => all + gap, 0)) * 1000, slowest: gaps[Math.floor(gaps.length * 0.95)] };
  });
  tell(`${name}: panning`, `${rate.toFixed(0)} frames/s, 95 % within ${slowest.toFixed(0)} ms`);
}

async function heap(minutes, speed) {
  const server = await serve(["--read", DEMO, "--speed", String(speed), "--loop"]);
  const { page } = await open(`${server.url}/`, { wait: LISTED });
  const { collect } = await metrics(page);
  const seconds = async () => {
    const { loops, duration_ms, position_ms } = await ask(server.url, "status");
    return (loops * (duration_ms ?? 0) + position_ms) / 1000;
  };
  // The series is as long as it gets (docs/PROTOCOL.md).
  await until("it is warm", async () => (await seconds()) > 3600, 400_000);
  const began = await seconds();
  const found = [];
  for (let minute = 0; minute <= minutes; minute += 1) {
    found.push(await collect());
    if (minute < minutes) await page.waitForTimeout(60_000);
  }
  const first = found[0];
  tell(`heap over ${(((await seconds()) - began) / 3600).toFixed(1)} h of traffic in ${minutes} min`, `${found.map((of) => of.toFixed(1)).join(" ")} MB, last ${((found.at(-1) / first - 1) * 100).toFixed(0)} % of the first`);
}

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
const wanted = (part) => only === "" || only === part;
if (wanted("load")) await firstLoad();
await tidy();
if (wanted("cost")) await scripting("demo", []);
await tidy();
if (wanted("cost")) await scripting("300 places and more", ["--read", busy(), "--loop"], { WIREGLOBE__NETWORK__LOCAL: "192.168.0.0/16" });
await tidy();
if (wanted("heap")) await heap(option("minutes", 10), option("speed", 60));
await tidy();
await browser.close();
