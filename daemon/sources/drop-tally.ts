// Adds up what a source drops, so that telling it costs nothing while a flood lasts.
import type { DropReason } from "./source.js";

/** Counts drops by reason until they are told. Bound: one number a reason. */
export class DropTally {
  readonly #counts = new Map<DropReason, number>();
  readonly #tell: (reason: DropReason, count: number) => void;
  readonly #onFirst: (reason: DropReason) => void;

  /** `onFirst` is called at once for the first drop of a reason since the last were told. */
  constructor(tell: (reason: DropReason, count: number) => void, onFirst: (reason: DropReason) => void) {
    this.#tell = tell;
    this.#onFirst = onFirst;
  }

  add(reason: DropReason, count = 1): void {
    const before = this.#counts.get(reason) ?? 0;
    this.#counts.set(reason, before + count);
    if (before === 0) this.#onFirst(reason);
  }

  /** Tells what has come together since; to be called about once a second, and last when nothing more is dropped. */
  flush(): void {
    const counts = [...this.#counts];
    this.#counts.clear();
    for (const [reason, count] of counts) this.#tell(reason, count);
  }
}
