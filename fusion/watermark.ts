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
  /** An input without progress for this long holds nobody up; Infinity in a replay. */
  readonly idleAfterMs: number;
}

interface Progress {
  readonly time: number;
  readonly toldAtMs: number;
}

/**
 * The watermark of one group: the smallest progress of the inputs that are not idle, less the allowed lateness.
 *
 * Pure: both clocks come in as values. It never goes back, and an input that never told anything holds the group only
 * until `idleAfterMs` after the first call of `at`.
 */
export class GroupWatermark {
  readonly #options: WatermarkOptions;
  readonly #progress = new Map<string, Progress>();
  readonly #ended = new Set<string>();
  #startedAtMs: number | undefined;
  #time = -Infinity;

  constructor(options: WatermarkOptions) {
    this.#options = options;
  }

  /** An input has told all that ends at or before `time` (Unix ms); `nowMs` is monotonic. */
  progress(input: Input, time: number, nowMs: number): void {
    const before = this.#progress.get(keyOf(input))?.time ?? -Infinity;
    this.#progress.set(keyOf(input), { time: Math.max(before, time), toldAtMs: nowMs });
  }

  /** An input has told its last. */
  end(input: Input): void {
    this.#ended.add(keyOf(input));
  }

  /** Whether an input has been silent for so long that nobody waits for it. */
  isIdle(input: Input, nowMs: number): boolean {
    const since = this.#progress.get(keyOf(input))?.toldAtMs ?? this.#startedAtMs ?? nowMs;
    return this.#ended.has(keyOf(input)) || nowMs - since > this.#options.idleAfterMs;
  }

  /**
   * The watermark now, Unix ms; -Infinity before anything was told.
   *
   * `wallNowMs`: where every input is idle, time goes on by the wall clock, less the time it took to become idle.
   */
  at(nowMs: number, wallNowMs: number): number {
    this.#startedAtMs ??= nowMs;
    const awaited = this.#options.inputs.filter((input) => !this.isIdle(input, nowMs));
    const candidate =
      awaited.length === 0
        ? this.#allIdle(wallNowMs)
        : Math.min(...awaited.map((input) => this.#progress.get(keyOf(input))?.time ?? -Infinity));
    this.#time = Math.max(this.#time, candidate - this.#options.allowedLatenessMs);
    return this.#time;
  }

  #allIdle(wallNowMs: number): number {
    const newest = Math.max(-Infinity, ...[...this.#progress.values()].map((p) => p.time));
    const live = Number.isFinite(this.#options.idleAfterMs);
    return newest === -Infinity || !live ? newest : Math.max(newest, wallNowMs - this.#options.idleAfterMs);
  }
}

function keyOf(input: Input): string {
  return `${input.sourceId} ${input.modality}`;
}
