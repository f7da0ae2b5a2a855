// The tower of text: a table of phrases and their vectors. What is not in it is refused, never guessed.
import { FusiondError } from "../fusion/model/errors.js";
import type { Concept } from "../fusion/model/space.js";
import { normalise } from "../fusion/model/vector.js";
import type { Manifest } from "./pack-manifest.js";
import { parseTaught, type Taught } from "./taught.js";

/** What a line of text came to: the mean of its phrases' vectors, and the share of its words that are known, 0..1. */
export interface EncodedLine {
  readonly vector: Float32Array;
  readonly quality: number;
}

/** Words that say nothing about what happens: neither looked up nor counted as unknown. */
const STOP_WORDS = new Set(
  "a an the this that of at in on to by for from with and or is are was were be been has have it its near into out up no not as".split(" "),
);

/** Longest line that is looked at, characters: more is cut, so that a flood of text costs little. */
const LINE_CHARACTERS_MAX = 4096;

/** The phrases that a pack knows. Pure. */
export class Vocabulary {
  readonly concepts: readonly Concept[];
  /** Which of them the towers of pictures and of sound were taught. */
  readonly taught: Taught;
  readonly #byWords: ReadonlyMap<string, Concept>;
  readonly #longest: number;

  constructor(concepts: readonly Concept[], taught: Taught) {
    this.concepts = concepts;
    this.taught = taught;
    this.#byWords = new Map(concepts.map((concept) => [wordsOf(concept.name).join(" "), concept]));
    this.#longest = Math.max(0, ...concepts.map((concept) => wordsOf(concept.name).length));
  }

  /** Every phrase, in the pack's order: what a refused prompt is compared with. */
  get phrases(): readonly string[] {
    return this.concepts.map((concept) => concept.name);
  }

  /** The unit vector of a prompt, whatever its case, spaces, articles and simple plurals; undefined if it is unknown. */
  vector(prompt: string): Float32Array | undefined {
    const words = wordsOf(prompt);
    return (this.#lookUp(words) ?? this.#lookUp(words.filter((word) => !ARTICLES.has(word))))?.vector;
  }

  /**
   * The mean of the vectors of the phrases in a line, the longest first from left to right; undefined if none is known.
   * Shape: unit length. Bound: the first 4096 characters.
   */
  encodeLine(text: string): EncodedLine | undefined {
    const words = wordsOf(text.slice(0, LINE_CHARACTERS_MAX));
    const found: Concept[] = [];
    let known = 0;
    let unknown = 0;
    for (let i = 0; i < words.length; ) {
      const [concept, length] = this.#longestAt(words, i);
      if (concept !== undefined) {
        found.push(concept);
        known += length;
      } else if (!STOP_WORDS.has(words[i] as string)) {
        unknown++;
      }
      i += length;
    }
    if (found.length === 0) return undefined;
    return { vector: meanVector(found), quality: known / (known + unknown) };
  }

  #longestAt(words: readonly string[], start: number): [Concept | undefined, number] {
    for (let length = Math.min(this.#longest, words.length - start); length > 0; length--) {
      const concept = this.#lookUp(words.slice(start, start + length));
      if (concept !== undefined) return [concept, length];
    }
    return [undefined, 1];
  }

  #lookUp(words: readonly string[]): Concept | undefined {
    const last = words.at(-1);
    if (last === undefined) return undefined;
    const before = words.slice(0, -1);
    for (const form of [last, ...singulars(last)]) {
      const concept = this.#byWords.get([...before, form].join(" "));
      if (concept !== undefined) return concept;
    }
    return undefined;
  }
}

const ARTICLES = new Set(["a", "an", "the"]);

/** Checks and decodes the table of phrases. Errors: FusiondError "model_invalid". */
export function parseVocabulary(json: unknown, path: string, { space, dimensions }: Manifest): Vocabulary {
  const table = (json ?? {}) as Readonly<Record<string, unknown>>;
  const { phrases, vectors } = table;
  if (table["space"] !== space || table["dimensions"] !== dimensions) {
    throw new FusiondError("model_invalid", `${path} is of another space than the manifest's ${space} with ${dimensions} dimensions`);
  }
  if (!Array.isArray(phrases) || !phrases.every((phrase) => typeof phrase === "string") || typeof vectors !== "string") {
    throw new FusiondError("model_invalid", `${path} must have phrases, a list of texts, and vectors, a text in base64`);
  }
  const bytes = Buffer.from(vectors, "base64");
  if (bytes.length !== phrases.length * dimensions) {
    throw new FusiondError("model_invalid", `${path} has ${bytes.length} bytes of vectors, but ${phrases.length} phrases need ${phrases.length * dimensions}`);
  }
  const row = (i: number): Float32Array => Float32Array.from({ length: dimensions }, (_, k) => bytes.readInt8(i * dimensions + k));
  const concepts = phrases.map((name, i) => ({ name, vector: normalise(row(i)) }));
  return new Vocabulary(concepts, parseTaught(table["taught"], path, concepts));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

function singulars(word: string): string[] {
  if (word.length < 4 || !word.endsWith("s")) return [];
  return [word.slice(0, -1), ...(word.endsWith("es") ? [word.slice(0, -2)] : []), ...(word.endsWith("ies") ? [`${word.slice(0, -3)}y`] : [])];
}

function meanVector(concepts: readonly Concept[]): Float32Array {
  const sum = new Float32Array((concepts[0] as Concept).vector.length);
  for (const { vector } of concepts) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (vector[i] as number);
  return normalise(sum);
}
