import fc from "fast-check";
import t from "tap";
import { seededRandom } from "../../fusion/simulator/random.js";
import { Deck, grouped } from "../../daemon/scenes/deck.js";
import { holds } from "../support/property.js";

void t.test("deck: every card comes once before any comes again", (t) => {
  holds(t, "rounds", fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (count, seed) => {
    const cards = Array.from({ length: count }, (_, i) => i);
    const deck = new Deck(cards, seededRandom(seed));
    for (let round = 0; round < 3; round++) {
      const drawn = cards.map(() => deck.next());
      if (new Set(drawn).size !== count) return false;
    }
    return true;
  }));
  t.end();
});

void t.test("deck: what does not fit is passed over and comes later", (t) => {
  const deck = new Deck([1, 2, 3, 4], seededRandom(7));
  const even = [deck.draw((card) => card % 2 === 0), deck.draw((card) => card % 2 === 0)];
  t.same([...even].sort(), [2, 4]);
  t.same([deck.next(), deck.next()].sort(), [1, 3], "the others of the round");
  t.equal(deck.draw((card) => card > 4), undefined, "nothing fits");
  t.equal(typeof deck.next(), "number", "and the deck goes on");
  t.end();
});

void t.test("deck: items are grouped in the order in which their keys came", (t) => {
  t.same(grouped(["b1", "a1", "b2"], (item) => item.charAt(0)), [["b1", "b2"], ["a1"]]);
  t.end();
});
