// How many channels a microphone is asked for: one, unless ALSA would mix exactly two into it.

/** Tries at two channels that may come to nothing in a row; then one it is. */
const FAILURES_MAX = 2;

/**
 * Begins with one channel, which every device gives. Two that are mixed might cancel each other, so they are then asked for
 * themselves; where that gives no sound, one is as good as before.
 */
export class ChannelChoice {
  #count: 1 | 2 = 1;
  #failures = 0;

  /** How many to ask for now. */
  get count(): 1 | 2 {
    return this.#count;
  }

  /** The one channel is a mix of two. True: two are to be asked for now. */
  mixesTwo(): boolean {
    if (this.#count === 2 || this.#failures >= FAILURES_MAX) return false;
    this.#count = 2;
    return true;
  }

  /** A recording of two has ended. True: it gave no sound, and one is to be asked for now. */
  ended(hasSound: boolean): boolean {
    this.#failures = hasSound ? 0 : this.#failures + 1;
    if (!hasSound) this.#count = 1;
    return !hasSound;
  }
}
