// What is done about alerts: by keys, several at once, closed, muted, blocked.
import assert from "node:assert/strict";
import { mock, open, openAlerts, query, said, shot, until } from "../stage.mjs";

/** Only against the stand-in, whose traffic and alerts are known. */
export const standIn = {
  "keys walk through the list, acknowledge, escalate and reopen": async () => {
    const { page, trouble, drawer, close } = await openAlerts();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await until("the second is open", async () => (await drawer.getAttribute("data-detail")) === "00000002");
    await page.keyboard.press("e");
    await until("it is acknowledged, and the history says so", async () => /Acknowledged/.test(await page.locator('[data-alert="00000002"]').innerText()) && /History[\s\S]*Acknowledged/.test(await drawer.innerText()));
    assert.equal(await said(page), "Acknowledged.");
    await page.keyboard.press("s");
    await until("it is escalated and left the inbox", async () => (await page.locator('[data-alert="00000002"]').count()) === 0);
    await page.keyboard.press("u");
    await until("it is back and new", async () => /New/.test(await page.locator('[data-alert="00000002"]').innerText()));
    await page.keyboard.press("k");
    await until("the one before is open", async () => (await drawer.getAttribute("data-detail")) === "00000001");
    assert.deepEqual(trouble, []);
    await close();
  },
  "closing asks for a reason; a comment is kept with it": async () => {
    const { page, trouble, drawer, close } = await openAlerts("/alerts/00000006");
    await page.keyboard.press("c");
    await page.keyboard.type("This is the new scanner");
    await page.keyboard.press("Control+Enter");
    await until("the comment is there", async () => /Comment\s*This is the new scanner/.test(await drawer.innerText()));
    await page.locator("h2").first().click();
    await page.keyboard.press("r");
    await page.getByLabel("False positive").check();
    await shot(page, "alert-close-dark");
    await page.getByRole("button", { name: "Close alert" }).click();
    await until("it says why", async () => /Closed as false positive/.test(await drawer.innerText()));
    await until("the tab counts it", async () => /Closed 1/.test(await page.locator(".list .tabs").innerText()));
    await page.getByRole("button", { name: "Reopen" }).click();
    await until("it is new again", async () => (await said(page)) === "Reopened.");
    assert.deepEqual(trouble, []);
    await close();
  },
  "several alerts are worked on at once": async () => {
    const { page, close } = await openAlerts();
    for (const id of ["00000004", "00000007"]) await page.locator(`[data-alert="${id}"] input`).check();
    await page.getByText("2 selected").waitFor();
    await page.keyboard.press("e");
    await until("both are acknowledged", async () => (await said(page)) === "Acknowledged: 2 alerts.");
    await close();
  },
  "x and shift select several; what the store refuses happens to none of them": async () => {
    const { page, trouble, rows, close } = await openAlerts();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Shift+X");
    await page.getByText("3 selected").waitFor();
    await rows().nth(4).getByRole("checkbox").click({ modifiers: ["Shift"] });
    await page.getByText("5 selected").waitFor();
    await shot(page, "alerts-selected-dark");
    mock.alerts.broken = true;
    await page.keyboard.press("s");
    await until("the refusal is shown", async () => /^Nothing was changed: .*the disk is full/.test(await said(page)));
    mock.alerts.broken = false;
    assert.ok((await rows().allInnerTexts()).every((words) => !words.includes("Escalated")));
    await page.keyboard.press("m");
    assert.match(await page.getByLabel("Filter").last().inputValue(), /^\(alert flood\.syn and dst host 192\.0\.2\.10\) or \(alert brute\.ssh and src host /);
    await page.keyboard.press("Escape");
    await page.getByLabel("Select all of the list").check();
    await page.getByText("7 selected").waitFor();
    await page.getByLabel("Select all of the list").uncheck();
    assert.ok(trouble.every((line) => /503/.test(line)), trouble.join("\n"));
    await close();
  },
  "a mute shows what it would hide, hides it, and can be lifted": async () => {
    const { page, trouble, rows, close } = await openAlerts("/alerts/00000005");
    await page.keyboard.press("m");
    assert.equal(await page.getByLabel("Filter").last().inputValue(), "alert beacon and src host 192.0.2.63");
    await page.getByText("Would hide 1 of the newest 8 alerts.").waitFor();
    assert.ok(await page.locator("dialog").evaluate((dialog) => dialog.scrollWidth <= dialog.clientWidth), "nothing of the dialog is cut off");
    await page.getByLabel("Reason").fill("the watchdog of the heating");
    await shot(page, "alert-mute-dark");
    await page.getByRole("button", { name: "Mute", exact: true }).click();
    await until("it is hidden", async () => !(await rows().allInnerTexts()).some((words) => words.includes("Beacon")));
    await page.locator(".list .tabs").getByRole("button", { name: /Muted/ }).click();
    const mute = page.locator("[data-mute]", { hasText: "the watchdog of the heating" });
    await mute.waitFor();
    await page.getByText(/^Expired 20/).waitFor();
    await shot(page, "mutes-dark");
    await mute.getByRole("button").click();
    await until("the mute is gone", async () => (await mute.count()) === 0);
    assert.deepEqual(trouble, []);
    await close();
  },
  "a wrong mute is refused before it is set": async () => {
    const { page, close } = await openAlerts("/alerts/00000001");
    await page.keyboard.press("m");
    await page.getByLabel("Filter").last().fill("foo");
    await page.getByText("is not a word of the filter language").waitFor();
    await close();
  },
  "what could not be stored did not happen, and the page says so": async () => {
    mock.alerts.broken = true;
    const { page, close } = await openAlerts("/alerts/00000001");
    await page.getByText(/The store of alerts does not write: the disk is full/).waitFor();
    await page.keyboard.press("e");
    await until("the refusal is shown", async () => /^Nothing was changed: .*the disk is full/.test(await said(page)));
    assert.match(await page.locator('[data-alert="00000001"]').innerText(), /New/);
    mock.alerts.broken = false;
    await close();
  },
  "its packets can be fetched, its sources blocked by hand, its traffic shown": async () => {
    const { page, close } = await openAlerts("/alerts/00000002");
    assert.equal(await page.getByRole("link", { name: "PCAP" }).getAttribute("href"), "/api/v1/alerts/00000002/packets");
    await page.getByRole("button", { name: "Block…" }).click();
    assert.match(await page.getByLabel("Command").inputValue(), /^wireglobe block --alerts 00000002 --server http:\/\/[\w.:]+ --format nft --expires 7d$/);
    await page.getByText("It would have hit 1 284 of 412").waitFor();
    await page.getByText("1 looks wanted").waitFor();
    await shot(page, "alert-block-dark");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show traffic" }).click();
    await until("the overview is filtered", () => new URL(page.url()).pathname === "/" && query(page).get("f") === "host 198.51.100.23 and host 192.0.2.22");
    await close();
  },
};
