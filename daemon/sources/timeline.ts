// From a stream's own time stamps to event time.
import { RateJudge, type WindowMinimum } from "./rate-judge.js";

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
  /** Larger corrections are told, ms. */
  readonly skewMaxMs: number;
  /** Called once a window: how far the stream's clock has gained on ours since the connection settled, ms (negative: lost). */
  readonly onSkew: (skewMs: number) => void;
  /** Called when the stream's times were moved on by more than `skewMaxMs`. */
  readonly onReanchor: (jumpMs: number) => void;
  /** Called when the stream's time does not advance as time does: `rate` is its time per time. */
  readonly onRate: (rate: number) => void;
}

/** One look at a stream, ms: longer than what cameras and networks usually hold back at once. */
const WINDOW_MS = 3_000;

/** The least delayed arrival of so many windows is taken for one without delay. */
const WINDOWS = 3;

/** No stream holds back so much: what is earlier by more comes of a clock that was set, ms. */
const LEAP_MS = 60_000;

/**
 * The time line of one connection of a live stream: the wall clock plus the stream's own time stamps.
 *
 * Nothing can have happened after it arrived, so the least delayed arrival of the last 9 to 12 s says where the stream's
 * time lies: an earlier one counts at once (what a camera had buffered comes in a burst after the first frame), a later
 * one once nothing else came for that long. So a wrong offset, whatever made it, is gone within 12 s, and a network that
 * stalls moves nothing. Pure: time comes as arguments.
 */
export class LiveTimeline implements Timeline {
  readonly #options: LiveTimelineOptions;
  #judge = new RateJudge();
  /** Monotonic ms of the stream's time zero; nothing before the first arrival. */
  #anchorMs: number | undefined;
  /** The anchor once the connection had settled, which is what drift is told against. */
  #settledMs: number | undefined;
  /** The least delayed arrivals of the windows before, oldest first. */
  #windows: readonly WindowMinimum[] = [];
  #window: WindowMinimum | undefined;
  #windowEndsMs = 0;
  #first: { readonly ptsMs: number; readonly nowMs: number } | undefined;
  #last = { ptsMs: 0, nowMs: 0 };

  constructor(options: LiveTimelineOptions) {
    this.#options = options;
  }

  /** Whether anything has arrived. */
  get started(): boolean {
    return this.#anchorMs !== undefined;
  }

  arrived(endPtsMs: number, nowMs: number): void {
    const arrival = { offsetMs: nowMs - endPtsMs, atMs: nowMs };
    if (this.#anchorMs !== undefined && arrival.offsetMs < this.#anchorMs - LEAP_MS) this.reanchor();
    this.#first ??= { ptsMs: endPtsMs, nowMs };
    this.#last = { ptsMs: endPtsMs, nowMs };
    if (this.#window !== undefined && nowMs >= this.#windowEndsMs) this.#endWindow(this.#window);
    if (this.#window === undefined) this.#windowEndsMs = nowMs + WINDOW_MS;
    if (this.#window === undefined || arrival.offsetMs <= this.#window.offsetMs) this.#window = arrival;
    this.#anchorMs = Math.min(this.#anchorMs ?? Infinity, arrival.offsetMs);
  }

  timeOf(ptsMs: number): number {
    return this.#options.epochMs + (this.#anchorMs ?? 0) + ptsMs;
  }

  /** The rate of the whole connection, if it gave more than the time it took: see `RateJudge.ofWhole`. */
  rateOfWhole(): number | undefined {
    const first = this.#first;
    return first && RateJudge.ofWhole(this.#last.ptsMs - first.ptsMs, this.#last.nowMs - first.nowMs);
  }

  /** The next arrival is the anchor: the stream lost something that its time stamps do not show. */
  reanchor(): void {
    this.#judge = new RateJudge();
    this.#anchorMs = undefined;
    this.#settledMs = undefined;
    this.#windows = [];
    this.#window = undefined;
    this.#first = undefined;
  }

  #endWindow(window: WindowMinimum): void {
    this.#window = undefined;
    this.#windows = [...this.#windows, window].slice(-WINDOWS);
    const rate = this.#judge.observe(window);
    const before = this.#anchorMs ?? window.offsetMs;
    if (this.#windows.length === WINDOWS) {
      this.#anchorMs = Math.min(...this.#windows.map((one) => one.offsetMs));
      this.#settledMs ??= this.#anchorMs;
    }
    const movedMs = (this.#anchorMs ?? before) - before;
    if (movedMs > this.#options.skewMaxMs) {
      this.#settledMs = this.#anchorMs;
      this.#options.onReanchor(movedMs);
    }
    if (this.#settledMs !== undefined) this.#options.onSkew(this.#settledMs - (this.#anchorMs ?? before));
    if (rate !== undefined) this.#options.onRate(rate);
  }
}
