// Arithmetic on vectors of a shared space, and how they are rounded.
import { assertInvariant } from "./errors.js";

/** The inner product of two vectors; of unit vectors, their cosine. Throws if their lengths differ. */
export function dot(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new RangeError(`dot of ${a.length} and ${b.length} dimensions`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The Euclidean length of a vector. */
export function norm(a: Float32Array): number {
  return Math.sqrt(dot(a, a));
}

/** A new vector of the same direction and length 1; the zero vector comes back as zeros. */
export function normalise(a: Float32Array): Float32Array {
  const length = norm(a);
  return length === 0 ? new Float32Array(a.length) : a.map((x) => x / length);
}

/** The code of the axis that is furthest from zero. */
const CODE_MAX = 127;

/**
 * A vector's direction as a code an axis, -127..127, of which the largest is 127 or -127; zeros of the zero vector.
 *
 * It takes operations that are the same on every machine only, and what `unitVector` makes of the codes has the same codes
 * again: it can be rounded any number of times. A direction needs no scale. Throws on what is not finite.
 */
export function roundedVector(vector: Float32Array): Int8Array {
  let most = 0;
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i] as number);
    assertInvariant(size < Infinity, "a vector is finite"); // and no NaN
    if (size > most) most = size;
  }
  const codes = new Int8Array(vector.length);
  if (most > 0) for (let i = 0; i < codes.length; i++) codes[i] = Math.round(((vector[i] as number) / most) * CODE_MAX);
  return codes;
}

/** Whether codes are such as `roundedVector` makes of a vector that is not zero. */
export function isRounded(codes: Int8Array): boolean {
  let most = 0;
  for (let i = 0; i < codes.length; i++) most = Math.max(most, Math.abs(codes[i] as number));
  return most === CODE_MAX;
}

/** The vector of length 1 in the direction of codes, the same on every machine; zeros of codes that are all zero. */
export function unitVector(codes: Int8Array): Float32Array {
  let squares = 0; // exact: far below 2^53
  for (let i = 0; i < codes.length; i++) squares += (codes[i] as number) * (codes[i] as number);
  const length = Math.sqrt(squares);
  const vector = new Float32Array(codes.length);
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] = (codes[i] as number) / length;
  return vector;
}
