// What pairs of members mean to each other, worked out once: a refold asks for the same pairs again and again.
import type { Modality } from "./model/modality.js";
import type { PairCalibration } from "./model/space.js";
import { meaningLlr, type Meaning } from "./link.js";

/** Remembered for as long as both members live. */
const links = new WeakMap<Meaning, WeakMap<Meaning, number>>();

/** `meaningLlr`, remembered. Members are immutable and of one space, so a pair has one value. */
export function linkOf(a: Meaning, b: Meaning, sameModality: Readonly<Record<Modality, PairCalibration>>): number {
  const known = links.get(a)?.get(b) ?? links.get(b)?.get(a);
  if (known !== undefined) return known;
  const llr = meaningLlr(a, b, sameModality);
  const ofA = links.get(a) ?? new WeakMap<Meaning, number>();
  links.set(a, ofA.set(b, llr));
  return llr;
}
