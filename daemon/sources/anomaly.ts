// One way in which a picture or a sound shows nothing: since when, and for how long it has to.
import { Sustained } from "./sustained.js";

/** A condition that counts once it lasted, and the event time from which on it has held. */
export class Anomaly {
  readonly #sustained: Sustained;
  #holds = false;
  #since = 0;

  /** `onsetMs`: how long it must hold, Infinity for never; `releaseMs`: how long it must not, to be over. */
  constructor(onsetMs: number, releaseMs: number) {
    this.#sustained = new Sustained(onsetMs, releaseMs);
  }

  /** Whether it counts. */
  get active(): boolean {
    return this.#sustained.active;
  }

  /** The event time from which on the condition has held, Unix ms; while active, that of its first onset. */
  get since(): number {
    return this.#since;
  }

  /** Takes the condition at a monotonic time and its event time (ms). True: `active` changed. */
  observe(holds: boolean, nowMs: number, time: number): boolean {
    if (holds && !this.#holds && !this.active) this.#since = time;
    this.#holds = holds;
    return this.#sustained.observe(holds, nowMs);
  }
}
