// The word list of a pack: what a rule may look for.
import type { Pack } from "../../encoders/pack.js";
import { isTaught, type TaughtTower } from "../../encoders/taught.js";

/** A phrase of a pack, and by which keys of a rule it can be found. Every phrase can be read. */
export interface Word {
  readonly word: string;
  readonly hear: boolean;
  readonly see: boolean;
}

/** Every phrase, by the alphabet. A tower of which the pack does not say what it was taught is trusted. */
export function wordsOf(pack: Pack): readonly Word[] {
  const { concepts, taught } = pack.vocabulary;
  const known = (tower: TaughtTower, vector: Float32Array): boolean => isTaught(taught, tower, vector);
  return concepts
    .map(({ name, vector }) => ({ word: name, hear: known("audio", vector), see: known("image", vector) }))
    .sort((a, b) => (a.word < b.word ? -1 : 1));
}

/** One word a line, with the keys that find it beside it. */
export function renderWords(words: readonly Word[]): readonly string[] {
  const width = Math.max(...words.map(({ word }) => word.length));
  return words.map(({ word, hear, see }) => `${word.padEnd(width)}  ${hear ? "hear" : "    "} ${see ? "see" : "   "} read`.trimEnd());
}
