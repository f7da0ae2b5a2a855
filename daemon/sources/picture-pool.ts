// Buffers of pictures that are lent, given back and lent again.
import type { FrameCapture } from "../../encoders/capture.js";

/** Pixels that belong to a pool; see `FrameCapture`. */
export type LentPixels = Required<Pick<FrameCapture, "pixels" | "release">>;

/** Buffers that wait to be lent again: one that is being filled, one that is looked at, one to spare. */
const FREE_MAX = 3;

/**
 * Lends buffers of one size. What is given back is lent again; what nobody gives back is garbage like anything else, and another
 * takes its place. Bound: FREE_MAX free buffers.
 */
export class PicturePool {
  readonly #free: Uint8Array[] = [];
  #sizeBytes = 0;
  #made = 0;

  /** How many buffers were made. */
  get made(): number {
    return this.#made;
  }

  /** A buffer of this size, with whatever was in it. Another size than before: what is free is let go. */
  take(sizeBytes: number): Uint8Array {
    if (sizeBytes !== this.#sizeBytes) this.#free.length = 0;
    this.#sizeBytes = sizeBytes;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#made += 1;
    return new Uint8Array(sizeBytes);
  }

  /** The buffer, to be read until it is released; a second release does nothing. */
  lend(pixels: Uint8Array): LentPixels {
    let isLent = true;
    const release = (): void => {
      if (isLent && pixels.length === this.#sizeBytes && this.#free.length < FREE_MAX) this.#free.push(pixels);
      isLent = false;
    };
    return { pixels, release };
  }
}
