import fc from "fast-check";
import t from "tap";
import { EMPTY_COHORT, withSample, type Cohort } from "../../fusion/cohort.js";
import { dot, norm, normalise, roundedVector } from "../../fusion/model/vector.js";
import { residue } from "../../fusion/residue.js";
import { holds } from "../support/property.js";

const DIMENSIONS = 12;
const unit = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: DIMENSIONS, maxLength: DIMENSIONS }).map((list) => normalise(Float32Array.from(list)));
const axis = (i: number): Float32Array => Float32Array.from({ length: DIMENSIONS }, (_, k) => (k === i ? 1 : 0));
const mixed = (a: Float32Array, b: Float32Array, share: number): Float32Array => normalise(a.map((x, i) => share * x + Math.sqrt(1 - share * share) * (b[i] as number)));
const cohortOf = (samples: readonly Float32Array[]): Cohort => samples.map(roundedVector).reduce(withSample, EMPTY_COHORT);
const [tone, dog, horn] = [axis(0), axis(1), axis(2)] as const;
const going = (count: number): Cohort => cohortOf(Array.from({ length: count }, () => tone));

void t.test("residue: is never longer than the root of what it was, and nothing or all is left of nothing", (t) => {
  holds(
    t,
    "bounds",
    fc.property(unit, fc.array(unit, { maxLength: 70 }), (vector, samples) => {
      const left = residue(cohortOf(samples), vector);
      return left.every(Number.isFinite) && norm(left) <= Math.sqrt(norm(vector)) + 1e-6;
    }),
  );
  t.same(residue(going(20), new Float32Array(DIMENSIONS)), new Float32Array(DIMENSIONS));
  t.end();
});

void t.test("residue: what is like nothing here stays as it is, to the bit where there are too few samples", (t) => {
  holds(
    t,
    "others stay",
    fc.property(fc.array(unit, { maxLength: 64 }), (list) => {
      const flat = list.map((v) => normalise(v.map((x, i) => (i === 1 ? 0 : x))));
      const left = residue(cohortOf(flat), dog);
      return left.every((x, i) => Math.abs(x - (dog[i] as number)) < 1e-6);
    }),
  );
  for (const count of [0, 1, 2]) t.equal(residue(going(count), tone), tone);
  t.end();
});

void t.test("residue: says less of what goes on, the longer it has, and it is little within a minute", (t) => {
  const left = [3, 5, 10, 20, 64].map((count) => dot(residue(going(count), tone), tone));
  t.same(left, [...left].sort((a, b) => b - a));
  t.ok((left[3] as number) < 0.4 && (left[0] as number) > 0.5, left.join(", "));
  t.end();
});

void t.test("residue: what is heard through it is heard at least as clearly, at any level", (t) => {
  holds(
    t,
    "not deafened",
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 3, max: 200 }), (share, count) => {
      const heard = mixed(tone, dog, share);
      return dot(residue(going(count), heard), dog) >= dot(heard, dog) - 1e-6;
    }),
  );
  t.end();
});

void t.test("residue: two strange samples teach nothing, and a third of many hardly anything", (t) => {
  const quiet = Array.from({ length: 18 }, () => tone);
  t.same(residue(cohortOf([horn, ...quiet, horn]), horn), residue(cohortOf(quiet), horn));
  const one = dot(residue(cohortOf([...quiet, ...quiet, horn, horn, horn, ...quiet]), horn), horn);
  t.ok(one > 0.85, String(one));
  t.end();
});

void t.test("residue: what begins in a place that is known for hours is known in minutes", (t) => {
  const after = (samples: number): number => dot(residue(cohortOf([...Array.from({ length: 500 }, () => tone), ...Array.from({ length: samples }, () => horn)]), horn), horn);
  const [minute, three, five] = [6, 18, 30].map(after);
  t.ok((minute as number) < 0.85 && (three as number) < 0.6 && (five as number) < 0.5, [minute, three, five].join(", "));
  t.end();
});
