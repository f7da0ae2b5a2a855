// A sleep that a call from elsewhere ends, without missing a call that came a moment early.

/** One waits, others wake it. */
export class Wakeable {
  #woken = false;
  #resolve: (() => void) | undefined;

  /** Ends the present or, if there is none, the next wait. */
  wake(): void {
    this.#woken = true;
    this.#resolve?.();
    this.#resolve = undefined;
  }

  /** Forgets that it was woken; call it before looking for work, so that what comes meanwhile is not missed. */
  clear(): void {
    this.#woken = false;
  }

  /** Resolves once woken since the last `clear`. */
  async wait(): Promise<void> {
    if (!this.#woken) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#woken = false;
  }
}
