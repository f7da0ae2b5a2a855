// Time that passes when a test says so.
import type { Clock, Timer } from "../../daemon/runtime/clock.js";

/** A clock whose timers fire during `advance`, in order; the wall clock can be set apart from it. */
export class VirtualClock implements Clock {
  readonly epochMs: number;
  #nowMs = 1000;
  #wallOffsetMs: number;
  #timers: { readonly dueMs: number; readonly fn: () => void }[] = [];

  /** `epochMs`: the wall clock a second before the clock is made. */
  constructor(epochMs = 1_700_000_000_000) {
    this.epochMs = epochMs;
    this.#wallOffsetMs = epochMs;
  }

  wallNowMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }
  monotonicNowMs(): number {
    return this.#nowMs;
  }
  /** Sets the wall clock forward or, with a negative number, back. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }
  after(delayMs: number, fn: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, fn };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }
  /** Lets time pass; what is started by promises runs between timers. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#timers.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fn();
    }
    this.#nowMs = endMs;
  }
}
