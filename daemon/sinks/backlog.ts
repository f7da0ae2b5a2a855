// How far publishing is behind what was committed, while the broker takes messages.

/** So many messages behind is too far; half of it is near enough again. */
const BEHIND_ITEMS = 1024;

/**
 * Counts what was committed against what was acknowledged since the sink was opened. While it is not open nothing counts
 * as behind: what waits for a broker that is away waits on disk, and nobody need be slowed down for it. What is
 * superseded is not told here, so the count may be too high until all that waits has been claimed once.
 */
export class Backlog {
  #waiting = 0;
  #open = false;
  #behind = false;

  /** Whether more is committed than is published. */
  get isBehind(): boolean {
    return this.#behind;
  }

  /** The sink takes messages from now on, or no longer. */
  set open(open: boolean) {
    this.#open = open;
    this.#set(0);
  }

  committed(messages: number): void {
    if (this.#open) this.#set(this.#waiting + messages);
  }

  acknowledged(): void {
    this.#set(Math.max(0, this.#waiting - 1));
  }

  /** No more than these wait for their acknowledgement, and nothing waits to be sent. */
  onlyInFlight(messages: number): void {
    this.#set(Math.min(this.#waiting, messages));
  }

  #set(waiting: number): void {
    this.#waiting = waiting;
    this.#behind = waiting > (this.#behind ? BEHIND_ITEMS / 2 : BEHIND_ITEMS);
  }
}
