// Work in slices: what could go on for ever lets the event loop turn, so that what comes in meanwhile gets its turn too.

/** How work is cut into slices. */
export interface TurnsOptions {
  /** How long work may go on before the event loop turns, ms. One piece of work is never cut. */
  readonly sliceMs: number;
  /** Asked before each slice: while true, the next slice waits for up to `holdMs`. */
  readonly holdBack: () => boolean;
  readonly holdMs: number;
}

/** How often it is asked again whether to hold back, ms. */
const ASK_AGAIN_MS = 5;

/**
 * Gives turns in the order in which they were asked for. Between two slices the event loop turns at least once: timers,
 * answers and acknowledgements are handled, whatever waits here. Bound: one entry for each caller that waits.
 */
export class Turns {
  readonly #options: TurnsOptions;
  #waiting: (() => void)[] = [];
  #giving = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Resolves when the caller may work on one piece, until it next waits for anything. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#giving) return;
      this.#giving = true;
      void this.#give();
    });
  }

  async #give(): Promise<void> {
    while (this.#waiting.length > 0) {
      await loopTurn();
      await this.#held();
      const asked = this.#waiting;
      this.#waiting = [];
      const endMs = performance.now() + this.#options.sliceMs;
      let given = 0;
      do {
        asked[given++]?.();
        await settled();
      } while (given < asked.length && performance.now() < endMs);
      this.#waiting = [...asked.slice(given), ...this.#waiting];
    }
    this.#giving = false;
  }

  async #held(): Promise<void> {
    const { holdBack, holdMs } = this.#options;
    for (const endMs = performance.now() + holdMs; holdBack() && performance.now() < endMs; ) await new Promise((resolve) => void setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** The event loop has polled once: what the kernel holds for us was taken in. */
function loopTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Whatever was resolved just now has gone as far as it can without waiting. */
function settled(): Promise<void> {
  return new Promise((resolve) => void process.nextTick(resolve));
}
