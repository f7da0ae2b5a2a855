// How much speaks for two observations being one happening: meaning and time.
import { logit } from "./model/likelihood.js";
import { dot } from "./model/vector.js";
import type { Embedding } from "./model/observation.js";
import type { Modality } from "./model/modality.js";
import type { PairCalibration } from "./model/space.js";

/** What is compared: a vector and what it says about each concept. */
export interface Meaning {
  readonly representative: { readonly modality: Modality; readonly embedding: Embedding };
  readonly odds: Float32Array;
  /** The sum of `odds`. */
  readonly totalOdds: number;
}

/** Half of what happens is nothing the vocabulary has a word for. */
const UNNAMED_PRIOR = 0.5;

/** Share of true pairs whose distance in time follows the Laplace law; the rest may lie anywhere within the gap. */
const PROMPT_SHARE = 0.9;

/** Prior probability that an observation belongs to an open event that it could belong to. */
const SAME_EVENT_PRIOR = 0.05;

/**
 * The log-likelihood ratio that two observations mean the same thing, in nats.
 *
 * A Bayes factor over the vocabulary: both show one concept, against each showing one of its own. Each side says
 * exp(llr) of every concept, calibrated per modality, so a sound and a picture compare although raw cosines across
 * modalities do not. Same-modality pairs that resemble each other count as well, whether or not they have a name.
 */
export function meaningLlr(a: Meaning, b: Meaning, sameModality: Readonly<Record<Modality, PairCalibration>>): number {
  const named = conceptLlr(a, b);
  const { modality, embedding } = a.representative;
  if (modality !== b.representative.modality) return named;
  const pair = sameModality[modality];
  return Math.max(named, pair.a * dot(embedding.vector, b.representative.embedding.vector) + pair.b);
}

function conceptLlr(a: Meaning, b: Meaning): number {
  if (a.odds.length === 0) return 0;
  const prior = (1 - UNNAMED_PRIOR) / a.odds.length;
  const both = Math.log(UNNAMED_PRIOR + prior * dot(a.odds, b.odds));
  return both - Math.log(UNNAMED_PRIOR + prior * a.totalOdds) - Math.log(UNNAMED_PRIOR + prior * b.totalOdds);
}

/**
 * The log-likelihood ratio of the time between an observation and an event, plus the prior, in nats.
 *
 * `distanceMs`: between their intervals, 0 where they overlap, at most `gapMs`. Source: a Laplace law of scale gap / 3
 * mixed with a uniform one over the gap on both sides, against the uniform one alone.
 */
export function timeLogOdds(distanceMs: number, gapMs: number): number {
  const scaleMs = gapMs / 3;
  const widthMs = 2 * gapMs;
  const laplace = Math.exp(-distanceMs / scaleMs) / (2 * scaleMs);
  return Math.log(PROMPT_SHARE * laplace * widthMs + (1 - PROMPT_SHARE)) + logit(SAME_EVENT_PRIOR);
}

/** The time between two intervals, ms; 0 where they overlap. */
export function distanceMs(aStart: number, aEnd: number, bStart: number, bEnd: number): number {
  return Math.max(0, bStart - aEnd, aStart - bEnd);
}
