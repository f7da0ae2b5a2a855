// Reads ffmpeg's framecrc: one line for each frame or piece of sound, in the order of the samples on the pipe beside it.
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** One piece of a stream: when it is, how many bytes it has, and a checksum over them. */
export interface FramecrcEntry {
  /** The stream's own time, ms since the start of the connection or file; whole multiples of the time base. */
  readonly ptsMs: number;
  readonly sizeBytes: number;
  readonly checksum: string;
  /** Of the picture, px; 0 for sound. */
  readonly width: number;
  readonly height: number;
}

const TIME_BASE = /^#tb 0: (\d+)\/(\d+)/;
const DIMENSIONS = /^#dimensions 0: (\d+)x(\d+)/;
const ENTRY = /^\s*0,\s*-?\d+,\s*(-?\d+),\s*\d+,\s*(\d+),\s*(0x[0-9a-f]+)/;

/** A parser of one framecrc stream, which keeps what its header says. */
export class FramecrcParser {
  #msPerTick = 1;
  #width = 0;
  #height = 0;

  /** The entry of a line, or nothing for a header line or a cut one. */
  parse(line: string): FramecrcEntry | undefined {
    const entry = ENTRY.exec(line);
    if (entry !== null) {
      return {
        ptsMs: Number(entry[1]) * this.#msPerTick,
        sizeBytes: Number(entry[2]),
        checksum: entry[3] ?? "",
        width: this.#width,
        height: this.#height,
      };
    }
    const timeBase = TIME_BASE.exec(line);
    if (timeBase !== null) this.#msPerTick = (1000 * Number(timeBase[1])) / Number(timeBase[2]);
    const dimensions = DIMENSIONS.exec(line);
    if (dimensions !== null) [this.#width, this.#height] = [Number(dimensions[1]), Number(dimensions[2])];
    return undefined;
  }
}

/** The entries of a pipe until it ends. A broken pipe is an end: the child's exit says why. */
export async function* framecrcEntries(stream: Readable): AsyncGenerator<FramecrcEntry, void, undefined> {
  const parser = new FramecrcParser();
  stream.on("error", () => undefined);
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    const entry = parser.parse(line);
    if (entry !== undefined) yield entry;
  }
}
