import fc from "fast-check";
import t from "tap";
import { holds } from "../support/property.js";
import { emptyCohort, isWarm, WARM_COUNT, withSample } from "../../fusion/cohort.js";

const vectors = fc.array(fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 60 });

void t.test("cohort: has the exact moments of its samples", (t) => {
  holds(
    t,
    "moments",
    fc.property(vectors, (list) => {
      const cohort = list.reduce((c, v) => withSample(c, Float32Array.from(v)), emptyCohort(3));
      for (let i = 0; i < 3; i++) {
        const axis = list.map((v) => Math.fround(v[i] as number));
        const mean = axis.reduce((a, b) => a + b, 0) / axis.length;
        const variance = axis.reduce((a, b) => a + (b - mean) ** 2, 0) / axis.length;
        if (Math.abs((cohort.mean[i] as number) - mean) > 1e-9) return false;
        if (Math.abs((cohort.variance[i] as number) - variance) > 1e-9) return false;
      }
      return cohort.count === list.length;
    }),
  );
  t.end();
});

void t.test("cohort: forgets slowly when it has seen more than its memory", (t) => {
  let cohort = emptyCohort(1);
  for (let i = 0; i < 5000; i++) cohort = withSample(cohort, Float32Array.of(0));
  for (let i = 0; i < 4320; i++) cohort = withSample(cohort, Float32Array.of(1));
  t.ok((cohort.mean[0] as number) > 0.6 && (cohort.mean[0] as number) < 0.65, "1 - 1/e of the new");
  t.end();
});

void t.test("cohort: is warm from 200 samples on", (t) => {
  let cohort = emptyCohort(1);
  t.notOk(isWarm(undefined));
  for (let i = 0; i < WARM_COUNT - 1; i++) cohort = withSample(cohort, Float32Array.of(0));
  t.notOk(isWarm(cohort));
  t.ok(isWarm(withSample(cohort, Float32Array.of(0))));
  t.throws(() => withSample(cohort, Float32Array.of(0, 1)), RangeError);
  t.end();
});
