// When the lines of a recording happened, by the times that they carry: one that is absurd moves no other.
import type { ReadLine } from "./line-reader.js";
import type { Said } from "./live-lines.js";
import type { LineFault } from "./source.js";

/** A line and its event time, Unix ms. */
export interface TimedLine {
  readonly said: Said;
  readonly at: number;
}

/** How many lines that follow are asked whether a time is believable. */
const AHEAD_LINES = 8;

/** A time may lie so far ahead of what most of them say, ms: clocks are set, and lines are written out of order. */
const AHEAD_MAX_MS = 3_600_000;

/**
 * Gives lines event times that strictly increase. A line's own time counts, unless it lies before one that counted, or
 * more than an hour ahead of the median of its own and those of the next eight lines; such a line, and one without a
 * time, happened one ms after the line before. Pure but for its state. Bound: AHEAD_LINES lines wait.
 */
export class RecordedTimes {
  readonly #onFault: (fault: LineFault) => void;
  readonly #waiting: ReadLine[] = [];
  /** Event time of the line before. */
  #at: number;
  /** The latest time that counted. */
  #newest: number;

  /** `startsAtMs`: the earliest event time, Unix ms. */
  constructor(startsAtMs: number, onFault: (fault: LineFault) => void) {
    this.#at = startsAtMs - 1;
    this.#newest = startsAtMs;
    this.#onFault = onFault;
  }

  /** Takes the next line in; gives those whose time is decided now. */
  push(line: ReadLine): readonly TimedLine[] {
    this.#waiting.push(line);
    return this.#waiting.length > AHEAD_LINES ? this.#decide() : [];
  }

  /** The lines that still wait: no more will come. */
  flush(): readonly TimedLine[] {
    const lines: TimedLine[] = [];
    while (this.#waiting.length > 0) lines.push(...this.#decide());
    return lines;
  }

  #decide(): readonly TimedLine[] {
    const line = this.#waiting.shift();
    if (line === undefined) return [];
    this.#at = Math.max(this.#at + 1, this.#believed(line.timeMs) ?? -Infinity);
    return [{ said: line.said, at: this.#at }];
  }

  #believed(own: number | undefined): number | undefined {
    const fault = own === undefined ? undefined : this.#faultOf(own);
    if (fault !== undefined) return void this.#onFault(fault);
    this.#newest = own ?? this.#newest;
    return own;
  }

  #faultOf(own: number): LineFault | undefined {
    if (own < this.#newest) return "time_back";
    // What lies before a time that counted will not count itself, so it has no say.
    const votes = [own, ...this.#waiting.flatMap(({ timeMs }) => (timeMs === undefined || timeMs < this.#newest ? [] : [timeMs]))].sort((a, b) => a - b);
    const median = votes[(votes.length - 1) >> 1] as number;
    return own > median + AHEAD_MAX_MS ? "time_ahead" : undefined;
  }
}
