// Makes the scenes of a plan: a camera's and a microphone's file, what is truly there, and a manifest.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { decodeSamples } from "../models/decode.js";
import { renderFile, type RenderingWords } from "../runtime/rendered-files.js";
import { inSamples } from "./levels.js";
import { MANIFEST_FILE, manifestText } from "./manifest.js";
import type { Material } from "./material.js";
import { mixSound, type Mixed } from "./mix-sound.js";
import { pictureArgs } from "./picture-args.js";
import { CAMERA, labelsText, MICROPHONE } from "./scene-labels.js";
import { planScenes, type ScenePlan } from "./scene-plan.js";
import { wavOf } from "./wav.js";

/** What is composed, and where to. */
export interface ComposeOptions {
  readonly material: Material;
  /** Made if missing; must be empty. */
  readonly folder: string;
  /** A whole number, 0 or more. */
  readonly seed: number;
  readonly count: number;
  /** Told before each scene. */
  readonly progress: (scene: ScenePlan) => void;
}

/** The towers' rate; a microphone's file has it too. */
const RATE_HZ = 16_000;

/**
 * Makes every scene in a folder of its own: `camera.mp4`, `microphone.wav`, `labels.csv`; the manifest comes last. The same
 * material and seed give the same bytes of labels and samples.
 * Errors: FusiondError "media_invalid", "dependency_missing" (ffmpeg).
 */
export async function composeScenes({ material, folder, seed, count, progress }: ComposeOptions, signal: AbortSignal): Promise<void> {
  const root = resolve(folder);
  makeEmpty(root);
  const plans = planScenes(material, { seed, count });
  const made: { plan: ScenePlan; mixed: Mixed }[] = [];
  for (const plan of plans) {
    signal.throwIfAborted();
    progress(plan);
    made.push({ plan, mixed: await composeScene(plan, join(root, plan.name), signal) });
  }
  writeFileSync(join(root, MANIFEST_FILE), manifestText(seed, made));
}

async function composeScene(plan: ScenePlan, folder: string, signal: AbortSignal): Promise<Mixed> {
  mkdirSync(folder);
  const backgrounds: Float32Array[] = [];
  for (let i = 0, samples = 0; i < plan.backgrounds.length && samples < inSamples(plan.durationMs, RATE_HZ); i++) {
    const piece = await decodeSamples((plan.backgrounds[i] as { path: string }).path, RATE_HZ);
    backgrounds.push(piece);
    samples += piece.length - inSamples(1_000, RATE_HZ); // some of it goes into the seams
  }
  const { sound } = plan;
  const clip = sound === undefined ? undefined : { ...sound, samples: await decodeSamples(sound.clip.path, RATE_HZ) };
  const mixed = mixSound(backgrounds, clip, plan.durationMs, RATE_HZ);
  writeFileSync(join(folder, `${MICROPHONE}.wav`), wavOf(mixed.samples, RATE_HZ));
  await renderFile(join(folder, `${CAMERA}.mp4`), pictureArgs(plan), plan.durationMs, wordsOf(plan), () => undefined, signal);
  writeFileSync(join(folder, "labels.csv"), labelsText(plan, mixed));
  return mixed;
}

function wordsOf({ name, footage }: ScenePlan): RenderingWords {
  return {
    failed: (reason) => `the picture of ${name} cannot be made of ${footage.path}: ${reason}`,
    aborted: `${name} was not finished: compose the scenes again, into an empty folder`,
  };
}

function makeEmpty(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length === 0) return;
  } catch (cause) {
    throw new FusiondError("media_invalid", `scenes cannot be written to ${folder}: name a folder that can be made (${messageOf(cause)})`, { cause });
  }
  throw new FusiondError("media_invalid", `${folder} holds something already: name a new folder, or empty it`);
}
