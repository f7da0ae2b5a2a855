import t, { type Test } from "tap";
import {
  accuracy,
  AlarmCounter,
  argmax,
  bootstrapInterval,
  calibrationError,
  centred,
  classChanceAt,
  classRecallAt,
  macroRecall,
  mean,
  poissonUpperBound,
  quantile,
  recallByLabel,
  thresholdAtRecall,
  type Forecast,
  type Judged,
  type LabelledVector,
} from "../../daemon/models/metrics.js";
import { seededRandom } from "../../fusion/simulator/random.js";

/** Judged samples from "label predicted recording" triples. */
function judged(...rows: readonly (readonly [label: number, predicted: number, recording: string])[]): Judged[] {
  return rows.map(([label, predicted, recording]) => ({ label, predicted, recording }));
}

function near(t: Test, found: number, wanted: number, what: string): void {
  t.ok(Math.abs(found - wanted) < 1e-9 || (Number.isNaN(found) && Number.isNaN(wanted)), `${what}: ${found} is ${wanted}`);
}

void t.test("metrics: the largest of values", (t) => {
  for (const [values, wanted] of [[[], -1], [[NaN], -1], [[3], 0], [[1, 4, 4], 1], [[NaN, -7], 1], [[-Infinity], -1]] as const) {
    t.equal(argmax(values), wanted, JSON.stringify(values));
  }
  t.end();
});

void t.test("metrics: means and quantiles", (t) => {
  near(t, mean([]), NaN, "mean of nothing");
  near(t, mean([1, 2, 6]), 3, "mean");
  near(t, quantile([], 0.5), NaN, "quantile of nothing");
  near(t, quantile([7], 0.95), 7, "quantile of one");
  near(t, quantile([4, 1, 3, 2], 0.5), 2.5, "median between neighbours");
  near(t, quantile([0, 10, 20], 0.95), 19, "in proportion");
  t.end();
});

void t.test("metrics: accuracy weighs samples, macro recall weighs labels", (t) => {
  // Label 0: three of four right, three recordings. Label 1: none of one. Label 2: silent.
  const some = judged([0, 0, "a"], [0, 0, "a"], [0, 0, "b"], [0, 1, "c"], [1, 0, "d"], [2, -1, "e"]);
  near(t, accuracy(some), 3 / 6, "accuracy");
  t.same(recallByLabel(some), [
    { label: 0, samples: 4, recordings: 3, recall: 0.75 },
    { label: 1, samples: 1, recordings: 1, recall: 0 },
    { label: 2, samples: 1, recordings: 1, recall: 0 },
  ]);
  near(t, macroRecall(some, new Set([0, 1, 2])), 0.25, "over all labels");
  near(t, macroRecall(some, new Set([0, 1, 9])), 0.375, "over labels that occur");
  near(t, macroRecall(some, new Set()), NaN, "over none");
  near(t, accuracy([]), NaN, "of nothing");
  t.end();
});

void t.test("metrics: calibration error is confidence against frequency, bin by bin", (t) => {
  const of = (...rows: readonly (readonly [number, boolean])[]): Forecast[] => rows.map(([confidence, hit]) => ({ confidence, hit }));
  near(t, calibrationError(of([1, true], [0, false])), 0, "sure and right");
  near(t, calibrationError(of([1, false], [0, true])), 1, "sure and wrong");
  near(t, calibrationError(of([0.5, true], [0.5, false])), 0, "half and half");
  // One bin (0.8 to 0.867): 0.82 and 0.84 promise 0.83, half came true; another: 0.1 never did. (2 * 0.33 + 0.1) / 3.
  near(t, calibrationError(of([0.82, true], [0.84, false], [0.1, false])), 0.76 / 3, "bins weigh by their forecasts");
  near(t, calibrationError([]), NaN, "of nothing");
  t.end();
});

void t.test("metrics: intervals are drawn by recording and are the same for the same seed", (t) => {
  const interval = (some: readonly Judged[]): readonly [number, number] => bootstrapInterval(some, accuracy, seededRandom(1));
  t.same(interval(judged([0, 0, "a"], [0, 0, "b"])), [1, 1], "all right");
  // One recording is drawn whole or not at all: however many samples, there is one way to draw it.
  t.same(interval(judged([0, 0, "a"], [0, 1, "a"], [0, 1, "a"], [0, 1, "a"])), [0.25, 0.25]);
  t.same(interval(judged([0, 0, "a"], [0, 1, "b"])), [0, 1], "two recordings: each is drawn twice in a quarter of the rounds");
  const many = Array.from({ length: 100 }, (_, i): Judged => ({ label: 0, predicted: i % 2, recording: String(i) }));
  const [low, high] = interval(many);
  t.ok(low > 0.36 && low < 0.44 && high > 0.56 && high < 0.64, `normal approximation 0.402 to 0.598: ${low} to ${high}`);
  t.same(interval(many), [low, high]);
  t.same(interval([]), [NaN, NaN]);
  t.end();
});

