import fc from "fast-check";
import t from "tap";
import { holds } from "../support/property.js";
import { roundedVector } from "../../fusion/model/vector.js";
import { EMPTY_COHORT, hasCohort, isWarm, WARM_COUNT, withSample, type Cohort } from "../../fusion/cohort.js";

const SAMPLES_MAX = 64;

/** A cohort after so many samples; the first axis of each says which it was, as far as a byte can. */
function cohortOf(count: number, axis = (i: number): number => i / count): Cohort {
  let cohort = EMPTY_COHORT;
  for (let i = 0; i < count; i++) cohort = withSample(cohort, roundedVector(Float32Array.of(axis(i), 1)));
  return cohort;
}

void t.test("cohort: holds the newest samples and, of the hours before, a few, and never more than its bound", (t) => {
  holds(
    t,
    "bounded",
    fc.property(fc.integer({ min: 0, max: 3000 }), (count) => {
      const { samples, count: told } = cohortOf(count);
      return told === count && samples.length === Math.min(count, 32 + Math.min(32, Math.ceil(Math.max(0, count - 32) / 45)));
    }),
    30,
  );
  t.equal(cohortOf(100_000).samples.length, SAMPLES_MAX);
  t.end();
});

void t.test("cohort: knows what the place was hours ago, and what it has become for minutes", (t) => {
  const { samples } = cohortOf(1440, (i) => (i < 1400 ? 0 : 1)); // four hours at one every 10 s, and the tone of the last 40
  const share = samples.filter(([x]) => x === 127).length / samples.length;
  t.equal(share, 0.5);
  const before = cohortOf(1440 + 1080, (i) => (i < 1440 ? 1 : 0)).samples.filter(([x]) => x === 127).length;
  t.equal(before, 8, "of the hour that ended three hours ago one every 7.5 minutes");
  t.end();
});

void t.test("cohort: of sound is warm from 20 samples on; pictures and text have none to wait for", (t) => {
  t.notOk(isWarm("audio", undefined));
  t.notOk(isWarm("audio", cohortOf(WARM_COUNT - 1)));
  t.ok(isWarm("audio", cohortOf(WARM_COUNT)));
  t.same((["audio", "image", "text"] as const).filter(hasCohort), ["audio"]);
  t.ok(isWarm("image", undefined) && isWarm("text", undefined));
  t.end();
});
