// From a vector to log-likelihood ratios: what an observation says about every prompt and every concept.
import { assertInvariant } from "./model/errors.js";
import { dot } from "./model/vector.js";
import type { Observation } from "./model/observation.js";
import type { SpaceModel } from "./model/space.js";
import { isWarm, type Cohort } from "./cohort.js";
import { residue } from "./residue.js";

/** No single observation may say more than this of a concept, in nats: calibration sets of some thousand pairs know no more. */
export const LLR_LIMIT = 8;

/** Prior odds of one concept of the vocabulary against nothing that has a name: half of all is nameless. */
function conceptOdds(conceptCount: number): number {
  return 1 / Math.max(1, conceptCount);
}

/**
 * What one observation says. Owner: shared and never written.
 *
 * `llr`: by prompt, log-likelihood ratio that the observation shows it rather than nothing or anything else that has a
 * name: what looks a little like a dog and much like a person is no dog. `odds`: by concept, exp(llr), for comparing
 * meanings, within LLR_LIMIT. `llr` has no limit: what the surest looks say is calibrated for the condition, and to tell
 * them apart is what few false alarms are made of. `calibrated`: normalised against the source's own warm cohort, not only
 * the pack's background.
 */
export interface Score {
  readonly llr: Float32Array;
  readonly odds: Float32Array;
  readonly calibrated: boolean;
}

/** What of an observation is scored. */
export type Scored = Pick<Observation, "modality" | "quality" | "embedding">;

/**
 * Scores observations of one space. Pure: the same observation and cohort give the same score, so scores are remembered
 * for as long as the observation's vector lives.
 */
export class Scorer {
  readonly #space: SpaceModel;
  readonly #promptCount: number;
  readonly #rows: Float32Array;
  readonly #rowCount: number;
  /** By prompt, then concept: how much the concept, where it is found, speaks against the prompt; 0 for its synonyms. */
  readonly #rivalry: Float32Array;
  readonly #remembered = new WeakMap<Float32Array, { quality: number; cohort: Cohort | undefined; score: Score }>();

  /** Prompts are unit vectors of the space; `llr` of every score follows their order. */
  constructor(space: SpaceModel, prompts: readonly Float32Array[]) {
    this.#space = space;
    this.#promptCount = prompts.length;
    this.#rowCount = prompts.length + space.concepts.length;
    this.#rows = new Float32Array(this.#rowCount * space.dimensions);
    [...prompts, ...space.concepts.map((concept) => concept.vector)].forEach((row, i) => {
      assertInvariant(row.length === space.dimensions, `prompt or concept of ${row.length} dimensions in a space of ${space.dimensions}`);
      this.#rows.set(row, i * space.dimensions);
    });
    this.#rivalry = rivalryOf(prompts, space);
  }

  /** Undefined for an observation without a vector. Throws if its vector is of another space. */
  score(observation: Scored, cohort: Cohort | undefined): Score | undefined {
    const embedding = observation.embedding;
    if (embedding === undefined) return undefined;
    assertInvariant(embedding.space === this.#space.id, `a vector of ${embedding.space} scored in ${this.#space.id}`);
    const { quality } = observation;
    const remembered = this.#remembered.get(embedding.vector);
    if (remembered !== undefined && remembered.cohort === cohort && remembered.quality === quality) return remembered.score;
    const score = this.#scoreOf(observation, cohort === undefined ? embedding.vector : residue(cohort, embedding.vector), isWarm(observation.modality, cohort));
    this.#remembered.set(embedding.vector, { quality, cohort, score });
    return score;
  }

  #scoreOf({ modality, quality }: Scored, vector: Float32Array, calibrated: boolean): Score {
    const { a, b, negativeMean, negativeSd } = this.#space.calibration[modality];
    const llr = new Float32Array(this.#promptCount);
    const odds = new Float32Array(this.#rowCount - this.#promptCount);
    const dimensions = this.#space.dimensions;
    for (let row = 0; row < this.#rowCount; row++) {
      let cosine = 0;
      const offset = row * dimensions;
      for (let i = 0; i < dimensions; i++) cosine += (this.#rows[offset + i] as number) * (vector[i] as number);
      const value = (a * (cosine - negativeMean)) / negativeSd + b;
      if (row < this.#promptCount) llr[row] = quality * value;
      else odds[row - this.#promptCount] = Math.exp(quality * limited(value));
    }
    for (let prompt = 0; prompt < this.#promptCount; prompt++) llr[prompt] = (llr[prompt] as number) - this.#rivals(prompt, odds);
    return { llr, odds, calibrated };
  }

  /** The log odds of anything else with a name, against nothing: what a prompt must be clearer than. */
  #rivals(prompt: number, odds: Float32Array): number {
    let sum = 0;
    for (let c = 0; c < odds.length; c++) sum += (this.#rivalry[prompt * odds.length + c] as number) * (odds[c] as number);
    return Math.log1p(conceptOdds(odds.length) * sum);
  }
}

function limited(llr: number): number {
  return Math.max(-LLR_LIMIT, Math.min(LLR_LIMIT, llr));
}

/** One less the cosine of prompt and concept, at least 0: a synonym is no rival, a kindred concept half of one. */
function rivalryOf(prompts: readonly Float32Array[], space: SpaceModel): Float32Array {
  const rivalry = new Float32Array(prompts.length * space.concepts.length);
  prompts.forEach((prompt, p) => {
    space.concepts.forEach((concept, c) => {
      rivalry[p * space.concepts.length + c] = Math.min(1, Math.max(0, 1 - dot(prompt, concept.vector)));
    });
  });
  return rivalry;
}
