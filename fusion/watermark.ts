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
  /** How far `time` was behind the clock when it was told, ms. */
  readonly lagMs: number;
}

/** An input whose times are not the clock's. */
export interface Astray {
  readonly input: Input;
  /** How far it is behind the clock, ms; negative: ahead. */
  readonly lagMs: number;
}

/**
 * The watermark of one group: the smallest progress of the inputs that are not idle, less the allowed lateness.
 *
 * Pure: both clocks come in as values. It never goes back but by `shift`, and an input that never told anything holds the group only
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

  /** An input has told all that ends at or before `time` (Unix ms); `nowMs` is monotonic, `eventNowMs` event time. */
  progress(input: Input, time: number, nowMs: number, eventNowMs = time): void {
    const before = this.#progress.get(keyOf(input))?.time ?? -Infinity;
    this.#progress.set(keyOf(input), { time: Math.max(before, time), toldAtMs: nowMs, lagMs: eventNowMs - time });
  }

  /** Inputs that are not idle and told times further from the clock than `toleranceMs`. */
  astray(nowMs: number, toleranceMs: number): readonly Astray[] {
    return this.#options.inputs.flatMap((input) => {
      const lagMs = this.#progress.get(keyOf(input))?.lagMs ?? 0;
      return Math.abs(lagMs) > toleranceMs && !this.isIdle(input, nowMs) ? [{ input, lagMs }] : [];
    });
  }

  /** The clock was set by `shiftMs`: everything told so far is as long ago as it was. */
  shift(shiftMs: number): void {
    for (const [key, progress] of this.#progress) this.#progress.set(key, { ...progress, time: progress.time + shiftMs });
    this.#time += shiftMs;
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
