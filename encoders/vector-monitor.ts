// Watches the vectors of one tower: single bad ones, and a tower that has collapsed to one vector.

/** Why a vector is not let through. */
export type VectorFault = "dimensions" | "not_finite" | "norm" | "collapsed";

/** Share of a new vector in the running mean: some 256 vectors are remembered. */
const WEIGHT = 1 / 256;
/** Different inputs that must have been seen before a tower is called collapsed. */
const INPUTS_MIN = 64;
/** Variance below which all vectors are one; float32 rounding gives 1e-7, a camera on one static scene 1e-2. */
const VARIANCE_MIN = 1e-5;

/** Judges vectors one by one and keeps the running variance of unit vectors. Bound: one mean vector. */
export class VectorMonitor {
  readonly #mean: Float64Array;
  #count = 0;
  #differentInputs = 0;
  #lastCrc: number | undefined;
  #variance = 1;

  constructor(dimensions: number) {
    this.#mean = new Float64Array(dimensions);
  }

  /** The running variance of the tower's vectors, 0 (all equal) to 1 (all directions alike). */
  get variance(): number {
    return this.#variance;
  }

  /** Whether the tower makes one vector of all inputs. It is over with the first that differs. */
  get collapsed(): boolean {
    return this.#differentInputs >= INPUTS_MIN && this.#variance < VARIANCE_MIN;
  }

  /** What is wrong with a vector, undefined if nothing is. */
  judge(vector: Float32Array, inputCrc: number): VectorFault | undefined {
    if (vector.length !== this.#mean.length) return "dimensions";
    let square = 0;
    for (const x of vector) square += x * x;
    if (!Number.isFinite(square)) return "not_finite";
    const length = Math.sqrt(square);
    if (length < 0.5 || length > 2) return "norm";
    this.#learn(vector, length, inputCrc);
    return this.collapsed ? "collapsed" : undefined;
  }

  #learn(vector: Float32Array, length: number, inputCrc: number): void {
    if (inputCrc !== this.#lastCrc) this.#differentInputs++;
    this.#lastCrc = inputCrc;
    this.#count++;
    const weight = Math.max(WEIGHT, 1 / this.#count);
    let square = 0;
    for (let i = 0; i < vector.length; i++) {
      const old = this.#mean[i] as number;
      const mean = old + weight * ((vector[i] as number) / length - old);
      this.#mean[i] = mean;
      square += mean * mean;
    }
    this.#variance = Math.max(0, 1 - square);
  }
}
