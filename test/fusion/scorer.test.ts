import t from "tap";
import { roundedVector } from "../../fusion/model/vector.js";
import { EMPTY_COHORT, WARM_COUNT, withSample, type Cohort } from "../../fusion/cohort.js";
import { embeddingOf, observationId, type Observation } from "../../fusion/model/observation.js";
import { LLR_LIMIT, Scorer } from "../../fusion/scorer.js";
import { simulateScene } from "../../fusion/simulator/scene.js";
import { normalise } from "../../fusion/model/vector.js";

const { space } = simulateScene({ seed: 1, durationMs: 1, happenings: 0, sources: [], noise: 0 });
const dog = (space.concepts[0] as { vector: Float32Array }).vector;
const cat = (space.concepts[1] as { vector: Float32Array }).vector;

function observed(vector: Float32Array | undefined, quality = 1, spaceId = space.id): Observation {
  const key = { sourceId: "mic", modality: "audio" as const, run: 0, seq: 0, capturedAt: 0, durationMs: 0 };
  return { ...key, id: observationId(key), gate: "open", quality, ...(vector === undefined ? {} : { embedding: embeddingOf(spaceId, vector) }) };
}

function cohortAround(vector: Float32Array, count = WARM_COUNT): Cohort {
  let cohort = EMPTY_COHORT;
  for (let i = 0; i < count; i++) cohort = withSample(cohort, roundedVector(vector));
  return cohort;
}

void t.test("scorer: a prompt's own vector says more than anything else", (t) => {
  const score = new Scorer(space, [dog, cat]).score(observed(dog), undefined);
  t.ok((score?.llr[0] as number) > LLR_LIMIT - 0.1);
  t.equal(Math.max(...(score?.odds ?? [])), Math.fround(Math.exp(LLR_LIMIT)), "of concepts no more than one observation may say");
  t.ok((score?.llr[1] as number) < 0, "another prompt is spoken against");
  t.equal(score?.odds.length, space.concepts.length);
  t.equal(score?.calibrated, false);
  t.end();
});

void t.test("scorer: what is more like something else is not what is asked for", (t) => {
  const scorer = new Scorer(space, [dog, cat]);
  const mixed = normalise(dog.map((x, i) => 3 * x + (cat[i] as number)));
  const score = scorer.score(observed(mixed), undefined) as { llr: Float32Array; odds: Float32Array };
  const alone = Math.log(score.odds[1] as number);
  t.ok((score.llr[1] as number) < alone - 1, "the cat that is rather a dog");
  t.ok((score.llr[0] as number) > Math.log(score.odds[0] as number) - 1, "the dog that is a little cat");
  t.end();
});

void t.test("scorer: quality weakens what an observation says", (t) => {
  const scorer = new Scorer(space, [dog]);
  const weak = scorer.score(observed(dog, 0.5), undefined)?.llr[0] as number;
  const full = scorer.score(observed(dog), undefined)?.llr[0] as number;
  t.ok(weak > full / 2 - 1 && weak <= full / 2 + 1);
  t.end();
});

void t.test("scorer: what a source gives all day says next to nothing there, and is warm within a minute", (t) => {
  const scorer = new Scorer(space, [dog, cat]);
  const mixed = normalise(dog.map((x, i) => x + (cat[i] as number)));
  const [cold, few, warm] = [undefined, cohortAround(mixed, WARM_COUNT - 1), cohortAround(mixed)].map((cohort) => scorer.score(observed(mixed), cohort));
  t.same([cold?.calibrated, few?.calibrated, warm?.calibrated], [false, false, true]);
  t.ok((cold?.llr[0] as number) > 0 && (warm?.llr[0] as number) < (few?.llr[0] as number) && (warm?.llr[0] as number) < 0);
  t.ok((warm?.odds[0] as number) < (cold?.odds[0] as number), "nor does it mean what it is like");
  t.ok((scorer.score(observed(dog), cohortAround(cat))?.llr[0] as number) > LLR_LIMIT - 0.2, "what is like nothing here says what it said");
  t.end();
});

void t.test("scorer: remembers by cohort, refuses other spaces, has no word on a line without a vector", (t) => {
  const scorer = new Scorer(space, [dog]);
  const observation = observed(dog);
  t.equal(scorer.score(observation, undefined), scorer.score(observation, undefined));
  const cohort = cohortAround(dog);
  t.equal(scorer.score(observation, cohort), scorer.score(observation, cohort));
  t.equal(scorer.score(observed(undefined), undefined), undefined);
  t.throws(() => scorer.score(observed(dog, 1, "other"), undefined), /other/);
  t.throws(() => new Scorer(space, [new Float32Array(3)]), /dimensions/);
  t.end();
});
