// The two states of a fold: a step that a state cannot take leaves both as they were.
import fc from "fast-check";
import t from "tap";
import { SpeculativeFold, type Foldable } from "../../fusion/speculative-fold.js";
import { holds } from "../support/property.js";

/** A step at a time; a poisonous one breaks the state half-way through. */
interface Drop {
  readonly at: number;
  readonly poison: boolean;
}

/** Remembers what it drank. */
class Glass implements Foldable<Drop, number> {
  readonly waitsFor = Infinity;
  readonly drunk: number[];

  constructor(drunk: readonly number[] = []) {
    this.drunk = [...drunk];
  }

  apply(drop: Drop): readonly number[] {
    this.drunk.push(drop.at);
    if (drop.poison) throw new TypeError("poison");
    return [drop.at];
  }

  advance(): readonly number[] {
    return [];
  }

  clone(): this {
    return new Glass(this.drunk) as this;
  }
}

const order = { timeOf: (drop: Drop) => drop.at, compare: (a: Drop, b: Drop) => a.at - b.at };

void t.test("fold: a step that cannot be folded is not taken, and all is as it was", (t) => {
  const drops = fc.array(fc.record({ at: fc.nat(100), poison: fc.boolean() }), { maxLength: 60 });
  holds(
    t,
    "poison in any place",
    fc.property(drops, fc.nat(100), (steps, watermark) => {
      const tried = new SpeculativeFold(new Glass(), order);
      const spared = new SpeculativeFold(new Glass(), order);
      steps.forEach((step, index) => {
        if (!step.poison) spared.observe(step);
        try {
          tried.observe(step);
        } catch (error) {
          if (!step.poison || !(error instanceof TypeError)) throw error;
        }
        if (index === 30) for (const fold of [tried, spared]) fold.advance(watermark);
      });
      const seen = [tried, spared].map((fold) => JSON.stringify([fold.tail, fold.now.drunk, fold.committed.drunk]));
      return seen[0] === seen[1];
    }),
  );
  t.end();
});
