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
  /** Calls `fn` once after the delay. A pending timer does not keep the process alive. */
  after(delayMs: number, fn: () => void): Timer;
}

/** The machine's own time. */
export const systemClock: Clock = {
  wallNowMs: () => Date.now(),
  monotonicNowMs: () => performance.now(),
  after(delayMs, fn) {
    const handle = setTimeout(fn, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

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