void t.test("metrics: retrieval finds the own label among the nearest, beside its chance", (t) => {
  const of = (label: number, x: number, y: number): LabelledVector => ({ label, vector: Float32Array.of(x, y) });
  const gallery = [of(0, 1, 0), of(1, 0, 1), of(1, 0, -1), of(2, -1, 0)];
  near(t, classRecallAt(1, [of(0, 1, 0), of(1, 1, 0)], gallery), 0.5, "at 1");
  near(t, classRecallAt(4, [of(0, 1, 0), of(1, 1, 0)], gallery), 1, "at 4");
  near(t, classRecallAt(9, [of(7, 1, 0)], gallery), 0, "a label that is not there");
  near(t, classChanceAt(1, [of(0, 1, 0)], gallery), 1 / 4, "one of four");
  near(t, classChanceAt(2, [of(1, 1, 0)], gallery), 1 - (2 / 4) * (1 / 3), "two of four, two draws");
  near(t, classChanceAt(9, [of(0, 1, 0), of(7, 1, 0)], gallery), 0.5, "all are drawn: one label is there, the other is not");
  near(t, classRecallAt(1, [], gallery), NaN, "no queries");
  t.end();
});

void t.test("metrics: centred vectors have lost what they have in common", (t) => {
  const some = centred([{ label: 4, vector: Float32Array.of(0.6, 0.8) }, { label: 5, vector: Float32Array.of(0.6, -0.8) }]);
  t.same(some, [{ label: 4, vector: Float32Array.of(0, 1) }, { label: 5, vector: Float32Array.of(0, -1) }]);
  t.same(centred([]), []);
  t.end();
});

void t.test("metrics: the threshold is the highest that reaches the recall", (t) => {
  const scores = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7) % count); // 0 to count - 1, mixed
  for (const [some, wanted] of [
    [[], undefined],
    [[3], 3],
    [[3, 1], 1],
    [[5, 4, 3, 2, 1], 2],
    [[5, 4, 3, 2, -Infinity], 2],
    [[5, 4, 3, -Infinity, -Infinity], undefined],
    [[2, 2, 2, 2, 1], 2],
    [scores(10), 2],
    [scores(11), 2],
    [scores(15), 3],
    ...[20, 25, 30, 40, 45, 100, 1000].map((count) => [scores(count), count / 5] as const),
  ] as const) {
    t.equal(thresholdAtRecall(some, 0.8), wanted, `${some.length} scores`);
    if (wanted !== undefined) t.ok(some.filter((score) => score >= wanted).length >= 0.8 * some.length);
  }
  t.equal(thresholdAtRecall([3, 1], 0), 3);
  t.end();
});

void t.test("metrics: an alarm is counted once in the refractory time", (t) => {
  const count = (...moments: readonly (readonly [atMs: number, score: number])[]): number => {
    const counter = new AlarmCounter(2, 10_000);
    for (const [atMs, score] of moments) counter.take(atMs, score);
    return counter.alarms;
  };
  t.equal(count(), 0);
  t.equal(count([0, 1.999], [500, NaN], [1000, -Infinity]), 0, "below the threshold");
  t.equal(count([0, 2], [0, 3], [500, 9], [9999, 9]), 1, "within the refractory time");
  t.equal(count([0, 2], [10_000, 2], [15_000, 2], [20_000, 2]), 3, "from the alarm that was counted, not the last that was not");
  t.equal(count([0, 1], [500, 2], [10_400, 2]), 1, "what was no alarm makes nobody deaf");
  t.equal(count(...Array.from({ length: 7200 }, (_, i) => [i * 500, 5] as const)), 360, "an hour of noise is no single alarm");
  t.end();
});

void t.test("metrics: the Poisson bound is the exact one", (t) => {
  // Source: scipy.stats.chi2.ppf(0.95, 2 * (events + 1)) / 2.
  for (const [events, wanted] of [[0, 2.9957322735539895], [1, 4.743864518390577], [5, 10.513034908741535], [100, 118.07927278209706], [1000, 1053.6031221333008]] as const) {
    t.ok(Math.abs(poissonUpperBound(events) - wanted) < 1e-8 * wanted, `${events}: ${poissonUpperBound(events)} is ${wanted}`);
  }
  t.end();
});
