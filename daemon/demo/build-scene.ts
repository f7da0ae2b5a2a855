// Renders a scene with ffmpeg into the user's cache folder, once per scene.
import { RenderedFiles } from "../runtime/rendered-files.js";
import { FOOTAGE_MS } from "./footage.js";
import { audioArgs, backgroundArgs, videoArgs, type ScenePaths } from "./scene-ffmpeg.js";
import { FOOTAGE_FILE, mediaPath } from "./scene-media.js";
import type { Scene } from "./scene.js";

/** What is built, and where it comes from and goes to. */
export interface BuildSceneOptions {
  readonly scene: Scene;
  /** The unpacked Debian packages: the folder above `usr/share`. */
  readonly debianFolder: string;
  /** Finished files are kept here, at most `SCENE_FILES_MAX`. Made if missing. */
  readonly sceneFolder: string;
  /** A grey picture instead of the camera's: nothing fused may come of it. */
  readonly blank?: boolean;
  /** Quiet noise alone instead of the sound track: nothing fused may come of it. */
  readonly silent?: boolean;
}

/** What is told while a scene is built; nothing if it is in the cache. */
export interface BuildSceneTelemetry {
  /** `share`: 0..1 of this step. */
  progress(step: "background" | "sound" | "picture", share: number): void;
}

/** Full paths: H.264 in MP4, 640x480 at 10 frames a second; WAV, 16 kHz, mono. Both as long as the scene. */
export interface BuiltScene {
  readonly video: string;
  readonly audio: string;
}

/** How many files are kept in the cache folder, the least recently used going first: about 15 MB a picture. */
export const SCENE_FILES_MAX = 16;

/**
 * Resolves with the scene's files, rendered or from the cache. A file is whole or absent, also after a kill.
 * Errors: FusiondError "dependency_missing" (ffmpeg or a package's file), "media_invalid" if ffmpeg fails or is aborted.
 */
export async function buildScene(options: BuildSceneOptions, telemetry: BuildSceneTelemetry, signal: AbortSignal): Promise<BuiltScene> {
  const files = new RenderedFiles({
    folder: options.sceneFolder,
    filesMax: SCENE_FILES_MAX,
    failed: (reason) => `ffmpeg could not render the demo's scene (run "npm run setup -- --demo" again): ${reason}`,
    aborted: "the demo's scene was not finished: start the demo again to build it",
  });
  const render = (step: "background" | "sound" | "picture", name: string, extension: string, args: string[], lengthMs: number) =>
    files.render({ name, extension, args, lengthMs }, (share) => telemetry.progress(step, share), signal);
  const footage = mediaPath(options.debianFolder, FOOTAGE_FILE);
  const background = await render("background", "background", "png", backgroundArgs(footage, Math.floor(FOOTAGE_MS / 1_000)), FOOTAGE_MS);
  const paths: ScenePaths = { footage, background, media: (file) => mediaPath(options.debianFolder, file) };
  const { scene, blank = false, silent = false } = options;
  const name = `seed-${scene.seed}`;
  const audio = await render("sound", name, "wav", audioArgs(scene, paths, silent), scene.durationMs);
  const video = await render("picture", name, "mp4", videoArgs(scene, paths, blank), scene.durationMs);
  files.prune();
  return { video, audio };
}
