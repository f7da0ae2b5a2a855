// The event time up to which a group is complete.
import type { Modality } from "./model/modality.js";

/** One stream of observations that a group waits for. */
export interface Input {
  readonly sourceId: string;
  readonly modality: Modality;
}

/** How long a group waits. Durations in ms. */
export interface WatermarkOptions {
  readonly inputs: readonly Input[];
  /** How much later than its input's newest observation another may still come. */
  readonly allowedLatenessMs: number;
  /** How long an input says nothing until it is idle: where all are, time stays so far behind the clock; Infinity in a replay. */
  readonly idleAfterMs: number;
}

/**
 * The watermark of one group: the smallest progress of the inputs that are awaited, less the allowed lateness.
 *
 * Pure: it depends on what it was told alone. It never goes back but by `shift`, and an input that never told anything holds
 * the group until it is said to be idle.
 */
export class GroupWatermark {
  readonly #options: WatermarkOptions;
  readonly #progress = new Map<string, number>();
  readonly #idle = new Set<string>();
  readonly #ended = new Set<string>();
  #time = -Infinity;

  constructor(options: WatermarkOptions) {
    this.#options = options;
  }

  /** An input has told all that ends at or before `time` (Unix ms): it is awaited. */
  progress(input: Input, time: number): void {
    const key = keyOf(input);
    this.#progress.set(key, Math.max(this.#progress.get(key) ?? -Infinity, time));
    this.#idle.delete(key);
  }

  /** The clock was set by `shiftMs`: everything told so far is as long ago as it was. */
  shift(shiftMs: number): void {
    for (const [key, time] of this.#progress) this.#progress.set(key, time + shiftMs);
    this.#time += shiftMs;
  }

  /** An input has been silent for so long that nobody waits for it until its next progress. */
  idle(input: Input): void {
    this.#idle.add(keyOf(input));
  }

  /** An input has told its last. */
  end(input: Input): void {
    this.#ended.add(keyOf(input));
  }

  /**
   * The watermark at `eventNowMs` (Unix ms); -Infinity before anything was told.
   *
   * Where no input is awaited, time goes on by the clock, less the time it took to become idle.
   */
  at(eventNowMs: number): number {
    const awaited = this.#options.inputs.map(keyOf).filter((key) => !this.#idle.has(key) && !this.#ended.has(key));
    const candidate = awaited.length === 0 ? this.#allIdle(eventNowMs) : Math.min(...awaited.map((key) => this.#progress.get(key) ?? -Infinity));
    this.#time = Math.max(this.#time, candidate - this.#options.allowedLatenessMs);
    return this.#time;
  }

  #allIdle(eventNowMs: number): number {
    const newest = Math.max(-Infinity, ...this.#progress.values());
    const live = Number.isFinite(this.#options.idleAfterMs);
    return newest === -Infinity || !live ? newest : Math.max(newest, eventNowMs - this.#options.idleAfterMs);
  }
}

function keyOf(input: Input): string {
  return `${input.sourceId} ${input.modality}`;
}
