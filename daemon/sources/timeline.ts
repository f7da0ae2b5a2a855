// From a stream's own time stamps to event time.

/** Gives a stream's time stamps their place in event time. */
export interface Timeline {
  /** Something of the stream that ends at `endPtsMs` came in at `nowMs` (monotonic). Must precede `timeOf` for it. */
  arrived(endPtsMs: number, nowMs: number): void;
  /** The event time of a stream's time stamp, Unix ms, not rounded. */
  timeOf(ptsMs: number): number;
}

/** The time line of a replayed file: its start plus the file's own time, whenever it is read. */
export function replayTimeline(startsAtMs: number): Timeline {
  return { arrived: () => undefined, timeOf: (ptsMs) => startsAtMs + ptsMs };
}

/** How a live time line follows a stream's clock. */
export interface LiveTimelineOptions {
  /** Unix ms minus monotonic ms: that of steady time. */
  readonly epochMs: number;
  /** Beyond this a stream's clock is not followed but set anew, ms. */
  readonly skewMaxMs: number;
  /** Called once per period: how far the stream's clock has drifted from ours, ms (positive: it lags behind). */
  readonly onSkew: (skewMs: number) => void;
  /** Called when the stream's clock was set anew. */
  readonly onReanchor: (jumpMs: number) => void;
}

/** Over which time the least delayed arrival is looked for, ms: longer than the network's usual hiccups. */
const PERIOD_MS = 30_000;

/** Fastest drift that is followed without a jump, as a share: five times what cheap crystals do. */
const SLEW_MAX = 500e-6;

/**
 * The time line of one connection of a live stream: wall clock at the first arrival plus the stream's own time stamps.
 *
 * Nothing can have happened after it arrived, so an early arrival moves the anchor back at once (what a camera had
 * buffered comes in a burst after the first frame). Of late arrivals only the least delayed of each period counts: it
 * moves the anchor slowly, as clocks drift, or by a jump where it is beyond `skewMaxMs`. Pure: time comes as arguments.
 */
export class LiveTimeline implements Timeline {
  readonly #options: LiveTimelineOptions;
  /** Event time of the stream's time zero; nothing before the first arrival. */
  #anchorMs: number | undefined;
  /** The anchor at the end of the first period, which is what drift is told against. */
  #settledAnchorMs: number | undefined;
  #periodEndsMs = 0;
  #leastDelayMs = Infinity;

  constructor(options: LiveTimelineOptions) {
    this.#options = options;
  }

  /** Whether anything has arrived. */
  get started(): boolean {
    return this.#anchorMs !== undefined;
  }

  arrived(endPtsMs: number, nowMs: number): void {
    const zeroMs = this.#options.epochMs + nowMs - endPtsMs;
    if (this.#anchorMs === undefined) {
      this.#anchorMs = zeroMs;
      this.#periodEndsMs = nowMs + PERIOD_MS;
    }
    const delayMs = zeroMs - this.#anchorMs;
    if (delayMs < 0) this.#anchorMs = zeroMs;
    this.#leastDelayMs = Math.min(this.#leastDelayMs, Math.max(0, delayMs));
    if (nowMs >= this.#periodEndsMs) this.#endPeriod(nowMs);
  }

  timeOf(ptsMs: number): number {
    return (this.#anchorMs ?? this.#options.epochMs) + ptsMs;
  }

  /** The next arrival is the anchor: the stream lost something that its time stamps do not show. */
  reanchor(): void {
    this.#anchorMs = undefined;
    this.#settledAnchorMs = undefined;
    this.#leastDelayMs = Infinity;
  }

  #endPeriod(nowMs: number): void {
    const anchorMs = this.#anchorMs ?? 0;
    const lagMs = this.#leastDelayMs;
    this.#leastDelayMs = Infinity;
    this.#periodEndsMs = nowMs + PERIOD_MS;
    this.#options.onSkew(anchorMs - (this.#settledAnchorMs ?? anchorMs) + lagMs);
    if (lagMs > this.#options.skewMaxMs) {
      this.#anchorMs = anchorMs + lagMs;
      this.#settledAnchorMs = this.#anchorMs;
      this.#options.onReanchor(lagMs);
      return;
    }
    this.#anchorMs = anchorMs + Math.min(lagMs, PERIOD_MS * SLEW_MAX);
    this.#settledAnchorMs ??= this.#anchorMs;
  }
}
