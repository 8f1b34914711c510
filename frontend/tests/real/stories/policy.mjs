// Every page there is, walked with the content policy on: nothing violates it, nothing is asked of another host, and the policy
// holds against a script that would break it.
import assert from "node:assert/strict";
import { another, ask, DEMO, open, serve, until } from "../stage.mjs";

export const stories = {
  "no page violates the content policy or asks another host": async () => {
    const server = await serve(["--read", DEMO, "--speed", "max"]);
    await until("an alert", async () => (await ask(server.url, "alerts")).alerts.length > 0, 60_000);
    const host = (await ask(server.url, "report?by=host&top=1")).rows[0].key;
    const domain = (await ask(server.url, "report?by=domain&top=1")).rows[0]?.key;
    const { alerts } = await ask(server.url, "alerts");
    const pages = ["/", "/alerts", `/alerts/${alerts[0].id}`, "/explore", "/hosts", "/packets", "/block", "/system", "/country/NL", "/as/1136", "/prefix/192.0.2.0/24", `/host/${host}`, ...(domain ? [`/domain/${encodeURIComponent(domain)}`] : [])];
    const { page, trouble } = await open(`${server.url}/`);
    const served = [];
    for (const address of pages) {
      if ((await fetch(server.url + address)).status === 404) continue;
      const answer = await page.goto(server.url + address);
      assert.match(answer.headers()["content-security-policy"], /default-src 'none'.*require-trusted-types-for 'script'/, address);
      await page.locator("main").first().waitFor();
      await page.waitForTimeout(700);
      served.push(address);
    }
    assert.deepEqual(trouble, []);
    assert.ok(served.length >= 11, served.join(" "));
    return `${served.length} pages, 0 violations, 0 requests to others`;
  },
  "a page of another site that was rebound to this server gets nothing": async () => {
    const server = await serve();
    const page = await (await another("--host-resolver-rules=MAP evil.test 127.0.0.1")).newPage();
    const answer = await page.goto(`http://evil.test:${server.port}/`);
    assert.equal(answer.status(), 403);
    const got = await page.evaluate(async () => ({
      api: (await fetch("/api/v1/status")).status,
      change: (await fetch("/api/v1/geo/reload", { method: "POST" })).status,
      socket: await new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/api/v1/ws`, "wireglobe.v1");
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
      }),
    }));
    assert.deepEqual(got, { api: 403, change: 403, socket: "refused" });
  },
  "a script that tried would be stopped: HTML as text, inline code, strangers' code": async () => {
    const server = await serve();
    const { page } = await open(`${server.url}/`);
    const tried = await page.evaluate(async () => {
      const attempt = (work) => { try { return work(), "done"; } catch (error) { return error.constructor.name; } };
      const html = attempt(() => (document.createElement("div").innerHTML = "<img src=x onerror=alert(1)>"));
      // What is evaluated from outside is let through; what the page itself would evaluate is not.
      const evaluated = await new Promise((resolve) => setTimeout(() => resolve(attempt(() => new Function("1")())), 0));
      const policy = attempt(() => window.trustedTypes.createPolicy("own", { createHTML: (text) => text }));
      const violated = new Promise((resolve) => document.addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective), { once: true }));
      const fetched = await fetch("http://127.0.0.1:9/").then(() => "done", () => "refused");
      return { html, evaluated, policy, fetched, violated: await violated };
    });
    assert.deepEqual([tried.html, tried.policy, tried.fetched], ["TypeError", "TypeError", "refused"]);
    assert.notEqual(tried.evaluated, "done");
    assert.ok(tried.violated, "it is told");
  },
};
