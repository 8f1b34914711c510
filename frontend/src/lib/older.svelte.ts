// Alerts beyond the newest: pages of the whole store, asked for one by one. Once somebody looks back, an alert that the
// topic lets go stays in the list, so that none falls between the newest and the pages.

import { STATES, type Alert, type Tab } from "./alerts";
import { page } from "./triage";
import type { ViewState } from "./urlstate";

const PAGE = 300;
/** More than somebody reads; then only the newest are kept, and one may look back anew. */
const MOST = 6000;

/** What of a tab the server can be asked for; muted ones it finds among all. */
const STATES_OF: Readonly<Record<Tab, readonly string[]>> = { inbox: ["new", "acknowledged"], escalated: ["escalated"], closed: ["closed"], muted: STATES, all: STATES };

type Asked = Readonly<Record<string, string>>;
const asked = ({ tab, severity, rule }: ViewState): Asked => ({ state: STATES_OF[tab].join(","), severity, rule });
const keyOf = (question: Asked): string => Object.values(question).join("|");

/** Where the newest end, as the server writes it; empty without any. */
function end(newest: readonly Alert[]): string {
  const last = newest.reduce<Alert | null>((found, alert) => (found === null || alert.last < found.last || (alert.last === found.last && alert.id < found.id) ? alert : found), null);
  return last === null ? "" : `${last.last}-${Number(last.id)}`;
}

export class Older {
  #kept = $state.raw<ReadonlyMap<string, Alert>>(new Map());
  /** By question, where its next page begins; null: there is none. */
  #next = $state.raw<ReadonlyMap<string, string | null>>(new Map());
  busy = $state(false);
  fault = $state("");

  /** The newest, and all that was loaded beside them. */
  with(newest: readonly Alert[]): Alert[] {
    if (this.#kept.size === 0) return [...newest];
    const here = new Set(newest.map(({ id }) => id));
    return [...newest, ...[...this.#kept.values()].filter(({ id }) => !here.has(id))];
  }

  /** Takes note of the newest, for the time when they are not any more. */
  note(newest: readonly Alert[]): void {
    if (this.#next.size === 0) return;
    const kept = new Map(this.#kept);
    for (const alert of newest) kept.set(alert.id, alert);
    if (kept.size > MOST) this.reset();
    else this.#kept = kept;
  }

  /** Whether there may be more of what the view lists. */
  more(view: ViewState, newest: readonly Alert[], total: number): boolean {
    const next = this.#next.get(keyOf(asked(view)));
    return next === undefined ? total > newest.length && newest.length > 0 : next !== null;
  }

  async load(view: ViewState, newest: readonly Alert[]): Promise<void> {
    const question = asked(view);
    this.busy = true;
    try {
      const found = await page(question, this.#next.get(keyOf(question)) ?? end(newest), PAGE);
      this.#next = new Map(this.#next).set(keyOf(question), found.older);
      this.#kept = new Map([...this.#kept, ...newest.map((alert) => [alert.id, alert] as const), ...found.alerts.map((alert) => [alert.id, alert] as const)]);
      this.fault = "";
    } catch (error) {
      this.fault = (error as Error).message;
    }
    this.busy = false;
  }

  /** Forgets the pages: what they say may not be true any more. */
  reset(): void {
    [this.#kept, this.#next, this.fault] = [new Map(), new Map(), ""];
  }
}
