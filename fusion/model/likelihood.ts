// Log odds and probabilities.

/** The probability, 0..1, of log odds in nats. */
export function logistic(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** The log odds, in nats, of a probability strictly between 0 and 1. */
export function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

/**
 * A probability as people read it: two decimals, and from 0.99 on as many as it takes to see how far from 1 it is, at
 * most six. Rounded down there: only certainty is written 1.
 */
export function probabilityText(probability: number): string {
  if (probability < 0.99 || probability >= 1) return probability.toFixed(2);
  const decimals = Math.min(6, Math.ceil(-Math.log10(1 - probability)));
  return (Math.floor(probability * 10 ** decimals) / 10 ** decimals).toFixed(decimals);
}
