// The pack's tables as the pure centre needs them.
import { FusiondError } from "../fusion/model/errors.js";
import { MODALITIES, type Modality } from "../fusion/model/modality.js";
import type { Concept, ModalityCalibration, PairCalibration, SpaceModel } from "../fusion/model/space.js";
import { isVector } from "./golden.js";
import type { Manifest } from "./pack-manifest.js";
import type { Vocabulary } from "./vocabulary.js";

/**
 * The shared space of a pack: its calibration, prior and concepts.
 *
 * calibration.json has the logistic coefficients of the raw cosine, a * cosine + b; here they are those of the
 * normalised one, s = (cosine - negativeMean) / negativeSd, so that a source's own cohort can take the pack's place.
 * Errors: FusiondError "model_invalid".
 */
export function buildSpaceModel(manifest: Manifest, calibrationJson: unknown, vocabulary: Vocabulary, path: string): SpaceModel {
  const tables = (calibrationJson ?? {}) as Readonly<Partial<Record<Modality, unknown>>>;
  const calibration = Object.fromEntries(
    MODALITIES.map((modality) => [modality, modalityCalibration(tables[modality], manifest.dimensions, `${path}: ${modality}`)]),
  ) as Record<Modality, ModalityCalibration>;
  const sameModality = Object.fromEntries(
    MODALITIES.map((modality) => [modality, pairCalibration(tables[modality], `${path}: ${modality}`)]),
  ) as Record<Modality, PairCalibration>;
  return {
    id: manifest.space,
    dimensions: manifest.dimensions,
    calibration,
    sameModality,
    prior: manifest.prior,
    concepts: distinctConcepts(vocabulary.concepts),
  };
}

interface RawCalibration {
  readonly pair?: { readonly a?: unknown; readonly b?: unknown };
  readonly mean?: unknown;
  readonly variance?: unknown;
  readonly prompt?: { readonly a?: unknown; readonly b?: unknown; readonly mean_negative?: unknown; readonly sd_negative?: unknown };
}

function modalityCalibration(json: unknown, dimensions: number, place: string): ModalityCalibration {
  const { mean, variance, prompt } = (json ?? {}) as RawCalibration;
  if (!isVector(mean, dimensions) || !isVector(variance, dimensions) || variance.some((x) => x < 0)) {
    throw new FusiondError("model_invalid", `${place}.mean and .variance must each be a list of ${dimensions} numbers, variances not below 0`);
  }
  const { a, b, mean_negative: negativeMean, sd_negative: negativeSd } = prompt ?? {};
  if (!isNumber(a) || a < 0 || !isNumber(b) || !isNumber(negativeMean) || !isNumber(negativeSd) || negativeSd <= 0) {
    throw new FusiondError("model_invalid", `${place}.prompt must have the numbers a (not below 0), b, mean_negative and sd_negative (above 0)`);
  }
  return {
    mean: Float32Array.from(mean),
    variance: Float32Array.from(variance),
    negativeMean,
    negativeSd,
    a: a * negativeSd,
    b: b + a * negativeMean,
  };
}

function pairCalibration(json: unknown, place: string): PairCalibration {
  const { a, b } = ((json ?? {}) as RawCalibration).pair ?? {};
  if (!isNumber(a) || a < 0 || !isNumber(b)) {
    throw new FusiondError("model_invalid", `${place}.pair must have the numbers a (not below 0) and b`);
  }
  return { a, b };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Synonyms are one concept, called by the phrase that stands first: what has many names is no likelier for it. */
function distinctConcepts(phrases: readonly Concept[]): readonly Concept[] {
  const seen = new Map<string, Concept>();
  for (const phrase of phrases) {
    const key = phrase.vector.join(" ");
    if (!seen.has(key)) seen.set(key, phrase);
  }
  return [...seen.values()];
}
