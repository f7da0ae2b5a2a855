// Writes down what the groups did and what they tell, one transaction after another.
import { FusiondError } from "../../fusion/model/errors.js";
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
  /** After each commit: `messages` of it may be published now. */
  readonly onCommitted: (messages: number) => void;
  /** Called once when the store cannot go on: the process must end. */
  readonly onFailure: (error: unknown) => void;
  /** The store is full: it is tried again. */
  readonly onRetry: (error: FusiondError) => void;
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
  #forgotten: string[] = [];
  #waitingSinceMs: number | undefined;
  #running: Promise<void> | undefined;
  #turn: Promise<void> | undefined;
  readonly #abort = new AbortController();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Entries that wait. */
  get size(): number {
    return this.#journal.length + this.#outbox.length;
  }

  get capacity(): number {
    return this.#options.waitingMax;
  }

  /** How long the oldest entry has waited, ms. */
  oldestAgeMs(): number {
    return this.#waitingSinceMs === undefined ? 0 : this.#options.clock.monotonicNowMs() - this.#waitingSinceMs;
  }

  /** Whether more should wait outside. */
  get isFull(): boolean {
    return this.size >= this.#options.waitingMax;
  }

  /** Resolves when there is room again, or what waits is given up. */
  async room(): Promise<void> {
    while (this.isFull && !this.#abort.signal.aborted) await this.#turn?.catch(() => undefined);
  }

  /**
   * Takes in what is to be written, all of it in one transaction. `checkpoint` replaces what waits of its group's
   * journal and checkpoint, but for backgrounds that it does not bring. After a failure of the store nothing is taken in any more.
   */
  add(journal: readonly JournalEntry[], outbox: readonly OutboxMessage[], checkpoint?: Checkpoint): void {
    if (this.#abort.signal.aborted) return;
    if (checkpoint !== undefined) {
      this.#journal = this.#journal.filter((entry) => entry.groupId !== checkpoint.groupId);
      const waiting = this.#checkpoints.find((other) => other.groupId === checkpoint.groupId);
      this.#checkpoints = [...this.#checkpoints.filter((other) => other !== waiting), waiting === undefined ? checkpoint : replaced(waiting, checkpoint)];
    }
    this.#journal.push(...journal);
    this.#outbox.push(...outbox);
    this.#waitingSinceMs ??= this.#options.clock.monotonicNowMs();
    if (!this.#isIdle) this.#running ??= this.#run();
  }

  /** Takes in that a group is no more, and what is told of its end, in one transaction. */
  forget(groupId: string, outbox: readonly OutboxMessage[]): void {
    if (!this.#abort.signal.aborted) this.#forgotten.push(groupId);
    this.add([], outbox);
  }

  get #isIdle(): boolean {
    return this.#forgotten.length + this.#checkpoints.length + this.#journal.length + this.#outbox.length === 0;
  }

  /** Resolves when all that was added is written, or the signal has aborted and what waits is given up. */
  async stop(signal: AbortSignal): Promise<void> {
    const giveUp = (): void => this.#abort.abort();
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    while (this.#running !== undefined) await this.#running;
    signal.removeEventListener("abort", giveUp);
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isIdle && !this.#abort.signal.aborted) {
        this.#turn = this.#commit(this.#take());
        await this.#turn;
      }
    } catch (error) {
      this.#options.onFailure(error);
      this.#abort.abort();
    } finally {
      this.#running = undefined;
    }
  }

  #take(): CommitBatch {
    const batch = { forgotten: this.#forgotten, checkpoints: this.#checkpoints, journal: this.#journal, outbox: this.#outbox };
    this.#forgotten = [];
    this.#checkpoints = [];
    this.#journal = [];
    this.#outbox = [];
    this.#waitingSinceMs = undefined;
    return batch;
  }

  async #commit(batch: CommitBatch): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await this.#options.store.commit(batch);
        this.#options.onCommitted(batch.outbox.length);
        return;
      } catch (error) {
        if (!(error instanceof FusiondError) || (error.code !== "store_full" && error.code !== "outbox_full")) throw error;
        this.#options.onRetry(error);
        await delay(this.#options.clock, this.#options.retryMs, this.#abort.signal);
      }
    }
  }
}

/** A checkpoint that waits, replaced by a newer one of its group. */
function replaced(waiting: Checkpoint, checkpoint: Checkpoint): Checkpoint {
  const { backgrounds = [] } = checkpoint;
  const brought = new Set(backgrounds.map(({ place }) => place));
  return { ...checkpoint, backgrounds: [...(waiting.backgrounds ?? []).filter(({ place }) => !brought.has(place)), ...backgrounds] };
}
