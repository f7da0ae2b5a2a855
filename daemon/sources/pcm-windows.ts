// Cuts sound into overlapping windows, in the stream's own time.

/** How sound is cut; the pack says so. */
export interface WindowOptions {
  readonly sampleRateHz: number;
  readonly windowMs: number;
  /** From the start of one window to the start of the next; at most `windowMs`. */
  readonly hopMs: number;
}

/** One window. `samples` has the whole window's length and a buffer of its own. */
export interface PcmWindow {
  /** Its first sample in the stream's own time, ms. */
  readonly ptsMs: number;
  /** How much of it is sound, ms; less than a window only at the end of a file, where zeros follow. */
  readonly durationMs: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

/** What came of a piece of sound. */
export interface PushedSound {
  readonly windows: readonly PcmWindow[];
  /** The piece did not follow on from the one before: counting starts anew, and what waited is gone. */
  readonly gap: boolean;
}

/** Time stamps of networked cameras jitter by less than this, ms; what differs more is a gap. */
const GAP_TOLERANCE_MS = 100;

/** Cuts windows by counting samples from an anchor. A window never spans a gap. Bound: holds less than one window and a piece. */
export class PcmWindows {
  readonly #rate: number;
  readonly #windowSamples: number;
  readonly #hopSamples: number;
  readonly #waiting: Float32Array;
  #filled = 0;
  /** Samples at the start of `#waiting` that an earlier window has held. */
  #covered = 0;
  /** Of the first sample after the anchor. */
  #anchorMs = 0;
  /** Samples from the anchor to the first that waits. */
  #offset = 0;

  constructor(options: WindowOptions) {
    this.#rate = options.sampleRateHz;
    this.#windowSamples = Math.round((options.windowMs * this.#rate) / 1000);
    this.#hopSamples = Math.round((options.hopMs * this.#rate) / 1000);
    if (!(this.#hopSamples >= 1 && this.#hopSamples <= this.#windowSamples)) throw new RangeError(`hop ${options.hopMs} ms`);
    this.#waiting = new Float32Array(this.#windowSamples);
  }

  /** Takes a piece that starts at `ptsMs` and gives the windows that are full with it. */
  push(samples: Float32Array, ptsMs: number): PushedSound {
    const expectedMs = this.#timeOf(this.#offset + this.#filled);
    const known = this.#offset + this.#filled > 0;
    const gap = known && Math.abs(ptsMs - expectedMs) > GAP_TOLERANCE_MS;
    if (gap) this.reset();
    if (gap || !known) this.#anchorMs = ptsMs;
    const windows: PcmWindow[] = [];
    for (let taken = 0; taken < samples.length; ) {
      const part = samples.subarray(taken, taken + this.#windowSamples - this.#filled);
      this.#waiting.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      if (this.#filled === this.#windowSamples) windows.push(this.#cut());
    }
    return { windows, gap };
  }

  /** At the end of a file: the sound that no window has held yet, followed by zeros; nothing if there is none. */
  flush(): PcmWindow | undefined {
    if (this.#filled <= this.#covered) return undefined;
    const samples = new Float32Array(this.#windowSamples);
    samples.set(this.#waiting.subarray(0, this.#filled));
    const durationMs = Math.round((this.#filled * 1000) / this.#rate);
    const window = { ptsMs: this.#timeOf(this.#offset), durationMs, samples };
    this.reset();
    return window;
  }

  /** Forgets what waits; the next piece is a new anchor. */
  reset(): void {
    this.#filled = 0;
    this.#covered = 0;
    this.#offset = 0;
  }

  #cut(): PcmWindow {
    const window = {
      ptsMs: this.#timeOf(this.#offset),
      durationMs: Math.round((this.#windowSamples * 1000) / this.#rate),
      samples: this.#waiting.slice(),
    };
    this.#waiting.copyWithin(0, this.#hopSamples);
    this.#filled -= this.#hopSamples;
    this.#covered = this.#filled;
    this.#offset += this.#hopSamples;
    return window;
  }

  #timeOf(samplesSinceAnchor: number): number {
    return this.#anchorMs + (samplesSinceAnchor * 1000) / this.#rate;
  }
}
