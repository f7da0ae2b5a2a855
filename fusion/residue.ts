// What is left of a vector when what its source gives anyway is taken out of it.
import type { Cohort } from "./cohort.js";
import { dot, norm, unitVector } from "./model/vector.js";

/** Samples that are least like the others and count for nothing: a door or a cough, a bird, somebody half in view. */
const SET_ASIDE = 2;
/** The pack's background, which has no direction of its own, counts as so many samples: few samples take out little. */
const PACK_SAMPLES = 5;
/** A direction in which a share of this of all samples lies is taken out by half. */
const HALF_SHARE = 0.1;

/**
 * What a source usually gives: `samples` span it, and `factor` is the lower triangle, row by row, of the Cholesky factor of
 * their Gram matrix plus a ridge. Made once for each cohort.
 */
interface Usual {
  readonly samples: readonly Float32Array[];
  readonly factor: Float64Array;
}

const known = new WeakMap<Cohort, Usual>();

/**
 * The part of a unit vector that the cohort does not explain, its length the square root of how much that is: what is like
 * nothing here stays as it is, what goes on here all the time says next to nothing, and what is heard through it is heard
 * more clearly. A cohort of one or two samples changes nothing. Owner: may be the vector itself.
 *
 * Cost: some 130 products of a vector. The same to the bit for the same samples in order.
 * Source: ridge regression on the samples; the numbers are compared in docs/calibration.md.
 */
export function residue(cohort: Cohort, vector: Float32Array): Float32Array {
  const { samples, factor } = usualOf(cohort);
  if (samples.length === 0) return vector;
  const shares = solved(factor, samples.map((sample) => dot(sample, vector)));
  const left = Float32Array.from(vector);
  samples.forEach((sample, s) => {
    const share = shares[s] as number;
    for (let i = 0; i < left.length; i++) left[i] = (left[i] as number) - share * (sample[i] as number);
  });
  const root = Math.sqrt(norm(left));
  return root === 0 ? left : left.map((x) => x / root);
}

function usualOf(cohort: Cohort): Usual {
  const before = known.get(cohort);
  if (before !== undefined) return before;
  const samples = centralOf(cohort.samples.map(unitVector));
  const usual = { samples, factor: factorOf(samples, HALF_SHARE * (samples.length + PACK_SAMPLES)) };
  known.set(cohort, usual);
  return usual;
}

/** All but those that are least like the sum of all; of two that are as much so, the older goes. */
function centralOf(samples: readonly Float32Array[]): readonly Float32Array[] {
  if (samples.length <= SET_ASIDE) return [];
  const sum = new Float32Array((samples[0] as Float32Array).length);
  for (const sample of samples) sample.forEach((x, i) => (sum[i] = (sum[i] as number) + x));
  const likeness = samples.map((sample) => dot(sample, sum));
  const order = samples.map((_, i) => i).sort((a, b) => (likeness[a] as number) - (likeness[b] as number) || a - b);
  const aside = new Set(order.slice(0, SET_ASIDE));
  return samples.filter((_, i) => !aside.has(i));
}

/** Row r of the factor starts at r (r + 1) / 2. The ridge makes the matrix positive definite. */
function factorOf(samples: readonly Float32Array[], ridge: number): Float64Array {
  const factor = new Float64Array((samples.length * (samples.length + 1)) / 2);
  for (let row = 0; row < samples.length; row++) {
    for (let col = 0; col <= row; col++) {
      let sum = dot(samples[row] as Float32Array, samples[col] as Float32Array) + (row === col ? ridge : 0);
      for (let k = 0; k < col; k++) sum -= at(factor, row, k) * at(factor, col, k);
      factor[start(row) + col] = row === col ? Math.sqrt(sum) : sum / at(factor, col, col);
    }
  }
  return factor;
}

/** x of `L Lᵀ x = y`. */
function solved(factor: Float64Array, y: readonly number[]): number[] {
  const x = [...y];
  for (let row = 0; row < x.length; row++) {
    for (let k = 0; k < row; k++) x[row] = (x[row] as number) - at(factor, row, k) * (x[k] as number);
    x[row] = (x[row] as number) / at(factor, row, row);
  }
  for (let row = x.length - 1; row >= 0; row--) {
    for (let k = row + 1; k < x.length; k++) x[row] = (x[row] as number) - at(factor, k, row) * (x[k] as number);
    x[row] = (x[row] as number) / at(factor, row, row);
  }
  return x;
}

function at(factor: Float64Array, row: number, col: number): number {
  return factor[start(row) + col] as number;
}

function start(row: number): number {
  return (row * (row + 1)) / 2;
}
