// Keeps one fault from filling the disk with its log lines.
import type { Clock } from "../runtime/clock.js";

/** When a repeated line is let through. */
export interface RepeatLimiterOptions {
  readonly clock: Clock;
  /** The first is let through, then one in this many. */
  readonly every?: number;
  /** After this long without it, a line counts as the first again. */
  readonly quietMs?: number;
  /** Kinds of lines that are kept in mind; the longest unheard is forgotten first. */
  readonly capacity?: number;
}

interface Streak {
  held: number;
  lastMs: number;
}

/** Decides per kind of line whether it is written, and counts those held back. */
export class RepeatLimiter {
  readonly #clock: Clock;
  readonly #every: number;
  readonly #quietMs: number;
  readonly #capacity: number;
  readonly #streaks = new Map<string, Streak>();

  constructor(options: RepeatLimiterOptions) {
    this.#clock = options.clock;
    this.#every = options.every ?? 100;
    this.#quietMs = options.quietMs ?? 60_000;
    this.#capacity = options.capacity ?? 1000;
  }

  /** How many lines of this kind were held back before this one, or undefined if this one is held back, too. */
  admit(kind: string): number | undefined {
    const nowMs = this.#clock.monotonicNowMs();
    const streak = this.#streaks.get(kind);
    this.#streaks.delete(kind);
    if (streak !== undefined && nowMs - streak.lastMs < this.#quietMs && streak.held + 1 < this.#every) {
      this.#streaks.set(kind, { held: streak.held + 1, lastMs: nowMs });
      return undefined;
    }
    this.#streaks.set(kind, { held: 0, lastMs: nowMs });
    if (this.#streaks.size > this.#capacity) this.#forgetOldest();
    return streak?.held ?? 0;
  }

  #forgetOldest(): void {
    for (const kind of this.#streaks.keys()) {
      this.#streaks.delete(kind);
      return;
    }
  }
}
