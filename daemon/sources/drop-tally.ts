// Adds up what a source drops, so that telling it costs nothing while a flood lasts.
import type { DropReason } from "./source.js";

/** Counts drops by reason until they are told. Bound: one number a reason. */
export class DropTally {
  readonly #counts = new Map<DropReason, number>();
  readonly #tell: (reason: DropReason, count: number) => void;

  constructor(tell: (reason: DropReason, count: number) => void) {
    this.#tell = tell;
  }

  add(reason: DropReason, count = 1): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** Tells what has come together since; to be called about once a second, and last when nothing more is dropped. */
  flush(): void {
    const counts = [...this.#counts];
    this.#counts.clear();
    for (const [reason, count] of counts) this.#tell(reason, count);
  }
}
