// Renders a scene with ffmpeg into the user's cache folder, once per scene.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { FusiondError } from "../../fusion/model/errors.js";
import { shortHash } from "../../fusion/model/observation.js";
import { endChild, exitOf, requireProgram, spawnBound } from "../runtime/child-process.js";
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

const STDERR_CHARS_MAX = 2_000;
const PARTIAL_AGE_MS_MAX = 3_600_000;

/**
 * Resolves with the scene's files, rendered or from the cache. A file is whole or absent, also after a kill.
 * Errors: FusiondError "dependency_missing" (ffmpeg or a package's file), "media_invalid" if ffmpeg fails or is aborted.
 */
export async function buildScene(options: BuildSceneOptions, telemetry: BuildSceneTelemetry, signal: AbortSignal): Promise<BuiltScene> {
  requireProgram("ffmpeg", "ffmpeg");
  mkdirSync(options.sceneFolder, { recursive: true });
  const render = (step: "background" | "sound" | "picture", prefix: string, extension: string, args: string[], lengthMs: number) => {
    const told = (share: number): void => telemetry.progress(step, share);
    return renderOnce(join(options.sceneFolder, `${prefix}-${shortHash(...args)}.${extension}`), args, lengthMs, told, signal);
  };
  const footage = mediaPath(options.debianFolder, FOOTAGE_FILE);
  const background = await render("background", "background", "png", backgroundArgs(footage, Math.floor(FOOTAGE_MS / 1_000)), FOOTAGE_MS);
  const paths: ScenePaths = { footage, background, media: (file) => mediaPath(options.debianFolder, file) };
  const { scene, blank = false, silent = false } = options;
  const name = `seed-${scene.seed}`;
  const audio = await render("sound", name, "wav", audioArgs(scene, paths, silent), scene.durationMs);
  const video = await render("picture", name, "mp4", videoArgs(scene, paths, blank), scene.durationMs);
  pruneSceneFolder(options.sceneFolder);
  return { video, audio };
}

/** The file's name holds a hash of what makes it, so a change of the recipe is another file. */
async function renderOnce(
  file: string,
  args: readonly string[],
  lengthMs: number,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const now = new Date();
  try {
    utimesSync(file, now, now); // it is there, and was used now
    return file;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
  const partial = `${file}.${process.pid}.part`;
  try {
    await runFfmpeg([...args, partial], lengthMs, progress, signal);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
  return file;
}

async function runFfmpeg(args: readonly string[], lengthMs: number, progress: (share: number) => void, signal: AbortSignal): Promise<void> {
  const all = ["-hide_banner", "-nostdin", "-y", "-v", "error", "-progress", "pipe:1", ...args];
  const child = spawnBound("ffmpeg", all, { stdio: ["ignore", "pipe", "pipe"] });
  const exit = exitOf(child, "ffmpeg");
  const abort = (): void => void endChild(child, 1_000);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-STDERR_CHARS_MAX)));
  createInterface({ input: child.stdout as Readable }).on("line", (line) => {
    const timeUs = /^out_time_us=(\d+)$/.exec(line)?.[1];
    if (timeUs !== undefined) progress(Math.min(1, Number(timeUs) / 1_000 / lengthMs));
  });
  const { code } = await exit.finally(() => signal.removeEventListener("abort", abort));
  if (signal.aborted) throw new FusiondError("media_invalid", "the demo's scene was not finished: start the demo again to build it");
  if (code !== 0) {
    const reason = complaint.trim().split("\n").at(-1) ?? "";
    throw new FusiondError("media_invalid", `ffmpeg could not render the demo's scene (run "npm run setup -- --demo" again): ${reason}`);
  }
  progress(1);
}

/** Keeps the cache bounded, and clears away what killed builds left. */
function pruneSceneFolder(folder: string): void {
  const files = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return { path, usedAtMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  const partials = files.filter((file) => file.path.endsWith(".part") && Date.now() - file.usedAtMs > PARTIAL_AGE_MS_MAX);
  const whole = files.filter((file) => !file.path.endsWith(".part")).sort((a, b) => b.usedAtMs - a.usedAtMs);
  for (const { path } of [...partials, ...whole.slice(SCENE_FILES_MAX)]) rmSync(path, { force: true });
}
