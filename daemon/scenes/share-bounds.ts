// How sure a share is that was counted. Pure.

/** Halvings of the interval in which a bound lies: more than a double has bits. */
const BISECTIONS = 64;

/**
 * The two-sided 95 % interval of a probability of which `hits` were counted in `of` independent tries, 0..1; NaN for no
 * tries. Exact but for rounding. Source: Clopper and Pearson 1934.
 */
export function shareBounds(hits: number, of: number): readonly [low: number, high: number] {
  if (of === 0) return [NaN, NaN];
  return [hits === 0 ? 0 : bisected((p) => atLeast(hits, of, p) > 0.025), hits === of ? 1 : bisected((p) => 1 - atLeast(hits + 1, of, p) <= 0.025)];
}

/** The least probability that is beyond; it stays so from there on. */
function bisected(beyond: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let round = 0; round < BISECTIONS; round++) {
    const middle = (low + high) / 2;
    if (beyond(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The probability of at least so many hits; summed in logarithms, since the terms are small. 0 < p < 1. */
function atLeast(hits: number, of: number, p: number): number {
  let logTerm = of * Math.log1p(-p);
  let below = 0;
  for (let i = 0; i < hits; i++) {
    below += Math.exp(logTerm);
    logTerm += Math.log((of - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return 1 - below;
}
