// What the stories with the real binary share: servers on free ports, users, folders that go away, the browser, and pages that
// note what must not happen.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const TOP = fileURLToPath(new URL("../../..", import.meta.url));
export const BINARY = path.resolve(process.env.WIREGLOBE ?? path.join(TOP, "target/release/wireglobe"));
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SHOTS = process.env.SHOTS ?? "";
const ARGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--js-flags=--expose-gc"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The bundled demo as a capture: read at once it has all of its alerts. */
export const DEMO = path.join(TOP, "visualizer/data/demo.pcap");
export const hasBinary = existsSync(BINARY);
export const hasBrowser = existsSync(EXECUTABLE);
if (SHOTS) mkdirSync(SHOTS, { recursive: true });
const launch = (more = []) => chromium.launch({ executablePath: EXECUTABLE, args: [...ARGS, ...more] });
export const browser = hasBrowser ? await launch() : null;
/** Another browser, with further arguments, for this story. */
export async function another(...more) {
  const other = await launch(more);
  later(() => other.close());
  return other;
}

const mess = new Set();
/** Undone after the story, whatever became of it. */
export const later = (undo) => void mess.add(undo);
export async function tidy() {
  for (const undo of [...mess].reverse()) await undo();
  mess.clear();
}

/** An empty folder, for this story. */
export function folder() {
  const made = mkdtempSync(path.join(tmpdir(), "wireglobe-real-"));
  chmodSync(made, 0o755); // Started as root, Wireglobe goes on as nobody, who has to reach it.
  later(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `check` holds; says what it was when it never does. */
export async function until(what, check, ms = 20_000) {
  for (const end = Date.now() + ms; Date.now() < end; await wait(100)) if (await check()) return;
  assert.fail(`never: ${what}`);
}

/** A running Wireglobe in a folder of its own; `before` is a program that becomes it. */
export async function serve(args = [], { env = {}, before = [], listen = "127.0.0.1:0" } = {}) {
  const cwd = folder();
  const [program, ...rest] = [...before, BINARY, "run", "--listen", listen, ...args];
  const child = spawn(program, rest, { cwd, env: { ...process.env, WIREGLOBE__ALERTS__FOLDER: cwd, WIREGLOBE__SERVER__USERS: path.join(cwd, "users.toml"), ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [out, log] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const stop = async () => (child.kill("SIGTERM"), ended);
  later(stop);
  const start = () => /is on (https?:\/\/\S+)\//.exec(out);
  await until(`a start line (${log})`, () => start() !== null || child.exitCode !== null);
  assert.ok(start(), log);
  const url = start()[1];
  return { url, cwd, child, stop, ended, log: () => log, port: Number(new URL(url).port) };
}

/** A command of the same binary; its standard output. */
export function command(args, { input = "", env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(BINARY, args, { input, env: { ...process.env, ...env }, cwd: tmpdir() });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

/** Whether a tool can be had; says so once if not. */
export function has(tool, args = ["--version"]) {
  const found = spawnSync(tool, args).status === 0;
  if (!found) console.log(`skipped: needs ${tool} ${args.join(" ")}`);
  return found;
}

/** A page; collects what must not happen: errors, violations of the content policy, requests to others, scripts of strangers. */
export async function open(address, { wait: sign = "main", scheme = "dark", viewport = { width: 1440, height: 900 }, ...more } = {}) {
  const context = await browser.newContext({ colorScheme: scheme, viewport, acceptDownloads: true, ...more });
  later(() => context.close().catch(() => null));
  const page = await context.newPage();
  const trouble = [];
  const host = new URL(address).host;
  page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("dialog", (dialog) => (trouble.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.host !== host) trouble.push(`outside: ${url}`);
  });
  await context.exposeBinding("tellViolation", (_, what) => void trouble.push(`violation: ${what}`));
  await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => window.tellViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
  await page.goto(address);
  if (sign) await page.locator(sign).first().waitFor({ timeout: 20_000 });
  return { page, context, trouble };
}

export const shot = async (page, name) => void (SHOTS && (await page.screenshot({ path: path.join(SHOTS, `${name}.png`) })));

/** What axe finds that is serious, with the first element of each. */
export async function serious(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].target}`);
}

/** A document of the API. */
export const ask = async (url, path) => (await fetch(`${url}/api/v1/${path}`)).json();
