// A country lights up as its packets come in over a wire: a live capture at one end of a link, a sender at the other.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as wire from "../frames.mjs";
import { ask, has, later, open, serve, shot, until } from "../stage.mjs";

const OWN = "192.168.1.2";
/** Name servers of two countries that have been where they are for decades. */
const [FIRST, SECOND] = ["193.0.14.129", "200.160.2.3"];
const SPACE = `wireglobe-page-${process.pid}`;
const END = `wgp${process.pid}`.slice(0, 15);
/** Sends frames that it reads as lines of hexadecimal digits. */
const SENDER = `import socket, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
line.bind(("far", 0))
for frame in sys.stdin: line.send(bytes.fromhex(frame))`;

const ip = (...words) => assert.equal(spawnSync("ip", words).status, 0, `ip ${words.join(" ")}`);
const far = (program, input) => assert.equal(spawnSync("ip", ["netns", "exec", SPACE, ...program], { input }).status, 0);
const send = (peer, n) => far(["python3", "-c", SENDER], Array.from({ length: n }, (_, i) => wire.udp(peer, OWN, [53, 5000 + i], Buffer.alloc(100, 65)).toString("hex")).join("\n"));

/** Whether links between namespaces can be made here. */
function canLink() {
  if (process.getuid() !== 0 || !has("ip", ["-V"]) || !has("python3")) return false;
  later(() => void spawnSync("ip", ["netns", "delete", SPACE]));
  return spawnSync("ip", ["netns", "add", SPACE]).status === 0 && spawnSync("ip", ["link", "add", END, "type", "veth", "peer", "name", "far", "netns", SPACE]).status === 0;
}

export const stories = {
  "a country lights up as its packets come in over a wire": async () => {
    if (!canLink()) return "skipped: needs root, ip, python3 and network namespaces";
    ip("link", "set", END, "up");
    ip("-n", SPACE, "link", "set", "far", "up");
    const server = await serve(["--interface", END], { env: { WIREGLOBE__NETWORK__LOCAL: "192.168.0.0/16" } });
    const [first, second] = await Promise.all([FIRST, SECOND].map(async (address) => (await ask(server.url, `geo/lookup?address=${address}`)).country));
    assert.ok(first && second && first !== second, "the addresses are in two countries");
    send(FIRST, 3);
    const { page, trouble } = await open(`${server.url}/`, { wait: `[data-list="countries"] [data-key="${first}"]` });
    const row = page.locator(`[data-list="countries"] [data-key="${second}"]`);
    assert.equal(await row.count(), 0, "dark before");

    const began = Date.now();
    send(SECOND, 20);
    await row.waitFor();
    const lit = Date.now() - began;
    await until("all that was sent is counted", async () => {
      const { keys, columns } = await ask(server.url, "topics/countries");
      return columns.packets_sent[keys.indexOf(second)] === 20 && columns.packets_received[keys.indexOf(second)] === 0;
    });
    await page.keyboard.press("t");
    const twin = page.getByRole("row").filter({ hasText: new Intl.DisplayNames("en", { type: "region" }).of(second) });
    await twin.first().waitFor();
    await shot(page, "real-wire");
    assert.match(await page.locator("header.bar").innerText(), /Live/);
    assert.deepEqual(trouble, []);
    return `lit after ${lit} ms`;
  },
};
