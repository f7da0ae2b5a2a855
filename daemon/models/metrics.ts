// The numbers that tell how good a pack is. Pure: values in, values out.
import { dot, normalise } from "../../fusion/model/vector.js";
import type { SeededRandom } from "../../fusion/simulator/random.js";

/** One judged sample: labels are indices; `predicted` is -1 where nothing was heard or seen at all. */
export interface Judged {
  readonly label: number;
  readonly predicted: number;
  /** What it was cut from: samples of one recording are no independent evidence. */
  readonly recording: string;
}

/** How one label fared. */
export interface LabelRecall {
  readonly label: number;
  readonly samples: number;
  readonly recordings: number;
  /** 0..1. */
  readonly recall: number;
}

/** A probability that was given, 0..1, and whether it came true. */
export interface Forecast {
  readonly confidence: number;
  readonly hit: boolean;
}

/** A vector of unit length and the index of its label. */
export interface LabelledVector {
  readonly label: number;
  readonly vector: Float32Array;
}

/** Bins of the calibration error. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks". */
const CALIBRATION_BINS = 15;
/** Resamplings of a bootstrap interval. */
const BOOTSTRAP_ROUNDS = 1000;
/** Halvings of the interval in which a bound lies: more than a double has bits. */
const BISECTIONS = 64;

/** The index of the largest value, the first of equals; -1 for no values. NaN is never the largest. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1;
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > most) [best, most] = [i, values[i] as number];
  }
  return best;
}

/** The mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** The `share` quantile, 0..1, between neighbours in proportion; NaN for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** The share of samples whose label was predicted, 0..1; NaN for no samples. */
export function accuracy(judged: readonly Judged[]): number {
  return mean(judged.map(({ label, predicted }) => (label === predicted ? 1 : 0)));
}

/** The recall of every label that occurs, in the order of the labels. */
export function recallByLabel(judged: readonly Judged[]): LabelRecall[] {
  const counts = new Map<number, { samples: number; hits: number; recordings: Set<string> }>();
  for (const { label, predicted, recording } of judged) {
    const count = counts.get(label) ?? { samples: 0, hits: 0, recordings: new Set() };
    counts.set(label, count);
    count.samples++;
    count.hits += label === predicted ? 1 : 0;
    count.recordings.add(recording);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([label, { samples, hits, recordings }]) => ({ label, samples, recordings: recordings.size, recall: hits / samples }));
}

/** The mean recall of those of the given labels that occur, each counting the same; NaN if none does. */
export function macroRecall(judged: readonly Judged[], labels: ReadonlySet<number>): number {
  return mean(recallByLabel(judged).flatMap(({ label, recall }) => (labels.has(label) ? [recall] : [])));
}

/** The mean distance of confidence and frequency over 15 equal bins, each weighted by its forecasts; NaN for none. */
export function calibrationError(forecasts: readonly Forecast[]): number {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ confidence: 0, hits: 0 }));
  for (const { confidence, hit } of forecasts) {
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.floor(confidence * CALIBRATION_BINS))] as { confidence: number; hits: number };
    bin.confidence += confidence;
    bin.hits += hit ? 1 : 0;
  }
  return bins.reduce((sum, { confidence, hits }) => sum + Math.abs(confidence - hits), 0) / forecasts.length;
}

/**
 * The 95 % percentile interval of a statistic when recordings, not samples, are drawn anew with replacement.
 * The same samples and seed give the same interval. Rounds in which the statistic is NaN are left out.
 */
export function bootstrapInterval(judged: readonly Judged[], statistic: (judged: readonly Judged[]) => number, random: SeededRandom): readonly [number, number] {
  const byRecording = new Map<string, Judged[]>();
  for (const one of judged) {
    const others = byRecording.get(one.recording);
    if (others === undefined) byRecording.set(one.recording, [one]);
    else others.push(one);
  }
  const recordings = [...byRecording.values()];
  if (recordings.length === 0) return [NaN, NaN];
  const drawn = Array.from({ length: BOOTSTRAP_ROUNDS }, () => statistic(recordings.flatMap(() => random.pick(recordings)))).filter((x) => !Number.isNaN(x));
  return [quantile(drawn, 0.025), quantile(drawn, 0.975)];
}

