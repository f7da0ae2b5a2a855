// What a pack says about its shared space, as the pure centre needs it.
import type { Modality } from "./modality.js";

/**
 * How cosines of one modality against prompts become log-likelihood ratios.
 *
 * Shape: `mean` and `variance` (per axis) are first and second central moments of the modality's vectors in the pack's
 * background; both have the space's dimensions. `a`, `b`: logistic coefficients of the cohort-normalised cosine
 * (cosine - negativeMean) / negativeSd, so that LLR = a * s + b (natural logarithm); a >= 0.
 */
export interface ModalityCalibration {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly negativeMean: number;
  readonly negativeSd: number;
  readonly a: number;
  readonly b: number;
}

/** Logistic coefficients of the raw cosine of two vectors of one modality: LLR of "the same happening" = a * cosine + b. */
export interface PairCalibration {
  readonly a: number;
  readonly b: number;
}

/** A named point of the space: a phrase of the vocabulary. */
export interface Concept {
  readonly name: string;
  readonly vector: Float32Array;
}

/** A shared space: its calibration per modality and the concepts that its text tower knows. */
export interface SpaceModel {
  readonly id: string;
  readonly dimensions: number;
  readonly calibration: Readonly<Record<Modality, ModalityCalibration>>;
  /** For two observations of one modality that resemble each other though no concept names them. */
  readonly sameModality: Readonly<Record<Modality, PairCalibration>>;
  /** Prior probability, 0..1, that an observation shows what a prompt asks for; a rule may set its own. */
  readonly prior: number;
  readonly concepts: readonly Concept[];
}
