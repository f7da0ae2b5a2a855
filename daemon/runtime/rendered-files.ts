// Files that ffmpeg makes, once each, in a folder that stays bounded.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { FusiondError } from "../../fusion/model/errors.js";
import { shortHash } from "../../fusion/model/observation.js";
import { endChild, exitOf, requireProgram, spawnBound } from "./child-process.js";

/** What is said of a file that was not rendered. */
export interface RenderingWords {
  /** Why ffmpeg failed, as a sentence, from its last words. */
  readonly failed: (reason: string) => string;
  /** A sentence for a rendering that was ended. */
  readonly aborted: string;
}

/** Where rendered files are kept. */
export interface RenderedFilesOptions extends RenderingWords {
  /** Made if missing. */
  readonly folder: string;
  /** How many files are kept, the least recently used going first. */
  readonly filesMax: number;
}

/** What is rendered. */
export interface Recipe {
  /** First part of the file's name, for people. */
  readonly name: string;
  readonly extension: string;
  /** All of ffmpeg's arguments but the output: the file's name holds a hash of them, so a change of the recipe is another file. */
  readonly args: readonly string[];
  /** Of the output, ms: progress is told as a share of it. */
  readonly lengthMs: number;
}

/** ffmpeg's output arguments of a picture: H.264 in MP4, which decodes to the same frames everywhere. */
export const H264_MP4: readonly string[] = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-bf", "0", "-g", "20", "-pix_fmt", "yuv420p", "-f", "mp4"];

const STDERR_CHARS_MAX = 2_000;
const PARTIAL_AGE_MS_MAX = 3_600_000;

/** Renders files and keeps them. A file is whole or absent, also after a kill. */
export class RenderedFiles {
  readonly #options: RenderedFilesOptions;

  constructor(options: RenderedFilesOptions) {
    this.#options = options;
  }

  /**
   * The full path of a recipe's file, rendered or kept from before. `progress` gets shares 0..1, nothing if it was kept.
   * Errors: FusiondError "dependency_missing" (ffmpeg), "media_invalid" if ffmpeg fails or is aborted.
   */
  async render({ name, extension, args, lengthMs }: Recipe, progress: (share: number) => void, signal: AbortSignal): Promise<string> {
    mkdirSync(this.#options.folder, { recursive: true });
    const file = join(this.#options.folder, `${name}-${shortHash(...args)}.${extension}`);
    const now = new Date();
    try {
      utimesSync(file, now, now); // it is there, and was used now
      return file;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
    }
    await renderFile(file, args, lengthMs, this.#options, progress, signal);
    return file;
  }

  /** Brings the folder back to `filesMax` files, and clears away what killed renderings left. */
  prune(): void {
    const files = readdirSync(this.#options.folder).map((name) => {
      const path = join(this.#options.folder, name);
      return { path, usedAtMs: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
    });
    const partials = files.filter((file) => file.path.endsWith(".part") && Date.now() - file.usedAtMs > PARTIAL_AGE_MS_MAX);
    const whole = files.filter((file) => !file.path.endsWith(".part")).sort((a, b) => b.usedAtMs - a.usedAtMs);
    for (const { path } of [...partials, ...whole.slice(this.#options.filesMax)]) rmSync(path, { force: true });
  }
}

/**
 * Lets ffmpeg write one file at a path; it is whole or absent, also after a kill. `args`: all but the output; `lengthMs`: of
 * the output, of which `progress` gets shares, 0..1.
 * Errors: FusiondError "dependency_missing" (ffmpeg), "media_invalid" if ffmpeg fails or is aborted.
 */
export async function renderFile(
  file: string,
  args: readonly string[],
  lengthMs: number,
  words: RenderingWords,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  requireProgram("ffmpeg", "ffmpeg");
  const partial = `${file}.${process.pid}.part`;
  try {
    await run([...args, partial], lengthMs, words, progress, signal);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

async function run(args: readonly string[], lengthMs: number, words: RenderingWords, progress: (share: number) => void, signal: AbortSignal): Promise<void> {
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
  if (signal.aborted) throw new FusiondError("media_invalid", words.aborted);
  if (code !== 0) throw new FusiondError("media_invalid", words.failed(complaint.trim().split("\n").at(-1) ?? ""));
  progress(1);
}
