// The question at hand: the last answer stays on the page while the next one is asked, and when that fails or is cancelled.

import type { QueryDocument } from "./document";
import { query } from "./asking";
import type { ExploreState } from "./state";

export interface Answer { document: QueryDocument; source: string; state: ExploreState; filter: string; at: number }

export class Asker {
  answer = $state.raw<Answer | null>(null);
  /** 0 to 1 while it is asked; null otherwise. */
  progress = $state<number | null>(null);
  fault = $state("");
  broken = $state(false);
  cancelled = $state(false);
  #control: AbortController | null = null;

  get busy(): boolean {
    return this.progress !== null;
  }

  async ask(parameters: URLSearchParams, state: ExploreState, filter: string): Promise<void> {
    this.#control?.abort();
    const control = new AbortController();
    this.#control = control;
    [this.progress, this.cancelled] = [0, false];
    try {
      const found = await query(parameters, control.signal, (share) => void (this.#control === control && (this.progress = share)));
      if (this.#control === control) [this.answer, this.fault, this.broken] = [{ ...found, state, filter, at: Date.now() }, "", false];
    } catch (error) {
      if (this.#control !== control || control.signal.aborted) return;
      this.fault = (error as Error).message;
      this.broken = this.fault === "" || error instanceof TypeError;
    }
    if (this.#control === control) this.progress = null;
  }

  /** Closes the connection: the server stops, too. */
  cancel(): void {
    if (!this.busy) return;
    this.#control?.abort();
    [this.#control, this.progress, this.cancelled] = [null, null, true];
  }

  /** Nothing of it is wanted any more. */
  stop(): void {
    this.#control?.abort();
    this.#control = null;
  }
}
