// How much speaks for two observations being one happening: meaning and time.
import { logit } from "./model/likelihood.js";
import { dot } from "./model/vector.js";
import type { Embedding } from "./model/observation.js";
import type { Modality } from "./model/modality.js";
import type { PairCalibration } from "./model/space.js";

/** What is compared: a vector and what it says about each concept. */
export interface Meaning {
  readonly modality: Modality;
  readonly embedding: Embedding;
  readonly odds: Float32Array;
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
  const named = conceptLlr(a.odds, b.odds);
  if (a.modality !== b.modality) return named;
  const pair = sameModality[a.modality];
  return Math.max(named, pair.a * dot(a.embedding.vector, b.embedding.vector) + pair.b);
}

function conceptLlr(a: Float32Array, b: Float32Array): number {
  if (a.length === 0) return 0;
  const prior = (1 - UNNAMED_PRIOR) / a.length;
  return Math.log(UNNAMED_PRIOR + prior * dot(a, b)) - logTotal(a, prior) - logTotal(b, prior);
}

function logTotal(odds: Float32Array, prior: number): number {
  let sum = 0;
  for (const value of odds) sum += value;
  return Math.log(UNNAMED_PRIOR + prior * sum);
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