/** Vectors less their mean, of unit length again: what all have in common tells none apart. */
export function centred(all: readonly LabelledVector[]): LabelledVector[] {
  const middle = new Float64Array(all[0]?.vector.length ?? 0);
  for (const { vector } of all) vector.forEach((x, i) => (middle[i] = (middle[i] as number) + x / all.length));
  return all.map(({ label, vector }) => ({ label, vector: normalise(vector.map((x, i) => x - (middle[i] as number))) }));
}

/** The share of queries that find one of their own label among the `k` nearest of the gallery; NaN for no queries. */
export function classRecallAt(k: number, queries: readonly LabelledVector[], gallery: readonly LabelledVector[]): number {
  const found = queries.map((query) => {
    const nearest = gallery.map(({ label, vector }) => ({ label, cosine: dot(query.vector, vector) })).sort((a, b) => b.cosine - a.cosine);
    return nearest.slice(0, k).some(({ label }) => label === query.label) ? 1 : 0;
  });
  return mean(found);
}

/** What `classRecallAt` is expected to be for a gallery in random order (hypergeometric); NaN for no queries. */
export function classChanceAt(k: number, queries: readonly LabelledVector[], gallery: readonly LabelledVector[]): number {
  return mean(
    queries.map((query) => {
      const others = gallery.filter(({ label }) => label !== query.label).length;
      let missed = 1;
      for (let i = 0; i < Math.min(k, gallery.length); i++) missed *= Math.max(0, others - i) / (gallery.length - i);
      return 1 - missed;
    }),
  );
}

/**
 * The highest threshold at which at least the share `recall` of the scores is reached (score >= threshold); undefined if
 * none is, since too many are -Infinity, or there are no scores.
 */
export function thresholdAtRecall(scores: readonly number[], recall: number): number | undefined {
  const needed = Math.ceil(recall * scores.length - 1e-9); // 0.8 of 35 is 28, whatever the last bit says
  const threshold = [...scores].sort((a, b) => b - a)[Math.max(0, needed - 1)];
  return threshold === undefined || threshold === -Infinity ? undefined : threshold;
}

/**
 * Counts how often a score reaches a threshold, once in `refractoryMs`: what goes on alarms again when that time is over.
 * Otherwise a detector that is never silent would have a single false alarm.
 */
export class AlarmCounter {
  readonly #threshold: number;
  readonly #refractoryMs: number;
  #alarms = 0;
  #deafUntilMs = -Infinity;

  constructor(threshold: number, refractoryMs: number) {
    this.#threshold = threshold;
    this.#refractoryMs = refractoryMs;
  }

  /** How many there were. */
  get alarms(): number {
    return this.#alarms;
  }

  /** Takes the score of a moment, ms; moments must not go back. Several scores of one moment are one alarm at most. */
  take(atMs: number, score: number): void {
    if (!(score >= this.#threshold) || atMs < this.#deafUntilMs) return;
    this.#alarms++;
    this.#deafUntilMs = atMs + this.#refractoryMs;
  }
}

/**
 * The one-sided 95 % upper bound of the mean of a Poisson distribution of which `events` were seen: the mean at which so
 * few are seen with a probability of 5 %. Exact but for rounding; 0 gives 3.00. Source: Garwood 1936.
 */
export function poissonUpperBound(events: number): number {
  return poissonMeanAt(events, 0.05);
}

/** The two-sided 95 % interval of the same mean, 2.5 % on either side: from 0 where nothing was seen. Source: Garwood 1936. */
export function poissonInterval(events: number): readonly [low: number, high: number] {
  return [events === 0 ? 0 : poissonMeanAt(events - 1, 0.975), poissonMeanAt(events, 0.025)];
}

/** The mean at which at most so many events are seen with this probability, 0..1 exclusive. */
function poissonMeanAt(events: number, probability: number): number {
  let low = 0;
  let high = events + 5 * Math.sqrt(events + 1) + 5; // beyond either bound for any count
  for (let round = 0; round < BISECTIONS; round++) {
    const middle = (low + high) / 2;
    if (poissonAtMost(events, middle) > probability) low = middle;
    else high = middle;
  }
  return high;
}

/** The probability of at most so many events where `mean` > 0 are expected. Summed in logarithms: e^-800 is 0. */
function poissonAtMost(events: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= events; k++) {
    logTerm += Math.log(mean / k);
    sum += Math.exp(logTerm);
  }
  return sum;
}
