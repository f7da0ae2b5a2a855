// Whether a stream's own time advances as fast as time does. Pure.

/** Between these rates, stream's time per time, the offset simply follows. */
const RATE_MIN = 0.8;
const RATE_MAX = 1.25;

/** What is wrong in so many windows one after the other, and by so much in all of them, ms, is no hiccup of the network. */
const WRONG_WINDOWS = 3;
const WRONG_MS = 5_000;

/** The least delayed arrival of one window: how far the clock is ahead of the stream's time, and when it came, ms. */
export interface WindowMinimum {
  readonly offsetMs: number;
  readonly atMs: number;
}

/**
 * Judges a stream by the least delayed arrival of each window, so that jitter is not taken for a rate. Windows that are
 * each later than the one before are a slow stream; windows that are each earlier than anything before a fast one: who
 * catches up after a stall is early, but not earlier than ever.
 */
export class RateJudge {
  #before: WindowMinimum | undefined;
  #earliestMs = Infinity;
  /** The windows that were wrong in the same way, one after the other; the first is the last that was right. */
  #wrong: readonly WindowMinimum[] = [];
  #isSlow = false;

  /** Takes the next window. Gives the rate once it is wrong for good. */
  observe(window: WindowMinimum): number | undefined {
    const before = this.#before;
    const isEarliest = window.offsetMs < this.#earliestMs;
    this.#before = window;
    this.#earliestMs = Math.min(this.#earliestMs, window.offsetMs);
    if (before === undefined) return undefined;
    const rate = rateBetween(before, window);
    const isSlow = rate < RATE_MIN;
    if (!isSlow && !(rate > RATE_MAX && isEarliest)) this.#wrong = [];
    else this.#wrong = [...(isSlow === this.#isSlow && this.#wrong.length > 0 ? this.#wrong : [before]), window];
    this.#isSlow = isSlow;
    const first = this.#wrong[0];
    if (first === undefined || this.#wrong.length <= WRONG_WINDOWS || Math.abs(window.offsetMs - first.offsetMs) < WRONG_MS) return undefined;
    return rateBetween(first, window);
  }

  /** The rate of a connection that has ended, if it gave so much more than the time it took that it was no live one. */
  static ofWhole(streamMs: number, elapsedMs: number): number | undefined {
    const rate = streamMs / Math.max(1, elapsedMs);
    return streamMs - elapsedMs > WRONG_MS && rate > RATE_MAX ? rate : undefined;
  }
}

function rateBetween(a: WindowMinimum, b: WindowMinimum): number {
  return 1 - (b.offsetMs - a.offsetMs) / Math.max(1, b.atMs - a.atMs);
}
