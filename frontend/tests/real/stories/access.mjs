// Who has to sign in, who is in, what a viewer may not do, and the ways out.
import assert from "node:assert/strict";
import path from "node:path";
import { command, DEMO, folder, open, serious, serve, shot, until } from "../stage.mjs";

const PASSWORD = "correct horse battery";

/** A server that asks everybody, with a viewer and an operator. */
async function guarded(args = [], options = {}) {
  const users = path.join(folder(), "users.toml");
  const env = { WIREGLOBE__SERVER__USERS: users };
  for (const [name, role] of [["vera", "viewer"], ["otto", "operator"]]) command(["user", "add", name, "--role", role], { input: `${PASSWORD}\n`, env });
  const server = await serve(args, { ...options, env: { ...env, WIREGLOBE__SERVER__LOGIN: "always", ...options.env } });
  return { ...server, env };
}

async function signIn(page, name, password = PASSWORD) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
}

/** What the browser itself says of refused requests is no trouble here. */
const grave = (trouble) => trouble.filter((text) => !/status of 4(01|29)|WebSocket connection/.test(text));

export const stories = {
  "one signs in by keyboard, after a wrong password, and out again": async () => {
    const server = await guarded();
    const { page, trouble } = await open(`${server.url}/alerts`, { wait: "form" });
    await shot(page, "login-dark");
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "username");
    await page.keyboard.type("otto");
    await page.keyboard.press("Tab");
    await page.keyboard.type("wrong password");
    await page.keyboard.press("Enter");
    await page.getByText("The name or the password is wrong.").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "password");
    await shot(page, "login-wrong-dark");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator("[data-who=otto]").waitFor();
    assert.equal(new URL(page.url()).pathname, "/alerts", "where one wanted to go");
    await page.locator("[data-who=otto]").click();
    await shot(page, "who-dark");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
    assert.equal(await page.locator("header.bar").count(), 0, "nothing of the page is left");
    assert.deepEqual(grave(trouble), []);
  },
  "a viewer sees all and finds nothing to change it with": async () => {
    const server = await guarded(["--read", DEMO, "--speed", "max"]);
    const { page, trouble } = await open(`${server.url}/alerts`, { wait: "form" });
    await signIn(page, "vera");
    await page.locator("[data-alert]").first().click();
    await page.getByText("Judging alerts needs the role operator").waitFor();
    const drawer = page.locator("[data-detail]");
    for (const name of ["Acknowledge", "Escalate", "Close", "Mute"]) assert.equal(await drawer.getByRole("button", { name: new RegExp(`^${name}`) }).count() - (name === "Close" ? await drawer.locator(".x").count() : 0), 0, name);
    await page.keyboard.press("e");
    await until("it is said why not", async () => /role operator/.test(await page.locator(".said").innerText()));
    await shot(page, "viewer-dark");
    await page.goto(`${server.url}/system`);
    await page.getByText("Signed in as vera, viewer").waitFor();
    assert.equal(await page.evaluate(async () => (await fetch("/api/v1/geo/reload", { method: "POST" })).status), 403);
    assert.deepEqual(trouble.filter((text) => !/status of 403/.test(text)), []);
  },
  "too many tries have to wait, and a server that goes says so": async () => {
    const server = await guarded();
    const { page } = await open(server.url, { wait: "form", locale: "de-DE" });
    await page.getByLabel("Name", { exact: true }).fill("otto");
    for (let i = 0; i < 12 && (await page.getByText("Zu oft versucht").count()) === 0; i += 1) {
      await page.getByLabel("Passwort").fill("geraten");
      await page.getByRole("button", { name: "Anmelden" }).click();
      await until("an answer", async () => (await page.locator("#login-fault").innerText()) !== "" && !(await page.getByText("Wird geprüft").count()));
    }
    await page.getByText(/Zu oft versucht\. In \d+ s geht es wieder\./).waitFor();
    assert.ok(await page.locator("button[type=submit]").isDisabled());
    await shot(page, "login-wait-german");
  },
  "who is removed is out within seconds, and the page says that the session has ended": async () => {
    const server = await guarded();
    const { page, trouble } = await open(server.url, { wait: "form" });
    await signIn(page, "vera");
    await page.locator("[data-who=vera]").waitFor();
    await until("it is live", async () => /Live|Replay/.test(await page.locator("header.bar").innerText()));
    command(["user", "remove", "vera"], { env: server.env });
    await page.getByText("Your session has ended").waitFor({ timeout: 30_000 });
    await shot(page, "login-ended-dark");
    await signIn(page, "otto");
    await page.locator("[data-who=otto]").waitFor();
    assert.deepEqual(grave(trouble), []);
  },
  "the login is fit for everybody, in both themes and on a phone": async () => {
    const server = await guarded();
    for (const scheme of ["dark", "light"]) {
      for (const [name, viewport] of [["desktop", { width: 1440, height: 900 }], ["phone", { width: 390, height: 844 }]]) {
        const { page, trouble, context } = await open(server.url, { wait: "form", scheme, viewport });
        assert.deepEqual(await serious(page), []);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
        await shot(page, `login-${name}-${scheme}`);
        assert.deepEqual(trouble, []);
        await context.close();
      }
    }
  },
  "beyond loopback the page comes encrypted, with a cookie that stays so": async () => {
    const server = await guarded([], { listen: "0.0.0.0:0", env: { WIREGLOBE__SERVER__LOGIN: "auto" } });
    assert.match(server.url, /^https:/);
    const { page, context, trouble } = await open(`https://127.0.0.1:${server.port}`, { wait: "form", ignoreHTTPSErrors: true });
    await signIn(page, "otto");
    await until("it is live over wss", async () => /Live|Replay/.test(await page.locator("header.bar").innerText()));
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite], ["__Host-wireglobe", true, true, "Strict"]);
    await page.goto(`https://127.0.0.1:${server.port}/system`);
    await page.getByText(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/).waitFor();
    await shot(page, "system-encrypted-dark");
    assert.deepEqual(grave(trouble), []);
  },
};
