// Who uses the page and what they may do: the server's answer, asked for before anything is shown and again whenever the
// connection is lost, as a session may have ended with it.

import { fields, number, text } from "./ask";

export type Role = "viewer" | "operator";
export interface Session {
  /** Whether one has to log in. */
  login: boolean;
  name: string;
  /** Null for who has not logged in. */
  role: Role | null;
}
/** How signing in went; `retry` is in seconds. */
export type Outcome = { kind: "in" } | { kind: "wrong" } | { kind: "often"; retry: number } | { kind: "failed"; why: string };

const ENDED = "wireglobe.ended";
let current: Session = { login: false, name: "", role: "operator" };

export const session = (): Session => current;
/** Whether the reader may judge alerts, mute, test channels. */
export const mayChange = (): boolean => current.role === "operator";
export const mustSignIn = (): boolean => current.login && current.role === null;

function take(value: unknown): void {
  const of = fields(value);
  const role = of["role"] === "viewer" || of["role"] === "operator" ? of["role"] : null;
  current = { login: of["login"] === true, name: text(of["name"]), role };
}

/** Asks who one is. A server that does not answer leaves what was known. */
export async function learnSession(): Promise<void> {
  const answer = await fetch("/api/v1/session").catch(() => null);
  if (answer?.ok) take(await answer.json().catch(() => null));
}

export async function signIn(name: string, password: string): Promise<Outcome> {
  const answer = await fetch("/api/v1/login", { method: "POST", body: JSON.stringify({ name, password }), headers: { "content-type": "application/json" } }).catch(() => null);
  if (answer === null) return { kind: "failed", why: "" };
  const said = fields(await answer.json().catch(() => null));
  if (answer.ok) {
    take(said);
    return { kind: "in" };
  }
  if (answer.status === 401) return { kind: "wrong" };
  if (answer.status === 429) return { kind: "often", retry: Math.max(1, number(Number(answer.headers.get("retry-after")))) };
  return { kind: "failed", why: text(fields(said["error"])["message"]) || `HTTP ${answer.status}` };
}

export async function signOut(): Promise<void> {
  await fetch("/api/v1/logout", { method: "POST" }).catch(() => null);
  location.reload();
}

/** The session has ended by itself: the page begins anew, at the same address, and says so. */
export async function watchSession(): Promise<void> {
  if (!current.login) return;
  await learnSession();
  if (!mustSignIn()) return;
  try {
    sessionStorage.setItem(ENDED, "1");
  } catch {
    // Then it is not said.
  }
  location.reload();
}

/** Whether a session has just ended by itself; told once. */
export function hasEnded(): boolean {
  try {
    const ended = sessionStorage.getItem(ENDED) !== null;
    sessionStorage.removeItem(ENDED);
    return ended;
  } catch {
    return false;
  }
}
