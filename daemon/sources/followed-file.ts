// A file that grows, as `tail -F` sees it.
import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";

/** What one look at the file gave. */
export interface Look {
  /** False: the file is not there, or may not be read. */
  readonly present: boolean;
  /** Pieces of new bytes, in order. `endsFile`: the file was replaced or cut after this piece, so that its last line gets no end. */
  readonly pieces: readonly { readonly bytes: Buffer; readonly endsFile: boolean }[];
}

/** Bytes taken in one look at most; the rest waits for the next. */
const LOOK_BYTES_MAX = 256 * 1024;

/**
 * Follows a path: what is in the file at the first look is old; what is written later, to it or to a file that takes its
 * place, is new. A file that became shorter is read from its start.
 *
 * By looking, not by notification: that works on network folders too. Order: one look at a time.
 */
export class FollowedFile {
  readonly #path: string;
  #file: FileHandle | undefined;
  #position = 0;
  #looked = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** What was written since the last look. */
  async look(): Promise<Look> {
    const pieces: { bytes: Buffer; endsFile: boolean }[] = [];
    const first = !this.#looked;
    this.#looked = true;
    const current = await stat(this.#path).catch(() => undefined);
    if (this.#file !== undefined) {
      if (await this.#shrunk(this.#file)) pieces.push({ bytes: Buffer.alloc(0), endsFile: true });
      const bytes = await this.#read(this.#file);
      const opened = await this.#file.stat();
      const replaced = current === undefined || opened.ino !== current.ino || opened.dev !== current.dev;
      const endsFile = replaced && bytes.length < LOOK_BYTES_MAX;
      if (bytes.length > 0 || endsFile) pieces.push({ bytes, endsFile });
      if (!endsFile) return { present: current !== undefined, pieces };
      await this.close();
    }
    if (current?.isFile() !== true) return { present: false, pieces };
    this.#file = await open(this.#path, constants.O_RDONLY).catch(() => undefined);
    if (this.#file === undefined) return { present: false, pieces };
    this.#position = first ? current.size : 0;
    if (!first) pieces.push({ bytes: await this.#read(this.#file), endsFile: false });
    return { present: true, pieces };
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Whether the file was cut and begins anew; it is then read from its start. */
  async #shrunk(file: FileHandle): Promise<boolean> {
    const { size } = await file.stat();
    if (size >= this.#position) return false;
    this.#position = 0;
    return true;
  }

  async #read(file: FileHandle): Promise<Buffer> {
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(size - this.#position, LOOK_BYTES_MAX)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position);
    this.#position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}
