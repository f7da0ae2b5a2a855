// What composed scenes were made of: written beside them, so that the same can be made again and scores can be told apart.
import { FusiondError } from "../../fusion/model/errors.js";
import type { Mixed } from "./mix-sound.js";
import { CONTROLS, type Control, type ScenePlan } from "./scene-plan.js";

/** The file's name. */
export const MANIFEST_FILE = "manifest.json";

/** How a scene was composed, as far as scores are told apart by it. */
export interface Composed {
  readonly control: Control;
  /** Level of the sound over the background, dB; absent where there is none. */
  readonly snrDb?: number;
}

/** The manifest's text. Times are seconds of the scene, levels dB; files are named as their tables name them. */
export function manifestText(seed: number, scenes: readonly { readonly plan: ScenePlan; readonly mixed: Mixed }[]): string {
  const manifest = {
    seed,
    count: scenes.length,
    scenes: scenes.map(({ plan: { name, control, durationMs, backgrounds, footage, sound }, mixed }) => ({
      name,
      control,
      seconds: durationMs / 1_000,
      background: { kind: backgrounds[0]?.kind, files: backgrounds.map(({ file }) => file), level_dbfs: rounded(mixed.backgroundDb) },
      footage: { file: footage.file, camera: footage.camera, what: footage.what },
      ...(sound === undefined || mixed.sound === undefined
        ? {}
        : {
            sound: {
              what: sound.clip.what,
              file: sound.clip.file,
              recording: sound.clip.recording,
              snr_db: sound.snrDb,
              gain_db: rounded(mixed.sound.gainDb),
              start: mixed.sound.fromMs / 1_000,
              end: mixed.sound.toMs / 1_000,
            },
          }),
    })),
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** By the scene's name, how it was composed. Errors: FusiondError "media_invalid" if the text is no manifest. */
export function parseManifest(text: string, path: string): ReadonlyMap<string, Composed> {
  const invalid = (cause?: unknown): FusiondError => new FusiondError("media_invalid", `${path} is not a manifest as "fusiond score compose" writes it: compose the scenes again, or remove it`, { cause });
  let scenes: unknown;
  try {
    ({ scenes } = JSON.parse(text) as { readonly scenes?: unknown });
  } catch (cause) {
    throw invalid(cause);
  }
  if (!Array.isArray(scenes)) throw invalid();
  return new Map(
    (scenes as readonly Readonly<Record<string, unknown>>[]).map((scene) => {
      const control = CONTROLS.find((one) => one === scene["control"]);
      const snrDb = (scene["sound"] as { readonly snr_db?: unknown } | undefined)?.snr_db;
      if (typeof scene["name"] !== "string" || control === undefined) throw invalid();
      return [scene["name"], { control, ...(typeof snrDb === "number" ? { snrDb } : {}) }];
    }),
  );
}

function rounded(db: number): number {
  return Math.round(db * 100) / 100;
}
