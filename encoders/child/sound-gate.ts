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

/** So many samples of a source's cohort are taken soon after one another, so that it serves within a minute... */
const FIRST_SAMPLES = 30;
/** ...this far apart at least, ms of event time; */
const FIRST_INTERVAL_MS = 2000;
/** all later ones this far. Source of the three: DESIGN.md, section 3. */
const INTERVAL_MS = 10_000;
/** A steady window is at its loudest up to this many times as loud as at its quietest: a bark, a word, a step is not steady. */
const STEADY_RATIO = 1.7;
/** A window's loudest and quietest are of so many equal parts; of 2 s a tenth of a second each. */
const PARTS = 20;

/** "silence": nothing to encode. "closed": a quiet, steady window that is also a sample for the cohort. */
export type SoundVerdict = "silence" | "open" | "closed";

/** How loud a window is: its largest sample and its root mean square, 0..1, and its loudest part over its quietest, from 1. */
export interface Loudness {
  readonly peak: number;
  readonly rms: number;
  readonly swing: number;
}

/** How loud a window is. */
export function loudnessOf(samples: Float32Array): Loudness {
  const squares = new Float64Array(PARTS);
  let peak = 0;
  samples.forEach((x, i) => {
    const part = Math.floor((i * PARTS) / samples.length);
    squares[part] = (squares[part] as number) + x * x;
    peak = Math.max(peak, Math.abs(x));
  });
  const square = squares.reduce((sum, one) => sum + one, 0);
  return { peak, rms: Math.sqrt(square / samples.length), swing: Math.sqrt(Math.max(...squares) / Math.min(...squares)) };
}

/**
 * The gate of one microphone. Sound has no true gate (every window is encoded); "closed" stands for a window near the
 * source's own noise floor in which nothing comes or goes: what is quiet between two barks still holds their ends.
 * Bound: the loudness of 600 windows. Pure, and the same for the same windows in order.
 */
export class SoundGate {
  readonly #loudness: number[] = [];
  #samples = 0;
  #sampledAt = -Infinity;

  /** Judges a window; windows must come in order of `capturedAt` (Unix ms). */
  judge({ peak, rms, swing }: Loudness, capturedAt: number): SoundVerdict {
    if (peak < SILENCE_PEAK) return "silence";
    this.#loudness.push(rms);
    if (this.#loudness.length > HISTORY) this.#loudness.shift();
    const intervalMs = this.#samples < FIRST_SAMPLES ? FIRST_INTERVAL_MS : INTERVAL_MS;
    if (capturedAt - this.#sampledAt < intervalMs || this.#loudness.length < HISTORY_MIN) return "open";
    if (swing > STEADY_RATIO || rms > QUIET_RATIO * this.#floor()) return "open";
    this.#sampledAt = capturedAt;
    this.#samples++;
    return "closed";
  }

  #floor(): number {
    const sorted = Float64Array.from(this.#loudness).sort();
    return sorted[Math.floor(FLOOR_QUANTILE * (sorted.length - 1))] as number;
  }
}
