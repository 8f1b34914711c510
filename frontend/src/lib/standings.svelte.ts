// What the server answered to an action, shown until the topic says the same or more: a paused or slow line must not
// make a person act twice.

import type { Alert } from "./alerts";
import type { Standing } from "./triage";

const mark = ({ state, reason, comments, muted }: Standing): string => `${state} ${reason} ${comments} ${muted}`;

export class Standings {
  #answers = $state.raw<ReadonlyMap<string, { before: string; now: Standing }>>(new Map());

  put(alerts: readonly Alert[], answers: ReadonlyMap<string, Standing>): void {
    const all = new Map(this.#answers);
    for (const alert of alerts) {
      const now = answers.get(alert.id);
      if (now !== undefined) all.set(alert.id, { before: all.get(alert.id)?.before ?? mark(alert), now });
    }
    this.#answers = all;
  }

  /** Alerts as they stand: the topic's word, unless it still says what it said before the answer. */
  over(alerts: readonly Alert[]): Alert[] {
    return alerts.map((alert) => {
      const answer = this.#answers.get(alert.id);
      return answer !== undefined && answer.before === mark(alert) ? { ...alert, ...answer.now } : alert;
    });
  }
}
