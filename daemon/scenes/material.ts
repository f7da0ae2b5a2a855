// What scenes are made of: labelled sounds, backgrounds and footage, each a folder with a labels.csv.
import { FusiondError } from "../../fusion/model/errors.js";

/** A recording of one sound, silence around it allowed. */
export interface SoundClip {
  /** As its table names it. */
  readonly file: string;
  /** Full path. */
  readonly path: string;
  /** The phrase that it is found by. */
  readonly what: string;
  /** What it was cut from. */
  readonly recording: string;
}

/** A recording of an ordinary place. */
export interface Background {
  readonly file: string;
  readonly path: string;
  /** Recordings of one kind of place follow each other where one is too short. */
  readonly kind: string;
  readonly recording: string;
}

/** A part of some footage in which the same is to be seen all the time. */
export interface FootagePart {
  readonly file: string;
  readonly path: string;
  /** Which camera it is of: a scene is of one. */
  readonly camera: string;
  /** From the start of the file, ms; Infinity: to its end. */
  readonly fromMs: number;
  readonly toMs: number;
  /** What is in view; nothing of note if empty. */
  readonly what: readonly string[];
}

/** All of it, in a fixed order. */
export interface Material {
  readonly sounds: readonly SoundClip[];
  readonly backgrounds: readonly Background[];
  readonly footage: readonly FootagePart[];
}

/**
 * Returns if scenes can be made of it: sounds, backgrounds, and footage both with and without the one who is to be seen.
 * Errors: FusiondError "media_invalid", which says what is missing.
 */
export function requireMaterial({ sounds, backgrounds, footage }: Material, seen: string): void {
  const missing = (what: string): FusiondError => new FusiondError("media_invalid", `scenes cannot be composed without ${what}: add a row to the labels.csv of its folder`);
  if (sounds.length === 0) throw missing("a labelled sound");
  if (backgrounds.length === 0) throw missing("a background");
  if (!footage.some((part) => part.what.includes(seen))) throw missing(`footage of a ${seen}`);
  if (!footage.some((part) => part.what.length === 0)) throw missing("footage of nothing, a row whose what is empty");
}
