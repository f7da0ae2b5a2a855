// What a scene is made of: the footage, the photographs and the recorded sounds, and where Debian's packages put them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FusiondError } from "../../fusion/model/errors.js";
import { cacheFolder } from "../runtime/cache-folder.js";

/** A photograph that can pass through the picture. */
export interface PictureMedia {
  /** Below `usr/share`. */
  readonly file: string;
  /** Which way it looks, so that it never walks backwards. */
  readonly faces: "left" | "right";
  /** What a reader of the report calls it. */
  readonly label: string;
  /** Plausible heights in the scene's picture, pixels. */
  readonly heightPx: readonly [number, number];
}

/** A recorded sound. */
export interface SoundMedia {
  /** Below `usr/share`. */
  readonly file: string;
  /** How much of it is played, ms: all, or the first part of a long one. */
  readonly durationMs: number;
  /** What a reader of the report calls it. */
  readonly label: string;
}

const STAMPS = "tuxpaint/stamps";
const SOUNDS = "sounds/freedesktop/stereo";

/** The photographs, of tuxpaint-stamps-default. */
export const PICTURES = {
  dog: { file: `${STAMPS}/animals/mammals/dogs/dog.png`, label: "dog", faces: "right", heightPx: [100, 140] },
  cow: { file: `${STAMPS}/animals/mammals/bovines/cow.png`, label: "cow", faces: "right", heightPx: [110, 150] },
  rooster: { file: `${STAMPS}/animals/birds/rooster.png`, label: "rooster", faces: "right", heightPx: [90, 120] },
  firetruck: { file: `${STAMPS}/vehicles/emergency/firetruck.png`, label: "fire truck", faces: "left", heightPx: [90, 130] },
} as const satisfies Record<string, PictureMedia>;

/** The sounds, of tuxpaint-stamps-default and sound-theme-freedesktop. */
export const SOUNDS_BY_NAME = {
  dog: { file: `${STAMPS}/animals/mammals/dogs/dog.ogg`, durationMs: 900, label: "dog" },
  cow: { file: `${STAMPS}/animals/mammals/bovines/cow.ogg`, durationMs: 1_200, label: "cow" },
  rooster: { file: `${STAMPS}/animals/birds/rooster.ogg`, durationMs: 1_800, label: "rooster" },
  firetruck: { file: `${STAMPS}/vehicles/emergency/firetruck.ogg`, durationMs: 5_000, label: "fire truck" },
  alarm: { file: `${SOUNDS}/alarm-clock-elapsed.oga`, durationMs: 5_000, label: "alarm clock" },
  bell: { file: `${SOUNDS}/bell.oga`, durationMs: 200, label: "bell" },
  vacuum: { file: `${STAMPS}/household/vacuum_cleaner.ogg`, durationMs: 900, label: "vacuum cleaner" },
  toilet: { file: `${STAMPS}/household/toilet.ogg`, durationMs: 2_200, label: "toilet" },
  saw: { file: `${STAMPS}/household/tools/saw.ogg`, durationMs: 1_300, label: "saw" },
} as const satisfies Record<string, SoundMedia>;

/** One of the photographs. */
export type PictureName = keyof typeof PICTURES;
/** One of the sounds. */
export type SoundName = keyof typeof SOUNDS_BY_NAME;

/** The pedestrian footage of opencv-doc: 768x576, 10 frames a second. */
export const FOOTAGE_FILE = "doc/opencv-doc/examples/data/vtest.avi";

/** The user's cache folder of fusiond; unpacked Debian packages lie in `debian` below it. Errors: FusiondError "dependency_missing". */
export function defaultCacheFolder(): string {
  const folder = cacheFolder();
  if (folder !== undefined) return folder;
  throw new FusiondError("dependency_missing", "there is no home folder in which the demo's media could lie: set HOME or XDG_CACHE_HOME");
}

/**
 * The full path of a medium (`file` as in the tables above) below the folder that holds the unpacked packages.
 * Errors: FusiondError "dependency_missing", which says how to get it.
 */
export function mediaPath(debianFolder: string, file: string): string {
  const path = join(debianFolder, "usr/share", file);
  if (!existsSync(path)) {
    throw new FusiondError("dependency_missing", `the demo's medium ${path} is missing: run "npm run setup -- --demo" to download it`);
  }
  return path;
}
