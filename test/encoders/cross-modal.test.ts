import t from "tap";
import { isNearChance, leastRecall, neededRecall, type CrossModal } from "../../encoders/cross-modal.js";

function measured(soundToPictureRAt10: number, chance: number, concepts: number): CrossModal {
  return { soundToPictureRAt10, chance, concepts, queries: 10 * concepts, pictures: 20 * concepts };
}

void t.test("cross-modal: the least recall is Wilson's one-sided bound over the concepts", (t) => {
  // Source: scipy.stats.binomtest(count, n).proportion_ci(0.9, "wilson").low.
  for (const [share, concepts, wanted] of [[0.5, 10, 0.26927], [0, 10, 0], [1, 10, 0.78705], [0.9, 100, 0.83964]] as const) {
    const found = leastRecall(measured(share, 0, concepts));
    t.ok(Math.abs(found - wanted) < 5e-5, `${share} over ${concepts}: ${found} is ${wanted}`);
  }
  t.end();
});

void t.test("cross-modal: a pack must be clearly better than chance, whatever chance is", (t) => {
  const cases: readonly (readonly [what: string, measured: CrossModal, near: boolean])[] = [
    ["good, measured well", measured(0.713, 0.08, 38), false],
    ["chance itself", measured(0.08, 0.08, 38), true],
    ["a little above chance, measured very often", measured(0.1, 0.08, 100_000), true],
    ["the same numbers over too few concepts", measured(0.713, 0.08, 3), true],
    ["four times chance, where that is little", measured(0.04, 0.01, 1000), true],
    ["good where chance is high", measured(0.98, 0.6, 38), false],
    ["not even twice chance is possible, and it is not good", measured(0.7, 0.6, 38), true],
    ["perfect where chance is", measured(1, 1, 38), true],
    ["perfect with one concept", measured(1, 0.9, 1), true],
  ];
  for (const [what, one, near] of cases) t.equal(isNearChance(one), near, what);
  t.equal(neededRecall(measured(1, 0.2, 1)), 0.4);
  t.end();
});
