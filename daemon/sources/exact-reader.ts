// Cuts a pipe into pieces of known size: sound, of which a piece is small. Pictures have a reader of their own.
import type { Readable } from "node:stream";

/** Before the first piece tells the size, bytes. */
const AHEAD_AT_FIRST_BYTES = 1024 * 1024;

/** Afterwards so many pieces may wait, and at least so many bytes. */
const AHEAD_PIECES = 3;
const AHEAD_MIN_BYTES = 256 * 1024;

/**
 * Reads pieces of exactly the size that is asked for.
 *
 * Some is read ahead: a writer with two pipes may fill this one before it says on the other how to cut it, and would wait
 * for ever. Bound: a few pieces; then the writer waits. Order: one read at a time.
 */
export class ExactReader {
  readonly #stream: Readable;
  readonly #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #aheadBytesMax = AHEAD_AT_FIRST_BYTES;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    for (const event of ["end", "close", "error"]) stream.once(event, end); // why it broke, the child's exit says
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes >= this.#aheadBytesMax) stream.pause();
      this.#wake();
    });
  }

  /**
   * The next bytes in a buffer of their own, offset 0, which belongs to the caller and can be transferred; nothing if the
   * pipe ended or broke before all came.
   */
  async read(sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#aheadBytesMax = Math.max(AHEAD_PIECES * sizeBytes, AHEAD_MIN_BYTES);
    const piece = new Uint8Array(sizeBytes);
    let filled = 0;
    while (filled < sizeBytes) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) {
        if (this.#ended) return undefined;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const taken = chunk.subarray(0, sizeBytes - filled);
      piece.set(taken, filled);
      filled += taken.length;
      this.#waitingBytes -= taken.length;
      if (taken.length < chunk.length) this.#chunks.unshift(chunk.subarray(taken.length));
      if (this.#waitingBytes < this.#aheadBytesMax) this.#stream.resume();
    }
    return piece;
  }
}
