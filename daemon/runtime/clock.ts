// Time as a port, so that tests run on a virtual one.

/** A timer that was set and can be cancelled; cancelling twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** Time for everything outside the pure centre. */
export interface Clock {
  /** The wall clock, Unix ms; may jump. */
  wallNowMs(): number;
  /** Never goes back; ms since an arbitrary start. */
  monotonicNowMs(): number;
  /** Unix ms minus monotonic ms, as read once when the clock was made: see `steadyNowMs`. */
  readonly epochMs: number;
  /** Calls `fn` once after the delay. A pending timer does not keep the process alive. */
  after(delayMs: number, fn: () => void): Timer;
}

/** The machine's own time. */
export const systemClock: Clock = {
  wallNowMs: () => Date.now(),
  monotonicNowMs: () => performance.now(),
  epochMs: Date.now() - performance.now(),
  after(delayMs, fn) {
    const handle = setTimeout(fn, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Steady time, Unix ms: the wall clock as it was when the process began, carried on by the monotonic clock. It never
 * steps, so everything that orders or spaces what a source gives counts in it; `EventClock` turns it into event time.
 */
export function steadyNowMs(clock: Clock): number {
  return clock.epochMs + clock.monotonicNowMs();
}

/** Resolves after the delay, or at once when the signal aborts (never rejects: the caller looks at the signal). */
export function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener("abort", done);
  });
}
