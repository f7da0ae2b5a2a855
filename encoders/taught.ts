// What the towers of a pack were taught: a phrase has a place in the space whether or not a tower ever finds it there.
import { FusiondError } from "../fusion/model/errors.js";
import type { Concept } from "../fusion/model/space.js";
import { dot } from "../fusion/model/vector.js";

/** A tower that finds what it was shown while it was trained. */
export type TaughtTower = "image" | "audio";

/** What each tower was taught; absent where the pack does not say. */
export type Taught = Readonly<Partial<Record<TaughtTower, readonly Concept[]>>>;

/** Cosine from which two phrases mean the same to a pack: its vectors are stored in 8 bits. */
const SYNONYM_COSINE = 0.999;
/**
 * Cosine from which a concept is near enough to be named in another's place. Measured on the embedded pack: from here on
 * there are the truck for the fire truck and the sheep for the goat, below it the candle for the fire.
 */
const NEAR_COSINE = 0.45;

/** Whether two vectors of the vocabulary are one meaning. */
export function meansTheSame(a: Float32Array, b: Float32Array): boolean {
  return dot(a, b) >= SYNONYM_COSINE;
}

/** Whether a tower was taught what a vector of the vocabulary stands for. A tower of which the pack does not say is trusted. */
export function isTaught(taught: Taught, tower: TaughtTower, vector: Float32Array): boolean {
  return taught[tower]?.some((concept) => meansTheSame(concept.vector, vector)) ?? true;
}

/** The names of what a tower was taught that is nearest in meaning to a vector, nearest first; none where nothing is near. */
export function taughtNear(taught: Taught, tower: TaughtTower, vector: Float32Array, max: number): string[] {
  return (taught[tower] ?? [])
    .map(({ name, vector: other }) => ({ name, cosine: dot(other, vector) }))
    .filter(({ cosine }) => cosine >= NEAR_COSINE)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, max)
    .map(({ name }) => name);
}

/**
 * Checks what text.json says of its towers: by tower the phrases that it was taught, one for each meaning, or nothing.
 * Errors: FusiondError "model_invalid".
 */
export function parseTaught(json: unknown, path: string, concepts: readonly Concept[]): Taught {
  if (json === undefined) return {};
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FusiondError("model_invalid", `${path}: taught must be an object with the lists image and audio`);
  }
  const byName = new Map(concepts.map((concept) => [concept.name, concept]));
  const { image, audio, ...others } = json as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new FusiondError("model_invalid", `${path}: taught has no place for ${JSON.stringify(other)}: its towers are image and audio`);
  return {
    ...(image === undefined ? {} : { image: conceptsIn(image, `${path}: taught.image`, byName) }),
    ...(audio === undefined ? {} : { audio: conceptsIn(audio, `${path}: taught.audio`, byName) }),
  };
}

function conceptsIn(names: unknown, place: string, byName: ReadonlyMap<string, Concept>): Concept[] {
  if (!Array.isArray(names)) throw new FusiondError("model_invalid", `${place} must be a list of phrases`);
  return names.map((name: unknown) => {
    const concept = typeof name === "string" ? byName.get(name) : undefined;
    if (concept === undefined) throw new FusiondError("model_invalid", `${place} names ${JSON.stringify(name)}, which is none of the phrases`);
    return concept;
  });
}
