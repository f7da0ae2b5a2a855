// The one queue between stages: bounded, and says what happens when it is full.

/** "block": the producer waits. "drop_oldest": the oldest item goes, and is told to `onDrop`. */
export type WhenFull = "block" | "drop_oldest";

/** A queue item, what it weighs, and when it came in, for the age of the oldest. */
interface Entry<T> {
  readonly item: T;
  readonly weight: number;
  readonly sinceMs: number;
}

/**
 * A first-in first-out queue of at most `capacity` items between one producer side and one consumer.
 *
 * Bound: never more than `capacity` items, nor than `weightMax` but for one item that alone weighs more; what is dropped is told to `onDrop`, nothing vanishes silently.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly capacity: number;
  readonly #whenFull: WhenFull;
  readonly #onDrop: (item: T) => void;
  readonly #weigh: (item: T) => number;
  readonly #weightMax: number;
  readonly #entries: Entry<T>[] = [];
  #weight = 0;
  #closed = false;
  #waitingConsumer: (() => void) | undefined;
  #waitingProducers: (() => void)[] = [];

  constructor(capacity: number, whenFull: WhenFull, onDrop: (item: T) => void = () => undefined, weigh: (item: T) => number = () => 0, weightMax = Infinity) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`queue capacity ${capacity}`);
    this.capacity = capacity;
    this.#whenFull = whenFull;
    this.#onDrop = onDrop;
    this.#weigh = weigh;
    this.#weightMax = weightMax;
  }

  /** How many items wait. */
  get size(): number {
    return this.#entries.length;
  }

  /** What the items that wait weigh together, in the unit of `weigh`. */
  get weight(): number {
    return this.#weight;
  }

  /** How long the oldest item has waited, ms; 0 when empty. */
  oldestAgeMs(): number {
    const oldest = this.#entries[0];
    return oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
  }

  /** Takes the item in; with "block" resolves once there is room. False: the queue was closed and the item is not in it. */
  async put(item: T): Promise<boolean> {
    const weight = this.#weigh(item);
    while (!this.#closed && this.#isFull(weight)) {
      if (this.#whenFull === "drop_oldest") {
        const dropped = this.shift();
        if (dropped !== undefined) this.#onDrop(dropped);
      } else {
        await new Promise<void>((resolve) => this.#waitingProducers.push(resolve));
      }
    }
    if (this.#closed) return false;
    this.#weight += weight;
    this.#entries.push({ item, weight, sinceMs: performance.now() });
    this.#wakeConsumer();
    return true;
  }

  /** Takes out the oldest item, which is not told to `onDrop`; undefined if none waits. */
  shift(): T | undefined {
    const entry = this.#entries.shift();
    if (entry === undefined) return undefined;
    this.#weight -= entry.weight;
    this.#wakeProducers();
    return entry.item;
  }

  /** No more comes in; what is in still comes out, then iteration ends. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#wakeConsumer();
    this.#wakeProducers();
  }

  /** Takes out and returns everything that waits, without waiting. */
  drain(): T[] {
    const items = this.#entries.splice(0).map((entry) => entry.item);
    this.#weight = 0;
    this.#wakeProducers();
    return items;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      if (this.#entries.length > 0) {
        yield this.shift() as T;
      } else if (this.#closed) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#waitingConsumer = resolve));
      }
    }
  }

  #isFull(weight: number): boolean {
    const { length } = this.#entries;
    return length >= this.capacity || (length > 0 && this.#weight + weight > this.#weightMax);
  }

  #wakeConsumer(): void {
    const wake = this.#waitingConsumer;
    this.#waitingConsumer = undefined;
    wake?.();
  }

  #wakeProducers(): void {
    const waiting = this.#waitingProducers;
    this.#waitingProducers = [];
    for (const wake of waiting) wake();
  }
}
