// Draws that go round: everything once, in a seeded order, before anything again.
import { assertInvariant } from "../../fusion/model/errors.js";
import type { SeededRandom } from "../../fusion/simulator/random.js";

/** Cards without end. */
export class Deck<T> {
  readonly #cards: readonly T[];
  readonly #random: SeededRandom;
  #left: readonly T[] = [];

  /** `cards`: at least one. */
  constructor(cards: readonly T[], random: SeededRandom) {
    assertInvariant(cards.length > 0, "a deck has a card");
    this.#cards = cards;
    this.#random = random;
  }

  /** The next card that `fits`; undefined if none at all does. What is passed over comes later. */
  draw(fits: (card: T) => boolean): T | undefined {
    if (!this.#left.some(fits)) this.#left = [...this.#left, ...this.#random.shuffled(this.#cards)];
    const at = this.#left.findIndex(fits);
    if (at < 0) {
      this.#left = this.#left.slice(0, -this.#cards.length);
      return undefined;
    }
    const card = this.#left[at];
    this.#left = this.#left.toSpliced(at, 1);
    return card;
  }

  /** The next card. */
  next(): T {
    return this.draw(() => true) as T;
  }
}

/** Items by what `keyOf` says of them, in the order in which each key came first. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}
