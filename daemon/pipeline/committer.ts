// Writes down what the groups did and what they tell, one transaction after another.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { delay, type Clock } from "../runtime/clock.js";
import type { Checkpoint, CommitBatch, JournalEntry, OutboxMessage, Store } from "../store/store.js";

/** What the committer is made with. */
export interface CommitterOptions {
  readonly store: Pick<Store, "commit">;
  readonly clock: Clock;
  /** Journal entries that may wait for a commit; above it `isFull` says so and sources are throttled. */
  readonly waitingMax: number;
  /** How long to wait before a full store is tried again, ms. */
  readonly retryMs: number;
  /** After each commit that held alerts: they may be published now. */
  readonly onCommitted: (seconds: number, alerts: number) => void;
  readonly onRetry: (code: string, message: string) => void;
}

/**
 * Commits in a loop, without a timer: whatever came while the previous commit ran goes into the next.
 *
 * Nothing is dropped here: while the store is full the batch is tried again and `isFull` throttles what comes in.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #checkpoints: Checkpoint[] = [];
  #journal: JournalEntry[] = [];
  #outbox: OutboxMessage[] = [];
  #running: Promise<void> | undefined;
  readonly #abort = new AbortController();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Entries that wait. */
  get waiting(): number {
    return this.#journal.length + this.#outbox.length;
  }

  get capacity(): number {
    return this.#options.waitingMax;
  }

  get isFull(): boolean {
    return this.waiting >= this.#options.waitingMax;
  }

  /** Resolves never; rejects when the store cannot go on (FusiondError "store_unavailable"). */
  readonly failed: Promise<never> = new Promise((_, reject) => (this.#fail = reject));
  #fail!: (error: Error) => void;

  /** Takes in what is to be written. `checkpoint` replaces what waits of its group's journal. */
  add(journal: readonly JournalEntry[], outbox: readonly OutboxMessage[], checkpoint?: Checkpoint): void {
    if (checkpoint !== undefined) {
      this.#journal = this.#journal.filter((entry) => entry.groupId !== checkpoint.groupId);
      this.#checkpoints = [...this.#checkpoints.filter((other) => other.groupId !== checkpoint.groupId), checkpoint];
    }
    this.#journal.push(...journal);
    this.#outbox.push(...outbox);
    this.#running ??= this.#run();
  }

  /** Resolves when all that was added before is written, or the signal has aborted. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Gives up on what waits. */
  abort(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    try {
      while (this.#checkpoints.length + this.#journal.length + this.#outbox.length > 0 && !this.#abort.signal.aborted) {
        await this.#commit(this.#take());
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(messageOf(error)));
      this.#abort.abort();
    } finally {
      this.#running = undefined;
    }
  }

  #take(): CommitBatch {
    const batch = { checkpoints: this.#checkpoints, journal: this.#journal, outbox: this.#outbox };
    this.#checkpoints = [];
    this.#journal = [];
    this.#outbox = [];
    return batch;
  }

  async #commit(batch: CommitBatch): Promise<void> {
    const startedMs = this.#options.clock.monotonicNowMs();
    while (!this.#abort.signal.aborted) {
      try {
        await this.#options.store.commit(batch);
        this.#options.onCommitted((this.#options.clock.monotonicNowMs() - startedMs) / 1000, batch.outbox.length);
        return;
      } catch (error) {
        if (!(error instanceof FusiondError) || (error.code !== "store_full" && error.code !== "outbox_full")) throw error;
        this.#options.onRetry(error.code, error.message);
        await delay(this.#options.clock, this.#options.retryMs, this.#abort.signal);
      }
    }
  }
}
