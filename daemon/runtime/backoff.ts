// Retry as data: an endless series of delays.

/** How long to wait between tries. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Share of the delay that is random, 0..1: many clients must not come back in step. */
  readonly jitter: number;
}

/**
 * The delays of an endless retry: doubling from `initialMs`, capped at `maxMs`, each shortened by a random share.
 * Pure but for `random` (0..1), which tests give.
 */
export function* backoffDelaysMs(options: BackoffOptions, random: () => number = Math.random): Generator<number, never> {
  let baseMs = options.initialMs;
  for (;;) {
    yield Math.round(baseMs * (1 - options.jitter * random()));
    baseMs = Math.min(baseMs * 2, options.maxMs);
  }
}
