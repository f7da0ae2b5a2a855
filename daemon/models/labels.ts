// Which labels of a folder a pack knows.
import { nearest } from "../../config/nearest.js";
import type { Pack } from "../../encoders/pack.js";
import { dot } from "../../fusion/model/vector.js";

/** Whatever a label is about. */
export interface Labelled {
  readonly label: string;
}

/** Labels as prompts: each has a vector, and no two are the same to the pack. */
export interface KnownLabels {
  readonly names: readonly string[];
  readonly vectors: readonly Float32Array[];
  /** The index of a label's name, whichever of its synonyms it is; undefined if the pack does not know it. */
  readonly indexOf: (label: string) => number | undefined;
}

/** A label that the pack does not know: its files are left out. */
export interface UnknownLabel {
  readonly label: string;
  readonly files: number;
  /** Words that the pack knows and that are written alike. */
  readonly nearest: readonly string[];
}

/** Cosine from which two phrases mean the same to a pack: its vectors are stored in 8 bits. */
export const SYNONYM_COSINE = 0.999;
/** How many near words an unknown label is told. */
const SUGGESTIONS = 3;

/** The labels of files that the pack knows. Labels that mean the same to it ("cow", "cattle") are one, by the first name. */
export function knownLabels(pack: Pack, files: readonly Labelled[]): KnownLabels {
  const names: string[] = [];
  const vectors: Float32Array[] = [];
  const indices = new Map<string, number>();
  for (const label of new Set(files.map((file) => file.label))) {
    const vector = pack.vocabulary.vector(label);
    if (vector === undefined) continue;
    const synonym = vectors.findIndex((other) => dot(other, vector) >= SYNONYM_COSINE);
    indices.set(label, synonym < 0 ? names.length : synonym);
    if (synonym >= 0) continue;
    names.push(label);
    vectors.push(vector);
  }
  return { names, vectors, indexOf: (label) => indices.get(label) };
}

/** The labels of files that the pack does not know, with the words nearest to them. */
export function unknownLabels(pack: Pack, files: readonly Labelled[]): UnknownLabel[] {
  const counts = new Map<string, number>();
  for (const { label } of files) {
    if (pack.vocabulary.vector(label) === undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => ({ label, files: count, nearest: nearestPhrases(pack, label) }));
}

/** The phrases that the pack knows and that are written most like a label that it does not. */
export function nearestPhrases(pack: Pack, label: string): string[] {
  return nearest(label.toLowerCase(), pack.vocabulary.phrases, SUGGESTIONS);
}

/** Which of the labels mean the same to the pack as a phrase; none for a phrase that it does not know. */
export function labelsLike(pack: Pack, labels: KnownLabels, phrase: string): number[] {
  const vector = pack.vocabulary.vector(phrase);
  if (vector === undefined) return [];
  return labels.vectors.flatMap((other, i) => (dot(other, vector) >= SYNONYM_COSINE ? [i] : []));
}
