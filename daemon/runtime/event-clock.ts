// The one clock of event time of this process: steady time, corrected whenever the wall clock was set.
import { steadyNowMs, type Clock } from "./clock.js";

/** How long ago a moment of event time (Unix ms) was, ms. */
export type AgeMs = (unixMs: number) => number;

/** The wall clock was set, or went on while the machine slept: event time went from one value to another in one moment. */
export interface ClockStep {
  /** Event time just before and just after, whole Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A time over which one correction held, from a moment of steady time on. */
interface Era {
  readonly sinceMs: number;
  readonly correctionMs: number;
}

/** The wall clock is followed at once when it is off by so much, ms; below, event time is led to it without a step. */
const STEP_MIN_MS = 1000;

/** How fast event time may run differently from the monotonic clock to come to the wall clock, as a share. */
const SLEW_MAX = 0.05;

/** Both clocks are read one after the other: what took longer was interrupted, and says nothing, ms. */
const READ_MAX_MS = 20;

/** What was going on when the clock was set back was moved along: so far back its moments are those of the new time, ms. */
const MOVED_MS = 600_000;

/** Steps that are remembered, to tell the age of what was stamped before them. */
const ERAS_MAX = 32;

/**
 * Event time, for all sources and groups alike. Between two calls of `look` it advances with the monotonic clock; `look`
 * brings it to the wall clock: by a step that is returned, or by at most SLEW_MAX of the time since the last look.
 */
export class EventClock {
  readonly #clock: Clock;
  #eras: readonly Era[] = [{ sinceMs: -Infinity, correctionMs: 0 }];
  #correctionMs = 0;
  #lookedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedAtMs = clock.monotonicNowMs();
  }

  /** Event time minus steady time at present, whole ms. */
  get correctionMs(): number {
    return Math.round(this.#correctionMs);
  }

  /** Event time now, Unix ms. */
  nowMs(): number {
    return steadyNowMs(this.#clock) + this.correctionMs;
  }

  /** Compares with the wall clock; to be called about every second. Gives a step where there was one. */
  look(): ClockStep | undefined {
    const beforeMs = this.#clock.monotonicNowMs();
    const wallMs = this.#clock.wallNowMs();
    const nowMs = this.#clock.monotonicNowMs();
    if (nowMs - beforeMs > READ_MAX_MS) return undefined;
    const elapsedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const offMs = wallMs - (this.#clock.epochMs + nowMs + this.#correctionMs);
    if (Math.abs(offMs) >= STEP_MIN_MS) return this.#step(nowMs, offMs);
    const slewMs = elapsedMs * SLEW_MAX;
    this.#correctionMs += Math.max(-slewMs, Math.min(slewMs, offMs));
    this.#eras = this.#eras.with(-1, { ...(this.#eras.at(-1) as Era), correctionMs: this.#correctionMs });
    return undefined;
  }

  /**
   * How long ago a moment of event time was, ms on the monotonic clock, whatever the wall clock did since. Negative where
   * it lies ahead of everything this process has seen. Event time that came twice is taken for the later one.
   */
  ageMs(eventMs: number): number {
    const nowMs = steadyNowMs(this.#clock);
    for (let i = this.#eras.length - 1; i >= 0; i--) {
      const { sinceMs, correctionMs } = this.#eras[i] as Era;
      const [before, after] = [this.#eras[i - 1], this.#eras[i + 1]];
      const fromMs = before !== undefined && before.correctionMs > correctionMs ? sinceMs - MOVED_MS : sinceMs;
      const untilMs = after?.sinceMs ?? nowMs;
      const steadyMs = eventMs - correctionMs;
      if (steadyMs >= fromMs && steadyMs <= untilMs) return nowMs - steadyMs;
      if (after !== undefined && steadyMs > untilMs && eventMs < untilMs + after.correctionMs) return nowMs - untilMs; // a step left it out
    }
    return nowMs - (eventMs - this.#correctionMs);
  }

  #step(nowMs: number, offMs: number): ClockStep {
    const fromMs = Math.round(this.#clock.epochMs + nowMs + this.#correctionMs);
    this.#correctionMs += offMs;
    const since: Era = { sinceMs: this.#clock.epochMs + nowMs, correctionMs: this.#correctionMs };
    this.#eras = [...this.#eras, since].slice(-ERAS_MAX);
    return { fromMs, toMs: Math.round(this.#clock.epochMs + nowMs + this.#correctionMs) };
  }
}
