// One ffmpeg child: one connection, decoded to frames and pieces of sound with their time stamps.
import type { ChildProcess, StdioOptions } from "node:child_process";
import type { Readable } from "node:stream";
import { endChild, exitOf, requireProgram, spawnBound } from "../runtime/child-process.js";
import { ExactReader } from "./exact-reader.js";
import { PIPES, type FfmpegCommand } from "./ffmpeg-args.js";
import { framecrcEntries, type FramecrcEntry } from "./framecrc.js";
import { eachLine } from "./stderr-notes.js";

/** Takes what is decoded, in order per stream; while it has not resolved the next piece of that stream is not read. */
export interface MediaHandlers {
  /** `pixels`: entry.height x entry.width x 3, uint8, RGB; a buffer of its own, which now belongs to the handler. */
  frame?(entry: FramecrcEntry, pixels: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Mono, -1..1; a buffer of its own. */
  sound?(ptsMs: number, samples: Float32Array<ArrayBuffer>): Promise<void>;
  /** A line of ffmpeg's stderr, with whatever secrets it holds. */
  complaint(line: string): void;
}

/** How a child ended; the code says little: ffmpeg exits 0 on a network timeout. */
export interface MediaEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long ffmpeg may take to say goodbye to a camera, ms: some count the connections that were not closed. */
const GOODBYE_MS = 1000;

/**
 * Runs ffmpeg until it ends or the signal aborts; resolves when the child has gone and all it gave was handled.
 *
 * Errors: FusiondError "dependency_missing" without ffmpeg; whatever a handler throws, after the child was ended.
 */
export async function decodeMedia(command: FfmpegCommand, handlers: MediaHandlers, signal: AbortSignal): Promise<MediaEnd> {
  const ffmpeg = requireProgram("ffmpeg", "ffmpeg");
  const child = spawnBound(ffmpeg, command.args, { stdio: stdioFor(handlers) });
  const exited = exitOf(child, "setpriv");
  const end = (): void => void endChild(child, GOODBYE_MS);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    child.stdin?.on("error", () => undefined); // it may end before it has read the list
    child.stdin?.end(command.stdin);
    if (child.stderr !== null) eachLine(child.stderr, (line) => handlers.complaint(line));
    const [exit] = await Promise.all([exited, readPictures(child, handlers, signal), readSound(child, handlers, signal)]);
    return exit;
  } finally {
    signal.removeEventListener("abort", end);
    await endChild(child, GOODBYE_MS);
  }
}

function stdioFor(handlers: MediaHandlers): StdioOptions {
  const picture = handlers.frame === undefined ? "ignore" : "pipe";
  const sound = handlers.sound === undefined ? "ignore" : "pipe";
  return ["pipe", picture, "pipe", picture, sound, sound];
}

async function readPictures(child: ChildProcess, handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
  if (handlers.frame === undefined) return;
  const [index, samples] = [pipe(child, PIPES.pictureIndex), pipe(child, PIPES.picture)];
  const reader = new ExactReader(samples);
  try {
    for await (const entry of framecrcEntries(index)) {
      if (entry.sizeBytes !== entry.width * entry.height * 3) return handlers.complaint("the picture changed its size");
      const pixels = await reader.read(entry.sizeBytes);
      if (pixels === undefined || signal.aborted) return;
      await handlers.frame(entry, pixels);
    }
  } finally {
    hangUp(index, samples);
  }
}

async function readSound(child: ChildProcess, handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
  if (handlers.sound === undefined) return;
  const [index, samples] = [pipe(child, PIPES.soundIndex), pipe(child, PIPES.sound)];
  const reader = new ExactReader(samples);
  try {
    for await (const entry of framecrcEntries(index)) {
      const piece = await reader.read(entry.sizeBytes);
      if (piece === undefined || signal.aborted) return;
      await handlers.sound(entry.ptsMs, new Float32Array(piece.buffer));
    }
  } finally {
    hangUp(index, samples);
  }
}

/** A child that writes to nobody ends; one that waits for a reader would not. */
function hangUp(...pipes: readonly Readable[]): void {
  for (const each of pipes) each.destroy();
}

function pipe(child: ChildProcess, fd: number): Readable {
  return child.stdio[fd] as Readable;
}
