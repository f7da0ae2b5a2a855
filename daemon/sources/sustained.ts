// Tells what lasts from what merely occurs: a frozen picture, a dead microphone.

/** A condition that counts once it has held for a while, and is over once it has not held for a while. */
export class Sustained {
  readonly #onsetMs: number;
  readonly #releaseMs: number;
  #active = false;
  /** Since when the condition has differed from `#active`; nothing while it agrees. */
  #differsSinceMs: number | undefined;

  /** `onsetMs`: how long it must hold; `releaseMs`: how long it must not, so that it does not flap. */
  constructor(onsetMs: number, releaseMs: number) {
    this.#onsetMs = onsetMs;
    this.#releaseMs = releaseMs;
  }

  /** Whether it counts as holding. */
  get active(): boolean {
    return this.#active;
  }

  /** Takes the condition at a time (ms, never going back). True: `active` changed. */
  observe(holds: boolean, nowMs: number): boolean {
    if (holds === this.#active) {
      this.#differsSinceMs = undefined;
      return false;
    }
    this.#differsSinceMs ??= nowMs;
    if (nowMs - this.#differsSinceMs < (holds ? this.#onsetMs : this.#releaseMs)) return false;
    this.#active = holds;
    this.#differsSinceMs = undefined;
    return true;
  }
}
