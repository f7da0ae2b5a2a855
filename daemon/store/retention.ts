// How long acknowledged rows are kept: a clock that stands still while nobody knows what the broker still holds.

/** When each acknowledged row may go. Durations are of the monotonic clock: a wall clock that jumps frees nothing. */
export class Retention {
  readonly #keepMs: number;
  readonly #monotonicNowMs: () => number;
  /** Row ids in order of acknowledgement, and what the retention clock showed then. */
  readonly #acknowledged = new Map<number, number>();
  #elapsedMs = 0;
  #runningSinceMs: number | undefined;

  constructor(keepMs: number, monotonicNowMs: () => number) {
    this.#keepMs = keepMs;
    this.#monotonicNowMs = monotonicNowMs;
  }

  /** Lets the clock run or stand still. */
  run(running: boolean): void {
    this.#elapsedMs = this.#nowMs();
    this.#runningSinceMs = running ? this.#monotonicNowMs() : undefined;
  }

  /** Starts the row's time, or starts it again. */
  keep(rowId: number): void {
    this.#acknowledged.delete(rowId);
    this.#acknowledged.set(rowId, this.#nowMs());
  }

  /** Starts the time of all rows again. */
  restart(): void {
    for (const rowId of this.#acknowledged.keys()) this.#acknowledged.set(rowId, this.#nowMs());
  }

  /** Forgets a row that has gone. */
  forget(rowId: number): void {
    this.#acknowledged.delete(rowId);
  }

  /** At most `limit` rows whose time is over, oldest first. */
  due(limit: number): number[] {
    const before = this.#nowMs() - this.#keepMs;
    const due: number[] = [];
    for (const [rowId, atMs] of this.#acknowledged) {
      if (due.length === limit || atMs > before) break;
      due.push(rowId);
    }
    return due;
  }

  #nowMs(): number {
    return this.#elapsedMs + (this.#runningSinceMs === undefined ? 0 : this.#monotonicNowMs() - this.#runningSinceMs);
  }
}
