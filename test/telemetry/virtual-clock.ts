// Time that moves only when a test says so.
import type { Clock, Timer } from "../../daemon/runtime/clock.js";

interface Pending {
  readonly atMs: number;
  readonly fn: () => void;
}

/** A clock whose timers fire, in order, while `advance` runs. */
export class VirtualClock implements Clock {
  readonly epochMs = 1_700_000_000_000;
  #nowMs = 0;
  #wallOffsetMs = this.epochMs;
  readonly #pending = new Set<Pending>();

  wallNowMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  monotonicNowMs(): number {
    return this.#nowMs;
  }

  /** Sets the wall clock forward or, with a negative number, back. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Timers that have not fired and were not cancelled. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  after(delayMs: number, fn: () => void): Timer {
    const pending = { atMs: this.#nowMs + delayMs, fn };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#pending].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#nowMs = next.atMs;
      next.fn();
    }
    this.#nowMs = untilMs;
  }
}
