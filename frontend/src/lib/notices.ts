// Notifications by the browser about new alerts, on request: asked for with a click, kept in this browser, only from "high" on. A
// hidden page gets nothing over its connection, so the newest alerts are asked for by HTTP, once in a while.

import { ask, list, text as textOf } from "./ask";
import { keep, kept, NOTICES_KEY } from "./storage";
import { text } from "./text";

const EVERY_MS = 10_000;
const ASKED_MOST = 20;
/** More at once are one notification. */
const APART_MOST = 3;

interface News { id: string; title: string; summary: string; severity: string }

/** Alerts that are not among the known ones; of those that are known by `seen`. */
export function fresh(found: readonly News[], seen: ReadonlySet<string>): News[] {
  return found.filter(({ id }) => !seen.has(id));
}

const supported = (): boolean => typeof Notification !== "undefined";
let on = kept(NOTICES_KEY) === "on" && supported() && Notification.permission === "granted";
let seen: Set<string> | null = null;
let timer: ReturnType<typeof setInterval> | null = null;
let open: (id: string) => void = () => undefined;

export const noticesOn = (): boolean => on;

function tell(title: string, body: string, id: string): void {
  const notice = new Notification(title, { body, tag: `wireglobe-${id}`, icon: "/icon.svg" });
  notice.onclick = () => {
    focus();
    open(id);
    notice.close();
  };
}

async function look(): Promise<void> {
  const heard = list((await ask(`alerts?severity=high&state=new&limit=${ASKED_MOST}`))["alerts"]).filter((alert) => alert["muted"] !== true);
  const found = heard.map((alert) => ({
    id: textOf(alert["id"]), title: textOf(alert["title"]), summary: textOf(alert["summary"]), severity: textOf(alert["severity"]),
  }));
  const news = seen === null ? [] : fresh(found, seen);
  seen = new Set([...(seen ?? []), ...found.map(({ id }) => id)]);
  for (const { id, title, summary } of news.slice(0, APART_MOST)) tell(title, summary, id);
  const rest = news[APART_MOST];
  if (rest !== undefined) tell(text.notices.more(news.length - APART_MOST), "", rest.id);
}

function watch(): void {
  // A server that is away is asked again the next time.
  const now = (): void => void look().catch(() => undefined);
  timer ??= setInterval(now, EVERY_MS);
  now();
}

/** To be called once, if they were asked for before; `show` opens an alert. */
export function startNotices(show: (id: string) => void): void {
  open = show;
  if (on) watch();
}

/** Turns them on, if the browser allows, or off; says in words what came of it. */
export async function toggleNotices(show: (id: string) => void): Promise<string> {
  open = show;
  if (!on && !supported()) return text.notices.unsupported;
  if (!on && (await Notification.requestPermission()) !== "granted") return text.notices.denied;
  on = !on;
  keep(NOTICES_KEY, on ? "on" : "off");
  if (on) watch();
  else {
    if (timer !== null) clearInterval(timer);
    timer = null;
    seen = null;
  }
  return on ? text.notices.on : text.notices.off;
}
