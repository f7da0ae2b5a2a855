// "Did you mean": the valid words nearest to a wrong one.
import { distance } from "fastest-levenshtein";

/** Share of the longer text that may differ. Two typing errors in a word of five letters still count as near. */
const MAX_DIFFERENCE = 0.4;

/**
 * The candidates nearest to a word, nearest first, at most `max`; none if nothing is near.
 *
 * Case, order of words, `-`, `_` and spaces do not count; a candidate that holds the word whole (or the other way
 * round) is near. Ties keep the order of the candidates.
 */
export function nearest(word: string, candidates: Iterable<string>, max: number): string[] {
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, difference: difference(word, candidate) }))
    .filter((scored) => scored.difference <= MAX_DIFFERENCE)
    .sort((a, b) => a.difference - b.difference)
    .slice(0, max)
    .map((scored) => scored.candidate);
}

/** `; did you mean "camera"?`, or nothing where no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const [best] = nearest(word, candidates, 1);
  return best === undefined ? "" : `; did you mean "${best}"?`;
}

/** 0 (the same) to 1 (nothing in common). */
function difference(a: string, b: string): number {
  const wordsA = wordsOf(a);
  const wordsB = wordsOf(b);
  const longest = Math.max(wordsA.join(" ").length, wordsB.join(" ").length);
  if (longest === 0) return a === b ? 0 : 1;
  const edits = Math.min(
    distance(wordsA.join(" "), wordsB.join(" ")),
    distance(wordsA.toSorted().join(" "), wordsB.toSorted().join(" ")),
  );
  const share = edits / longest;
  return holds(wordsA, wordsB) || holds(wordsB, wordsA) ? Math.min(share, MAX_DIFFERENCE) : share;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[\s_-]+/).filter((word) => word !== "");
}

function holds(words: readonly string[], all: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => all.includes(word));
}
