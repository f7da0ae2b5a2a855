// One open file that lines come from, and how far it was read.
import { constants, type Stats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { LineCutter, type LineCutterOptions } from "./line-cutter.js";
import { ENCODING_BYTES, isUtf16 } from "./text-encoding.js";

/** A file at some moment: all that it held up to `size` then is old. */
export type Place = Pick<Stats, "dev" | "ino" | "size" | "mtimeMs">;

/** What a file tells of its lines. */
export interface LineFileOptions extends LineCutterOptions {
  /** A line came in an encoding that is not read. */
  readonly onUnreadable: () => void;
}

/** Bytes taken in one look at most; the rest waits for the next. */
const LOOK_BYTES_MAX = 256 * 1024;

/** Bytes before the place read to that must still be there for a file to be the same. */
const TAIL_BYTES = 64;

const NOTHING = Buffer.alloc(0);

/** No file was changed then: it is looked at. */
const NEVER = -1;

/**
 * A file, FIFO or character device, read without ever waiting for it.
 *
 * A file that was cut and perhaps has grown again is noticed by its size and by the first bytes and those read last, which
 * are no longer what they were: it is then read from its start.
 */
export class LineFile {
  readonly #handle: FileHandle;
  readonly #stats: Stats;
  readonly #cutter: LineCutter;
  readonly #onUnreadable: () => void;
  #position = 0;
  #mtimeMs = NEVER;
  /** The first bytes, and the last ones before the position. */
  #head: Buffer = NOTHING;
  #tail: Buffer = NOTHING;

  private constructor(handle: FileHandle, stats: Stats, options: LineFileOptions) {
    this.#handle = handle;
    this.#stats = stats;
    this.#cutter = new LineCutter(options);
    this.#onUnreadable = options.onUnreadable;
  }

  /** Opens what is at the path; `old`: how it was when all that it held was old. Errors: those of the system. */
  static async open(path: string, old: Place | undefined, options: LineFileOptions): Promise<LineFile> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const file = new LineFile(handle, await handle.stat(), options);
      if (old !== undefined && file.#stats.isFile() && file.is(old) && file.#stats.size >= old.size) await file.#passOver(old);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The file as far as its lines were given: what has not ended yet is not old. */
  get place(): Place {
    const { dev, ino } = this.#stats;
    return { dev, ino, size: this.#position - this.#cutter.waitingBytes, mtimeMs: NEVER };
  }

  /** Whether this is what the path now leads to. */
  is({ dev, ino }: Pick<Stats, "dev" | "ino">): boolean {
    return this.#stats.dev === dev && this.#stats.ino === ino;
  }

  /** It is written in a way that is not read; its lines are counted as not taken. */
  get isUtf16(): boolean {
    return isUtf16(this.#head);
  }

  /** How many bytes were read or passed over: it grows with what is written. */
  get position(): number {
    return this.#position;
  }

  /** The lines that have ended since. Errors: those of the system. */
  async read(): Promise<readonly string[]> {
    return this.#stats.isFile() ? this.#readFile() : this.#readStream();
  }

  /** The last line, where its end will not come. */
  flush(): readonly string[] {
    const line = this.#cutter.flush();
    return line === undefined ? [] : [line];
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #passOver({ size, mtimeMs }: Place): Promise<void> {
    this.#position = size;
    this.#mtimeMs = mtimeMs;
    this.#head = await this.#at(0, Math.min(this.#position, ENCODING_BYTES));
    const tail = Math.min(this.#position, TAIL_BYTES);
    this.#tail = await this.#at(this.#position - tail, tail);
  }

  async #readFile(): Promise<readonly string[]> {
    const { size, mtimeMs } = await this.#handle.stat();
    if (size === this.#position && mtimeMs === this.#mtimeMs) return [];
    this.#mtimeMs = mtimeMs;
    const lines = (await this.#continues(size)) ? [] : this.#beginAnew();
    const bytes = await this.#at(this.#position, Math.min(size - this.#position, LOOK_BYTES_MAX));
    if (this.#head.length < ENCODING_BYTES) this.#head = Buffer.concat([this.#head, bytes.subarray(0, ENCODING_BYTES - this.#head.length)]);
    this.#position += bytes.length;
    this.#tail = Buffer.from(Buffer.concat([this.#tail, bytes]).subarray(-TAIL_BYTES));
    return [...lines, ...this.#cut(bytes)];
  }

  /** Whether the file is the one that was read so far, and only grew. */
  async #continues(size: number): Promise<boolean> {
    if (size < this.#position) return false;
    const head = await this.#at(0, this.#head.length);
    const tail = await this.#at(this.#position - this.#tail.length, this.#tail.length);
    return head.equals(this.#head) && tail.equals(this.#tail);
  }

  #beginAnew(): readonly string[] {
    this.#position = 0;
    this.#head = NOTHING;
    this.#tail = NOTHING;
    return this.flush();
  }

  async #readStream(): Promise<readonly string[]> {
    const lines: string[] = [];
    const buffer = Buffer.allocUnsafe(64 * 1024);
    for (let taken = 0; taken < LOOK_BYTES_MAX; ) {
      const bytesRead = await this.#handle.read(buffer, 0, buffer.length, null).then(
        (read) => read.bytesRead,
        (error: NodeJS.ErrnoException) => {
          if (error.code === "EAGAIN") return undefined;
          throw error;
        },
      );
      if (bytesRead === undefined) return lines;
      if (bytesRead === 0) return [...lines, ...this.flush()]; // whoever wrote has left
      taken += bytesRead;
      this.#position += bytesRead;
      lines.push(...this.#cutter.push(buffer.subarray(0, bytesRead)));
    }
    return lines;
  }

  #cut(bytes: Buffer): readonly string[] {
    if (!this.isUtf16) return this.#cutter.push(bytes);
    for (const byte of bytes) if (byte === 10) this.#onUnreadable();
    return [];
  }

  async #at(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.max(0, length));
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  }
}
