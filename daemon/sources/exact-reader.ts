// Cuts a pipe into pieces of known size.
import type { Readable } from "node:stream";

/**
 * Reads pieces of exactly the size that is asked for. Nothing is read ahead but the pipe's own buffer, so that a reader
 * who does not ask makes the writer wait.
 *
 * Order: one read at a time.
 */
export class ExactReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /**
   * The next bytes in a buffer of their own, offset 0, which belongs to the caller and can be transferred; nothing if the
   * pipe ended or broke before all came.
   */
  async read(sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = new Uint8Array(sizeBytes);
    let filled = 0;
    while (filled < sizeBytes) {
      if (this.#rest.length === 0 && !(await this.#more())) return undefined;
      const taken = this.#rest.subarray(0, sizeBytes - filled);
      piece.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return piece;
  }

  async #more(): Promise<boolean> {
    try {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#rest = next.value;
      return true;
    } catch {
      return false; // the pipe broke; the child's exit says why
    }
  }
}
