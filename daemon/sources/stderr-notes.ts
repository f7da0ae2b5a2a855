// What a child complains about, without secrets and without floods.
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Redact } from "./redact.js";

/** Takes one complaint; `suppressed` is how many were kept back before it. */
export type TellComplaint = (line: string, suppressed: number) => void;

/** ffmpeg says which of its objects complains, by an address that differs each time. */
const ADDRESS = /^(\[[^\]]*? @ 0x[0-9a-f]+\] )+/;

/** Longest complaint that is told, characters. */
const LINE_CHARS_MAX = 300;

/** At most this many complaints in a period, ms; a damaged stream gives thousands a second. */
const TOLD_PER_PERIOD = 5;
const PERIOD_MS = 60_000;

/** The complaints of one source's children, across restarts: the rate limit must outlive each child. */
export class StderrNotes {
  readonly #redact: Redact;
  readonly #tell: TellComplaint;
  readonly #nowMs: () => number;
  #periodEndsMs = -Infinity;
  #told = 0;
  #suppressed = 0;

  constructor(redact: Redact, nowMs: () => number, tell: TellComplaint) {
    this.#redact = redact;
    this.#nowMs = nowMs;
    this.#tell = tell;
  }

  /** Takes a line: gives it back as it may be shown, and tells it unless too many came lately. */
  take(line: string): string {
    const shown = this.#redact(line).replace(ADDRESS, "").trim().slice(0, LINE_CHARS_MAX);
    if (this.#nowMs() >= this.#periodEndsMs) {
      this.#periodEndsMs = this.#nowMs() + PERIOD_MS;
      this.#told = 0;
    }
    if (this.#told < TOLD_PER_PERIOD) {
      this.#told += 1;
      this.#tell(shown, this.#suppressed);
      this.#suppressed = 0;
    } else {
      this.#suppressed += 1;
    }
    return shown;
  }
}

/** Calls back with each line that a child writes, until it ends. Bound: a line is cut by the reader at the pipe's end only. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  stream.on("error", () => undefined);
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", onLine);
}
