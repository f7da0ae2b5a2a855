// Ends a replay in which ffmpeg gives nothing while it is waited for: a file may be made so that decoding it takes for ever.
import type { Clock, Timer } from "../runtime/clock.js";
import type { MediaHandlers } from "./media-decoder.js";

/** How long ffmpeg may give nothing of a file, ms. */
export const STALL_MS = 60_000;

type Takers = Pick<MediaHandlers, "frame" | "sound">;

/** Aborts its signal when nothing came for too long. Time in which what came was taken does not count. */
export class ReplayWatch {
  readonly #clock: Clock | undefined;
  readonly #stalled = new AbortController();
  readonly #onStalled: () => void;
  #taking = 0;
  #timer: Timer | undefined;

  /** Without a clock nothing is watched: a live source has a watchdog of its own. */
  constructor(clock: Clock | undefined, onStalled: () => void) {
    this.#clock = clock;
    this.#onStalled = onStalled;
    this.#wait();
  }

  get signal(): AbortSignal {
    return this.#stalled.signal;
  }

  /** The same takers, watched. */
  over({ frame, sound }: Takers): Takers {
    return {
      ...(frame && { frame: (entry, pixels) => this.#take(() => frame(entry, pixels)) }),
      ...(sound && { sound: (ptsMs, heard) => this.#take(() => sound(ptsMs, heard)) }),
    };
  }

  close(): void {
    this.#timer?.cancel();
  }

  async #take(take: () => Promise<void>): Promise<void> {
    this.#taking += 1;
    this.close();
    await take();
    this.#taking -= 1;
    this.#wait();
  }

  #wait(): void {
    this.close();
    if (this.#taking > 0) return;
    this.#timer = this.#clock?.after(STALL_MS, () => {
      this.#onStalled();
      this.#stalled.abort();
    });
  }
}
