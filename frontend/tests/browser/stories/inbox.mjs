// The inbox of alerts: list, detail, what is not there.
import assert from "node:assert/strict";
import { startMock } from "../../mock.mjs";
import { base, browser, DESKTOP, open, openAlerts, PHONE, query, serious, shot, until } from "../stage.mjs";

/** Only against the stand-in, whose traffic and alerts are known. */
export const standIn = {
  "the list has the gravest first, and the header says how many are open": async () => {
    const { page, trouble, rows, close } = await openAlerts();
    const words = await rows().allInnerTexts();
    assert.equal(words.length, 7);
    assert.match(words[0], /Critical[\s\S]*SYN flood[\s\S]*BR[\s\S]*203\.0\.113\.7 \+23[\s\S]*192\.0\.2\.10:443[\s\S]*New/);
    assert.match(words.at(-1), /Info[\s\S]*Ping sweep/);
    assert.match(await page.locator("header.bar nav").innerText(), /Alerts\s+7/);
    await page.getByText("1 muted alert is not listed here.").waitFor();
    await shot(page, "alerts-light");
    assert.deepEqual(trouble, []);
    await close();
  },
  "the overview shows what needs attention, marks it on the map, and opens it": async () => {
    const { page, trouble, close } = await open();
    const panel = page.locator('[data-panel="top"] section', { hasText: "Needs attention" });
    assert.match(await panel.innerText(), /Critical\s*SYN flood/);
    await page.locator(".stage").focus();
    const popover = page.locator('[data-panel="map"] .popover');
    await page.mouse.move(0, 0);
    const box = await page.locator(".stage").boundingBox();
    await page.mouse.move(box.x + box.width * 0.34, box.y + box.height * 0.59);
    await until("Brazil's popover names the alert", async () => /Brazil[\s\S]*Critical\s*SYN flood/.test(await popover.first().innerText().catch(() => "")));
    await shot(page, "overview-alert");
    await panel.getByRole("button", { name: "SYN flood" }).click();
    await page.locator('[data-detail="00000001"]').waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "an alert opens with its figures, and its address shows it again": async () => {
    const { page, trouble, drawer, close } = await openAlerts();
    await page.locator('[data-alert="00000003"]').click();
    await until("it is in the address", () => new URL(page.url()).pathname === "/alerts/00000003");
    const words = await drawer.innerText();
    for (const part of [/High/, /tried 1 017 ports/, /Seychelles/, /AS64503 Example Transit/, /T1046/, /scan\.port\.tcp_syn/, /ports\s+different failed ports\s+1.009\s+from 15/, /What could fool it\./, /Nothing was done about it yet/, /192\.0\.2\.27, 20 ports/, /ports 7, 8, 9/, /Over time at most 156 within 5/]) assert.match(words, part);
    await drawer.getByRole("img", { name: "Over time: at most 156 within 5" }).waitFor();
    await shot(page, "alert-dark");
    await page.reload();
    await drawer.waitFor();
    await page.keyboard.press("Escape");
    await until("the detail is closed", async () => (await drawer.count()) === 0 && new URL(page.url()).pathname === "/alerts");
    assert.deepEqual(trouble, []);
    await close();
  },
  "an alert of another day has its date": async () => {
    const { drawer, close } = await openAlerts("/alerts/00000007");
    assert.match(await drawer.innerText(), /First\s+20\d\d-\d\d-\d\d \d\d:/);
    await close();
  },
  "older alerts are loaded page by page, and the tabs count the whole store": async () => {
    const other = await startMock(0, { alerts: "many" });
    const { page, trouble, close } = await open("/");
    await page.goto(`${other.url}/alerts`);
    await page.locator("[data-alert]").first().waitFor();
    await page.getByText("300 of 708 alerts are loaded.").waitFor();
    assert.match(await page.locator(".list .tabs").innerText(), /Inbox 701\s+Escalated 0\s+Closed 7\s+Muted 0\s+All 708/);
    await page.getByRole("button", { name: "Load older" }).scrollIntoViewIfNeeded();
    await shot(page, "alerts-older-dark");
    await page.getByRole("button", { name: "Load older" }).click();
    await page.getByText("600 of 708 alerts are loaded.").waitFor();
    await page.getByRole("button", { name: "Load older" }).click();
    await until("all of them are there", async () => (await page.locator("[data-alert]").count()) === 701);
    assert.equal(await page.getByRole("button", { name: "Load older" }).count(), 0);
    await page.locator(".list .tabs").getByRole("button", { name: /Closed/ }).click();
    await page.getByRole("button", { name: "Load older" }).click();
    await until("the closed ones are there, too", async () => (await page.locator("[data-alert]").count()) === 7);
    assert.deepEqual(trouble.filter((line) => !line.startsWith(`outside: ${other.url}`)), []);
    await close();
    await other.stop();
  },
  "severity, rule and the page's own filter narrow the list": async () => {
    const { page, rows, close } = await openAlerts();
    await page.getByLabel("Severity").selectOption("high");
    await until("three are left", async () => (await rows().count()) === 3);
    assert.equal(query(page).get("sev"), "high");
    await page.getByLabel("Severity").selectOption("info");
    await page.getByLabel("Rule").selectOption("scan");
    await until("the scans are left", async () => (await rows().count()) === 3);
    await page.goto(`${base}/alerts?f=country+VN`);
    await until("one country is left", async () => (await rows().count()) === 1);
    await page.goto(`${base}/alerts?f=tcp+port+443`);
    await page.getByText(/The filter speaks of traffic/).waitFor();
    assert.equal(await rows().count(), 7);
    await close();
  },
  "a phone shows the list, then the alert, without scrolling sideways": async () => {
    const { page, trouble, drawer, close } = await openAlerts("/alerts", { viewport: PHONE, hasTouch: true, isMobile: true });
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok((await wide()) <= 0);
    await shot(page, "phone-alerts");
    await page.locator('[data-alert="00000003"] button').tap();
    await drawer.waitFor();
    assert.ok((await wide()) <= 0);
    await shot(page, "phone-alert");
    await page.getByRole("button", { name: "Back to the list" }).tap();
    await page.locator("[data-alert]").first().waitFor();
    assert.deepEqual(trouble, []);
    await close();
  },
  "without alerts the page tells what is watched": async () => {
    const other = await startMock(0, { alerts: "none" });
    const page = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await page.goto(`${other.url}/alerts`);
    await page.getByText("No alert so far.").waitFor();
    await page.getByText("8 rules watch the traffic:").waitFor();
    await shot(page, "alerts-none");
    await page.context().close();
    await other.stop();
  },
  "a server that keeps no states still shows its alerts": async () => {
    const other = await startMock(0, { alerts: "stateless" });
    const page = await (await browser.newContext({ viewport: DESKTOP })).newPage();
    await page.goto(`${other.url}/alerts/00000001`);
    await page.locator("[data-detail]").getByText(/The history could not be read/).waitFor();
    assert.equal(await page.locator("[data-alert]").count(), 8);
    await page.keyboard.press("e");
    await until("it says that nothing was changed", async () => /Nothing was changed/.test(await page.locator(".said").innerText()));
    await page.context().close();
    await other.stop();
  },
  "axe finds nothing serious on the alerts page, in a detail and in its dialogs, in both themes": async () => {
    for (const [scheme, address, key, viewport] of [["dark", "/alerts", "", DESKTOP], ["light", "/alerts/00000001", "", DESKTOP], ["dark", "/alerts/00000003", "m", DESKTOP], ["light", "/alerts/00000002", "r", DESKTOP], ["dark", "/alerts/00000002", "", DESKTOP], ["light", "/alerts?tab=muted", "", DESKTOP], ["light", "/alerts", "", PHONE], ["dark", "/alerts/00000001", "", PHONE]]) {
      const { page, close } = await openAlerts(address, { scheme, viewport, bypassCSP: true, wait: address.length > 8 && !address.includes("?") ? "[data-detail]" : "[data-alert]" });
      if (key) await page.keyboard.press(key);
      await page.waitForTimeout(500);
      assert.deepEqual(await serious(page), [], `${scheme} ${address} ${key}`);
      await close();
    }
  },
  "the browser tells of a new grave alert when asked to, and a click on it opens it": async () => {
    const other = await startMock(0, { alerts: "full" });
    const context = await browser.newContext({ viewport: DESKTOP, permissions: ["notifications"] });
    const page = await context.newPage();
    await page.addInitScript(() => {
      window.told = [];
      window.Notification = class {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title, options) {
          window.told.push({ title, ...options });
          window.lastNotice = this;
        }
        close() {}
      };
    });
    await page.goto(`${other.url}/alerts`);
    await page.locator("[data-alert]").first().waitFor();
    const asked = page.waitForResponse((response) => response.url().includes("/api/v1/alerts?severity=high"));
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByText("The browser will tell of new alerts from high on.").waitFor();
    await asked;
    other.alerts.all.push({ ...other.alerts.all[0], id: "00000099", title: "A new flood", last_ms: Date.now() + 1000 });
    await until("it tells of it", () => page.evaluate(() => window.told.map(({ title }) => title).join() === "A new flood"), 20_000);
    await page.evaluate(() => window.lastNotice.onclick());
    await page.locator('[data-detail="00000099"]').waitFor();
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByText("The browser tells of alerts no more.").waitFor();
    await context.close();
    await other.stop();
  },
};
