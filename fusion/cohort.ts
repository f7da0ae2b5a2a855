// The cohort of one source and modality: how its vectors lie while nothing happens.

/** Samples after which a cohort counts as warm: 33 minutes at one every 10 s. */
export const WARM_COUNT = 200;

/** Effective memory of a cohort: 12 hours at one every 10 s; older samples fade. */
const MEMORY_COUNT = 4320;

/**
 * First and second moments of closed-gate vectors. Immutable.
 *
 * Shape: `mean` and `variance` (population, per axis) have the space's dimensions. Bound: O(dimensions), whatever the count.
 */
export interface Cohort {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** A cohort without a sample. */
export function emptyCohort(dimensions: number): Cohort {
  return { count: 0, mean: new Float64Array(dimensions), variance: new Float64Array(dimensions) };
}

/**
 * The cohort with one more sample in it.
 *
 * Up to MEMORY_COUNT samples these are the exact moments; from there on each new sample weighs 1 / MEMORY_COUNT.
 * Source: Welford 1962, in the incremental form with a floor on the step (exponential forgetting).
 */
export function withSample(cohort: Cohort, vector: Float32Array): Cohort {
  if (vector.length !== cohort.mean.length) throw new RangeError(`cohort of ${cohort.mean.length} dimensions, sample of ${vector.length}`);
  const count = cohort.count + 1;
  const step = 1 / Math.min(count, MEMORY_COUNT);
  const mean = new Float64Array(vector.length);
  const variance = new Float64Array(vector.length);
  for (let i = 0; i < vector.length; i++) {
    const before = cohort.mean[i] as number;
    const delta = (vector[i] as number) - before;
    mean[i] = before + step * delta;
    variance[i] = (1 - step) * ((cohort.variance[i] as number) + step * delta * delta);
  }
  return { count, mean, variance };
}

/** Whether the cohort has seen enough of its source to stand for it. */
export function isWarm(cohort: Cohort | undefined): cohort is Cohort {
  return cohort !== undefined && cohort.count >= WARM_COUNT;
}
