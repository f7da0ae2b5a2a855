// Cuts what a child writes into pictures of one size, read straight into buffers of a pool.
import type { OnReadOpts, Socket } from "node:net";
import { PICTURE_SHARES } from "./picture-budget.js";
import { PicturePool, type LentPixels } from "./picture-pool.js";

/** Where bytes go while there is no picture for them. */
const ASIDE_BYTES = 64 * 1024;

/** Whole pictures that wait to be read, at most. */
const READY_MAX = 2;

/**
 * Reads pictures of one size, which the first `read` tells.
 *
 * Some is read ahead: a writer with two pipes may fill this one before it says on the other how to cut it, and would wait
 * for ever. Bound: `PICTURE_SHARES.unknown` until the size is known, then READY_MAX pictures within
 * `PICTURE_SHARES.reading`, at least one, and the one that is being filled; then the writer waits. In steady state nothing is
 * allocated but views. Order: one read at a time.
 */
export class PictureReader {
  /** To make the socket with. */
  readonly onread: OnReadOpts = { buffer: () => this.#place(), callback: (bytes) => this.#took(bytes) };
  readonly #pool: PicturePool;
  readonly #aside = new Uint8Array(ASIDE_BYTES);
  readonly #ready: Uint8Array[] = [];
  #socket: Socket | undefined;
  /** Bytes that came when there was no picture for them, in order, and how many they are. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #sizeBytes = 0;
  #filling: Uint8Array | undefined;
  #filled = 0;
  /** Whether the bytes that come next go aside: the socket was told so. */
  #isAside = true;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(pool: PicturePool = new PicturePool()) {
    this.#pool = pool;
  }

  /** The socket that was made with `onread`. */
  attach(socket: Socket): void {
    this.#socket = socket;
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    for (const event of ["end", "close"]) socket.once(event, end);
    socket.on("error", end); // why it broke, the child's exit says
  }

  /** The next picture; nothing if the stream ended or broke before all of it came. Errors: RangeError for another size than before. */
  async read(sizeBytes: number): Promise<LentPixels | undefined> {
    if (this.#sizeBytes !== 0 && sizeBytes !== this.#sizeBytes) throw new RangeError(`a picture of ${sizeBytes} bytes after others of ${this.#sizeBytes}`);
    this.#sizeBytes = sizeBytes;
    for (;;) {
      this.#sortEarly();
      const pixels = this.#ready.shift();
      if (this.#hasRoom()) this.#socket?.resume();
      if (pixels !== undefined) return this.#pool.lend(pixels);
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Where the next bytes go. */
  #place(): Uint8Array {
    const filling = this.#earlyBytes === 0 ? this.#fill() : undefined;
    this.#isAside = filling === undefined;
    return filling === undefined ? this.#aside : filling.subarray(this.#filled);
  }

  /** Bytes have come where the socket was told; whether there is room for more. */
  #took(bytes: number): boolean {
    if (this.#isAside) {
      this.#early.push(this.#aside.slice(0, bytes));
      this.#earlyBytes += bytes;
      this.#sortEarly();
    } else {
      this.#add(bytes);
    }
    this.#wake();
    return this.#hasRoom();
  }

  /** Brings what came early into pictures, as far as there are any. */
  #sortEarly(): void {
    for (let bytes = this.#early[0]; bytes !== undefined; bytes = this.#early[0]) {
      const filling = this.#fill();
      if (filling === undefined) return;
      const part = bytes.subarray(0, filling.length - this.#filled);
      filling.set(part, this.#filled);
      this.#earlyBytes -= part.length;
      if (part.length < bytes.length) this.#early[0] = bytes.subarray(part.length);
      else this.#early.shift();
      this.#add(part.length);
    }
  }

  /** The picture that is being filled, a new one if one more may wait. */
  #fill(): Uint8Array | undefined {
    if (this.#filling === undefined && this.#sizeBytes > 0 && this.#ready.length < this.#readyMax()) this.#filling = this.#pool.take(this.#sizeBytes);
    return this.#filling;
  }

  #add(bytes: number): void {
    const filling = this.#filling;
    this.#filled += bytes;
    if (filling === undefined || this.#filled < filling.length) return;
    this.#ready.push(filling);
    this.#filling = undefined;
    this.#filled = 0;
  }

  #hasRoom(): boolean {
    if (this.#sizeBytes === 0) return this.#earlyBytes < PICTURE_SHARES.unknown;
    return this.#filling !== undefined || this.#ready.length < this.#readyMax();
  }

  #readyMax(): number {
    return Math.max(1, Math.min(READY_MAX, Math.floor(PICTURE_SHARES.reading / this.#sizeBytes) - 1));
  }
}
