// Keys whose oldest message the sink rejected: they wait, and hold up nobody else.
import { backoffDelaysMs } from "../runtime/backoff.js";
import type { Clock, Timer } from "../runtime/clock.js";

/** Keys that wait at the most; with more it is the sink that is at fault, not the messages. */
const KEYS_MAX = 256;

const retryDelaysMs = () => backoffDelaysMs({ initialMs: 5_000, maxMs: 60_000, jitter: 0.5 });

/** Rejected keys, each until its own time is over; the delays grow with every rejection in a row. */
export class ParkedKeys {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #delaysMs = new Map<string, Generator<number, never>>();
  readonly #timers = new Map<string, Timer>();

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Whether a key waits now. */
  get areWaiting(): boolean {
    return this.#timers.size > 0;
  }

  /** The keys that wait now. */
  keys(): Iterable<string> {
    return this.#timers.keys();
  }

  /** Lets the key wait. False: too many wait already. */
  park(key: string): boolean {
    if (this.#delaysMs.size >= KEYS_MAX && !this.#delaysMs.has(key)) return false;
    const delaysMs = this.#delaysMs.get(key) ?? retryDelaysMs();
    this.#delaysMs.set(key, delaysMs);
    const timer = this.#clock.after(delaysMs.next().value, () => {
      this.#timers.delete(key);
      this.#onDue();
    });
    this.#timers.set(key, timer);
    return true;
  }

  /** Forgets the key: its message was taken. */
  free(key: string): void {
    this.#delaysMs.delete(key);
  }

  /** Forgets all. */
  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#delaysMs.clear();
  }
}
