// Arithmetic on vectors of a shared space.

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
