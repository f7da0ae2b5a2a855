// Which parts of the pedestrian footage hold what, and a reel that plays it with as few cuts as the scene allows.
import { assertInvariant } from "../../fusion/model/errors.js";
import type { SeededRandom } from "../../fusion/simulator/random.js";

/** A part of the footage, ms from its start. */
export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/** A piece of the footage that plays without a cut. */
export interface FootagePiece {
  readonly fromMs: number;
  readonly durationMs: number;
}

/** 795 frames at 10 a second. */
export const FOOTAGE_MS = 79_500;

/**
 * Where at least three people are in the picture, found by looking at a frame a second. No part of the footage is
 * without people, but from 39 s to 42 s there are only two, far off, which would be no fair test.
 */
export const PEOPLE_CLEARLY_IN_VIEW: readonly Stretch[] = [
  { startMs: 0, endMs: 38_500 },
  { startMs: 42_500, endMs: 79_000 },
];

/** Where people are in view and none of them on the lawn at the front, where photographs pass (50 s to 74 s: two cross it). */
export const PEOPLE_OFF_THE_LAWN: readonly Stretch[] = [{ startMs: 0, endMs: 38_500 }];

/** A cursor over the footage. It plays on where it stopped, and cuts only where it must. */
export class FootageReel {
  readonly #random: SeededRandom;
  readonly #pieces: FootagePiece[] = [];
  #cursorMs: number;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#cursorMs = onGrid(random.between(0, FOOTAGE_MS));
  }

  /** Plays on for that long, starting over at the footage's end. */
  play(durationMs: number): void {
    let leftMs = durationMs;
    while (leftMs > 0) {
      if (this.#cursorMs >= FOOTAGE_MS) this.#cursorMs = 0;
      const pieceMs = Math.min(leftMs, FOOTAGE_MS - this.#cursorMs);
      this.#append(pieceMs);
      leftMs -= pieceMs;
    }
  }

  /** Plays for that long within one of the stretches: plays on if the cursor lies well, else cuts to a seeded place. */
  playWithin(durationMs: number, stretches: readonly Stretch[]): void {
    const endMs = this.#cursorMs + durationMs;
    if (!stretches.some((s) => s.startMs <= this.#cursorMs && endMs <= s.endMs)) {
      const long = stretches.filter((s) => s.endMs - s.startMs >= durationMs);
      assertInvariant(long.length > 0, `footage has no stretch of ${durationMs} ms`);
      const stretch = this.#random.pick(long);
      this.#cursorMs = onGrid(this.#random.between(stretch.startMs, stretch.endMs - durationMs));
    }
    this.#append(durationMs);
  }

  /** What was played since the last call. */
  take(): readonly FootagePiece[] {
    return this.#pieces.splice(0);
  }

  #append(durationMs: number): void {
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.fromMs + last.durationMs === this.#cursorMs) {
      this.#pieces[this.#pieces.length - 1] = { fromMs: last.fromMs, durationMs: last.durationMs + durationMs };
    } else {
      this.#pieces.push({ fromMs: this.#cursorMs, durationMs });
    }
    this.#cursorMs += durationMs;
  }
}

/** Down to a whole frame of the footage, ms. */
export function onGrid(timeMs: number): number {
  return Math.floor(timeMs / 100) * 100;
}
