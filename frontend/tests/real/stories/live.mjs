// From a country that lights up to the packets behind it, and these as a file that tcpdump reads.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as wire from "../frames.mjs";
import { ask, folder, has, open, serve, until } from "../stage.mjs";

const OWN = "192.168.1.2";
/** Addresses of name servers and registries that have been where they are for decades. */
const [FIRST, SECOND, OTHER] = ["193.0.14.129", "200.160.2.3", "200.160.2.10"];
const HEADER = 24;

const frames = (peer, n, port) => Array.from({ length: n }, (_, i) => wire.udp(i % 3 ? peer : OWN, i % 3 ? OWN : peer, i % 3 ? [port, 5000] : [5000, port], Buffer.alloc(40 + i, 65)));
const digests = (capture) => spawnSync("tcpdump", ["-r", capture, "-n", "-t", "-x"]).stdout.toString().split(/\n(?=IP)/).map((text) => text.trim()).sort();

export const stories = {
  "a country lights up live; from it to its network, its host, its packets, and tcpdump reads exactly these": async () => {
    if (!has("tcpdump")) return "skipped";
    const place = folder();
    const [growing, wanted, taken] = ["growing.pcap", "wanted.pcap", "taken.pcapng"].map((name) => path.join(place, name));
    writeFileSync(growing, wire.pcap(frames(FIRST, 12, 53)));
    const server = await serve(["--read", growing, "--follow"], { env: { WIREGLOBE__NETWORK__LOCAL: "192.168.0.0/16", WIREGLOBE__RING__KEEP_BYTES: "1500" } });
    const where = async (address) => ask(server.url, `geo/lookup?address=${address}`);
    const { country, asn } = await where(SECOND);
    assert.ok(country && asn && country !== (await where(FIRST)).country, "the addresses are in two countries");
    const { page, trouble } = await open(`${server.url}/`, { wait: '[data-list="countries"] [data-key]' });
    const row = page.locator(`[data-list="countries"] [data-key="${country}"]`);
    assert.equal(await row.count(), 0, "dark before");

    const its = frames(SECOND, 20, 53);
    writeFileSync(wanted, wire.pcap(its));
    const began = Date.now();
    appendFileSync(growing, wire.pcap([...its, ...frames(OTHER, 7, 443)], { start: 1_760_000_100 }).subarray(HEADER));
    await row.waitFor({ timeout: 20_000 });
    const lit = Date.now() - began;

    await row.click();
    await page.getByRole("link", { name: new RegExp(`^Open the page of ${country}`) }).click();
    await page.locator(`[data-entity="country:${country}"]`).waitFor();
    await page.locator(`[data-list="networks"] [data-key="${asn}"]`).getByRole("link").click();
    await page.locator(`[data-entity="asn:${asn}"]`).waitFor();
    await page.locator(`[data-list="hosts"] [data-key="${SECOND}"]`).getByRole("link").click();
    await page.locator(`[data-entity="host:${SECOND}"]`).waitFor();
    await page.getByRole("link", { name: "Its packets" }).click();
    await page.locator("[data-row]").first().waitFor();
    await until("all of its packets are listed", async () => /^Packets\s*20\b/.test(await page.locator("h1").innerText()));
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "PCAP" }).click()]);
    await download.saveAs(taken);
    assert.ok(readFileSync(taken).length > 0);
    assert.deepEqual(digests(taken), digests(wanted), "exactly these, byte for byte");
    assert.deepEqual(trouble, []);
    return `lit after ${lit} ms; ${its.length} packets, byte for byte`;
  },
};
