// A path whose lines are followed as they are written, as `tail -F` does, through every way of rotating it.
import { statSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import type { Clock } from "../runtime/clock.js";
import { LineFile, type LineFileOptions, type Place } from "./line-file.js";

/** What one look at the path gave. */
export interface Look {
  readonly lines: readonly string[];
  /** Why no lines can come from it at present, as a sentence about the path; absent while they can. */
  readonly fault?: string;
}

/** A file that was replaced is read on until nothing was added to it for so long, ms: its writer may not know yet. */
const LEFT_FOR_MS = 60_000;
/** Its last line counts as ended once nothing was added to it for so long, ms. */
const LAST_LINE_MS = 1_000;
/** So many replaced files are read at once; then the one that was replaced first is let go. */
const LEFT_MAX = 4;

/** A file that was replaced. */
interface Left {
  readonly file: LineFile;
  position: number;
  grownMs: number;
}

/**
 * Follows a path: what is in the file at the first look is old; what is written later, to it or to a file that takes its
 * place, is new. A file that was replaced is read on for a while, one that was cut from its start. A FIFO or a character
 * device gives the lines that come through it.
 *
 * By looking, not by notification: that works on network folders too. Never waits for whoever writes. One look at a time.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #options: LineFileOptions;
  #file: LineFile | undefined;
  /** How it was when it began to be followed, or when it could not be read any more: what it held then is old. */
  #old: Place | undefined;
  #left: Left[] = [];

  constructor(path: string, clock: Clock, options: LineFileOptions) {
    this.#path = path;
    this.#clock = clock;
    this.#options = options;
    this.#old = statsOf(path);
  }

  /** The lines written since the last look, or since this was made, those of replaced files first. */
  async look(): Promise<Look> {
    const found = await stat(this.#path).catch((error: NodeJS.ErrnoException) => error);
    const now = found instanceof Error ? undefined : found;
    const lines: string[] = [];
    if (this.#file !== undefined && (now === undefined || !this.#file.is(now))) this.#leave(this.#file);
    lines.push(...(await this.#readLeft()));
    const fault = found instanceof Error ? systemFault(found) : kindFault(found);
    if (now === undefined || fault !== undefined) return { lines, ...(fault === undefined ? {} : { fault }) };
    try {
      this.#file ??= this.#takeBack(now) ?? (await LineFile.open(this.#path, this.#old, this.#options));
      this.#old = undefined;
      lines.push(...(await this.#file.read()));
    } catch (error) {
      this.#old ??= this.#file?.place; // what cannot be read now may be read later
      await this.#file?.close().catch(() => undefined); // it is given up either way
      this.#file = undefined;
      return { lines, fault: systemFault(error as NodeJS.ErrnoException) };
    }
    return { lines, ...(this.#file.isUtf16 ? { fault: "is UTF-16, which is not read: have it written as UTF-8" } : {}) };
  }

  /** Lets go of all files. */
  async close(): Promise<void> {
    const files = [this.#file, ...this.#left.map(({ file }) => file)];
    this.#file = undefined;
    this.#left = [];
    for (const file of files) await file?.close();
  }

  #leave(file: LineFile): void {
    this.#left.push({ file, position: file.position, grownMs: this.#clock.monotonicNowMs() });
    this.#file = undefined;
  }

  /** The file of before, if that is what is back at the path. */
  #takeBack(now: Stats): LineFile | undefined {
    const back = this.#left.find(({ file }) => file.is(now));
    this.#left = this.#left.filter((left) => left !== back);
    return back?.file;
  }

  async #readLeft(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const [i, left] of [...this.#left].entries()) {
      const { file } = left;
      const read = await file.read().catch(() => undefined);
      lines.push(...(read ?? []));
      const nowMs = this.#clock.monotonicNowMs();
      if (file.position !== left.position) [left.position, left.grownMs] = [file.position, nowMs];
      const quietMs = nowMs - left.grownMs;
      const over = read === undefined || quietMs >= LEFT_FOR_MS || this.#left.length - LEFT_MAX > i;
      if (over || quietMs >= LAST_LINE_MS) lines.push(...file.flush());
      if (over) await file.close();
      if (over) this.#left = this.#left.filter((other) => other !== left);
    }
    return lines;
  }
}

/** What is at a path, at once: a line that is written right after must not be taken for an old one. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // the first look says what is wrong
  }
}

function kindFault(found: Stats): string | undefined {
  if (found.isFile() || found.isFIFO() || found.isCharacterDevice()) return undefined;
  if (found.isDirectory()) return "is a folder: name the file in it";
  const kind = found.isSocket() ? "a socket" : "a block device";
  return `is ${kind}, which gives no lines: name a file, or a FIFO that lines are written to`;
}

function systemFault({ code }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "is not there: it is read from its start once it is";
  if (code === "EACCES" || code === "EPERM") return "may not be read: let fusiond's user read it";
  if (code === "ENOTDIR" || code === "ELOOP" || code === "ENAMETOOLONG") return "is no path to a file: correct it";
  return `cannot be read (${code ?? "unknown"}): name another file, or mend it`;
}
