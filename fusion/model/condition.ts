// What a condition of a rule says, given what its looks say: the calibration of the statistic that rules use.
import { logit } from "./likelihood.js";

/** The most looks that a condition can ask for: the statistic of more was never measured. */
export const CONFIRMATIONS_MAX = 3;

/**
 * How the statistic of a condition, the mean score of its best looks within the look-back, becomes the log-likelihood
 * ratio that the condition holds: a * statistic + b, in nats; a > 0. Fitted for one prompt and one number of looks,
 * against stretches of ordinary sound or footage and against stretches that show something else.
 */
export interface ConditionFit {
  readonly a: number;
  readonly b: number;
}

/** For what was never calibrated as a condition (text, and packs without such a part): it says what its looks say on average. */
export const PLAIN_FIT: ConditionFit = { a: 1, b: 0 };

/** The log-likelihood ratio of the condition, in nats. */
export function conditionLlr({ a, b }: ConditionFit, statistic: number): number {
  return a * statistic + b;
}

/**
 * What several sources say of a condition together, nats, each its own log-likelihood ratio: the sum of those that speak for
 * it, and of none the most that any says. A source that says "no" adds nothing: it may look elsewhere. 0 of no source.
 */
export function combinedLlr(llrs: readonly number[]): number {
  const speakForIt = llrs.filter((llr) => llr > 0);
  if (speakForIt.length > 0) return speakForIt.reduce((sum, llr) => sum + llr, 0);
  return llrs.length === 0 ? 0 : Math.max(...llrs);
}

/** The statistic at which a condition alone reaches a confidence, 0..1; infinite at 0 and 1. */
export function statisticAt({ a, b }: ConditionFit, confidence: number, prior: number): number {
  return (logit(confidence) - logit(prior) - b) / a;
}
