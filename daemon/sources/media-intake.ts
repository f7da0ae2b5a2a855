// From decoded pieces of one connection or file to captures in event time.
import type { Clock } from "../runtime/clock.js";
import type { FramecrcEntry } from "./framecrc.js";
import type { HeardSound } from "./phase.js";
import type { LentPixels } from "./picture-pool.js";
import { PcmWindows, type PcmWindow, type WindowOptions } from "./pcm-windows.js";
import type { SignalOutlet } from "./signal-outlet.js";
import { isOutlier } from "./stamp-filters.js";
import type { Timeline } from "./timeline.js";

/** A decoded frame: `pixels` is height x width x 3, uint8, RGB, and to be looked at before the promise is returned. */
export interface WatchedFrame {
  readonly checksum: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Who wants to know what comes in, beside the outlet. Times: event time (Unix ms) and monotonic ms. */
export interface IntakeWatcher {
  frame(frame: WatchedFrame, nowMs: number, time: number): Promise<void>;
  /** `time`: the end of the piece. */
  sound(sound: HeardSound, nowMs: number, time: number, startedAt: number): Promise<void>;
  /** Sound did not follow on from the piece before. */
  gap(): void;
  /** A picture's time stamp was no place in time: it was left out. */
  outlier(): void;
}

/** Watches nothing: a replayed file is not judged. */
export const nobody: IntakeWatcher = {
  frame: () => Promise.resolve(),
  sound: () => Promise.resolve(),
  gap: () => undefined,
  outlier: () => undefined,
};

/** Turns frames and sound into captures on one time line. A frame is an instant: its duration is 0. */
export class MediaIntake {
  readonly #timeline: Timeline;
  readonly #outlet: SignalOutlet;
  readonly #clock: Clock;
  readonly #watcher: IntakeWatcher;
  readonly #windows: PcmWindows | undefined;
  readonly #sampleRateHz: number;
  /** Whether sound was lost right before what comes next. */
  #isBroken = false;
  #captures = 0;

  constructor(timeline: Timeline, outlet: SignalOutlet, clock: Clock, watcher: IntakeWatcher, sound?: WindowOptions) {
    this.#timeline = timeline;
    this.#outlet = outlet;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#windows = sound === undefined ? undefined : new PcmWindows(sound);
    this.#sampleRateHz = sound?.sampleRateHz ?? 0;
  }

  /** How many captures it has told. */
  get captures(): number {
    return this.#captures;
  }

  async frame({ ptsMs, width, height, checksum }: FramecrcEntry, { pixels, release }: LentPixels): Promise<void> {
    if (isOutlier(ptsMs)) {
      release();
      return this.#watcher.outlier();
    }
    const receivedAtMs = this.#clock.monotonicNowMs();
    this.#timeline.arrived(ptsMs, receivedAtMs);
    const capturedAt = this.#timeline.timeOf(ptsMs);
    this.#captures += 1;
    await this.#watcher.frame({ checksum, width, height, pixels }, receivedAtMs, capturedAt); // the capture gives the pixels away
    await this.#outlet.capture({ modality: "image", capturedAt, durationMs: 0, receivedAtMs, width, height, pixels, release });
  }

  async sound(ptsMs: number, sound: HeardSound): Promise<void> {
    const { samples } = sound;
    const endPtsMs = ptsMs + (samples.length * 1000) / this.#sampleRateHz;
    const receivedAtMs = this.#clock.monotonicNowMs();
    this.#timeline.arrived(endPtsMs, receivedAtMs);
    const pushed = this.#windows?.push(samples, ptsMs);
    if (pushed?.gap === true) this.#watcher.gap();
    if (pushed?.gap === true || this.#isBroken) this.#outlet.lostUntil("audio", this.#timeline.timeOf(ptsMs), "skew");
    this.#isBroken = false;
    for (const window of pushed?.windows ?? []) await this.#window(window, receivedAtMs);
    await this.#watcher.sound(sound, receivedAtMs, this.#timeline.timeOf(endPtsMs), this.#timeline.timeOf(ptsMs));
  }

  /** The next piece of sound does not follow on: what waits for its window is given up. */
  breakSound(): void {
    this.#windows?.reset();
    this.#isBroken = true;
    this.#watcher.gap();
  }

  /** At the end of a file: tells the sound that no window has held yet. */
  async flush(): Promise<void> {
    const rest = this.#windows?.flush();
    if (rest !== undefined) await this.#window(rest, this.#clock.monotonicNowMs());
  }

  async #window({ ptsMs, durationMs, samples }: PcmWindow, receivedAtMs: number): Promise<void> {
    const capturedAt = this.#timeline.timeOf(ptsMs);
    this.#captures += 1;
    const sampleRateHz = this.#sampleRateHz;
    await this.#outlet.capture({ modality: "audio", capturedAt, durationMs, receivedAtMs, sampleRateHz, samples });
  }
}
