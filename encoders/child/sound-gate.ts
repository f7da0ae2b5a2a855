// What is worth noting about a window of sound before it is encoded: digital silence, and the quiet of a source.

/** Peak below which a window is digital silence: a third of a 16-bit step. */
const SILENCE_PEAK = 1e-5;
/** Windows that a source's noise floor looks back on; 5 minutes at a hop of 500 ms. */
const HISTORY = 600;
/** Windows before a floor is known. */
const HISTORY_MIN = 20;
/** The floor is this quantile of the loudness... */
const FLOOR_QUANTILE = 0.2;
/** ...and a window is quiet up to this many times the floor. */
const QUIET_RATIO = 1.5;
/** A source's cohort gets one window in this time, ms of event time. Source: DESIGN.md, section 3. */
const COHORT_INTERVAL_MS = 10_000;

/** "silence": nothing to encode. "closed": a quiet window that is also a sample for the cohort. */
export type SoundVerdict = "silence" | "open" | "closed";

/** How loud a window is: its largest sample and its root mean square, 0..1. */
export interface Loudness {
  readonly peak: number;
  readonly rms: number;
}

/** How loud a window is. */
export function loudnessOf(samples: Float32Array): Loudness {
  let square = 0;
  let peak = 0;
  for (const x of samples) {
    square += x * x;
    peak = Math.max(peak, Math.abs(x));
  }
  return { peak, rms: Math.sqrt(square / samples.length) };
}

/**
 * The gate of one microphone. Sound has no true gate (every window is encoded); "closed" stands for a window near the
 * source's own noise floor. Bound: the loudness of 600 windows. Pure, and the same for the same windows in order.
 */
export class SoundGate {
  readonly #loudness: number[] = [];
  #cohortAt = -Infinity;

  /** Judges a window; windows must come in order of `capturedAt` (Unix ms). */
  judge({ peak, rms }: Loudness, capturedAt: number): SoundVerdict {
    if (peak < SILENCE_PEAK) return "silence";
    this.#loudness.push(rms);
    if (this.#loudness.length > HISTORY) this.#loudness.shift();
    if (capturedAt - this.#cohortAt < COHORT_INTERVAL_MS || this.#loudness.length < HISTORY_MIN) return "open";
    if (rms > QUIET_RATIO * this.#floor()) return "open";
    this.#cohortAt = capturedAt;
    return "closed";
  }

  #floor(): number {
    const sorted = Float64Array.from(this.#loudness).sort();
    return sorted[Math.floor(FLOOR_QUANTILE * (sorted.length - 1))] as number;
  }
}
