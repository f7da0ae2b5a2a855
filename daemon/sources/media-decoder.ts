// One ffmpeg child: one connection, decoded to frames and pieces of sound with their time stamps.
import type { ChildProcess, StdioOptions } from "node:child_process";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { Socket } from "node:net";
import { pipeline, type Readable, type Writable } from "node:stream";
import { endChild, exitOf, FFMPEG_LIMITS, requireProgram, spawnLimited } from "../runtime/child-process.js";
import { socketPair, type SocketPair } from "../runtime/socket-pair.js";
import { ExactReader } from "./exact-reader.js";
import { PIPES, type FfmpegCommand } from "./ffmpeg-args.js";
import { framecrcEntries, type FramecrcEntry } from "./framecrc.js";
import { InputReport } from "./input-report.js";
import { PhaseJudge, type HeardSound } from "./phase.js";
import type { LentPixels } from "./picture-pool.js";
import { PictureReader } from "./picture-reader.js";
import { eachLine } from "./stderr-notes.js";

/** Takes what is decoded, in order per stream; while it has not resolved the next piece of that stream is not read. */
export interface MediaHandlers {
  /** `lent.pixels`: entry.height x entry.width x 3, uint8, RGB; the handler's until it releases them. */
  frame?(entry: FramecrcEntry, lent: LentPixels): Promise<void>;
  sound?(ptsMs: number, sound: HeardSound): Promise<void>;
  /** A line of ffmpeg's stderr, with whatever secrets it holds. */
  complaint(line: string): void;
  /** Why the body that went in broke off, in our own words or Node's. */
  brokenOff(reason: string): void;
  /** The input is not decoded, for this reason; nothing of it has come or will. */
  refused(sentence: string): void;
}

/** How a child ended; the code says little: ffmpeg exits 0 on a network timeout. */
export interface MediaEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long ffmpeg may take to say goodbye to a camera, ms: some count the connections that were not closed. */
const GOODBYE_MS = 1000;

/**
 * Runs ffmpeg until it ends or the signal aborts; resolves when the child has gone and all it gave was handled. `body`,
 * which is closed in any case, goes into it in place of `command.stdin`.
 *
 * Errors: FusiondError "dependency_missing" without ffmpeg; whatever a handler throws, after the child was ended.
 */
export async function decodeMedia(command: FfmpegCommand, handlers: MediaHandlers, signal: AbortSignal, body?: Readable): Promise<MediaEnd> {
  const file = await openFor(command);
  if (file instanceof Error) {
    handlers.complaint(file.message.replace(/^\w+: /, "")); // the error's code
    return { code: null, signal: null };
  }
  const pictures = handlers.frame === undefined ? undefined : await openPictures().catch(async (error: unknown) => {
    body?.destroy();
    await file?.close();
    throw error;
  });
  const child = startFfmpeg(command, handlers, { file, body, pictures });
  const exited = exitOf(child, "ffmpeg");
  const end = (): void => void endChild(child, GOODBYE_MS);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    child.stdin?.on("error", () => undefined); // it may end before it has read the list
    if (child.stdin !== null && body !== undefined) feed(body, child.stdin, handlers, signal);
    else child.stdin?.end(command.stdin);
    const accepted = heed(child, command, handlers, end, signal);
    const [exit] = await Promise.all([exited, readPictures(child, handlers, pictures, accepted, signal), readSound(child, handlers, accepted, signal)]);
    return exit;
  } finally {
    signal.removeEventListener("abort", end);
    body?.destroy();
    await endChild(child, GOODBYE_MS);
  }
}

/** Hears what ffmpeg says and refuses what it must; resolves with whether there is anything to be read. */
async function heed(child: ChildProcess, command: FfmpegCommand, handlers: MediaHandlers, end: () => void, signal: AbortSignal): Promise<boolean> {
  const { stderr } = child;
  if (stderr === null) return true;
  const report = new InputReport(command.judged);
  return new Promise((resolve) => {
    stderr.once("close", () => resolve(true)); // it had no more to say, or never says what it decodes
    eachLine(stderr, (line) => {
      const reported = report.take(line);
      if (reported === "accepted") return resolve(true);
      if (reported === undefined || signal.aborted) return; // what it says of our hanging up is no news
      if ("complaint" in reported) return handlers.complaint(reported.complaint);
      handlers.refused(reported.refused);
      resolve(false);
      end();
    });
  });
}

/** Hands a body on; that nobody takes it any more is no reason for its end. */
function feed(body: Readable, stdin: Writable, handlers: MediaHandlers, signal: AbortSignal): void {
  pipeline(body, stdin, (error) => {
    if (signal.aborted || (stdin.errored !== null && body.errored === null)) return;
    handlers.brokenOff(error?.message ?? "the camera ended the stream");
  });
}

/** The file that a command reads, opened without waiting for whoever writes to it, or why it cannot be. */
async function openFor({ file }: FfmpegCommand): Promise<FileHandle | Error | undefined> {
  if (file === undefined) return undefined;
  return open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}

/** What a child is given when it is started. */
interface Given {
  readonly file: FileHandle | undefined;
  readonly body: Readable | undefined;
  readonly pictures: PicturePipe | undefined;
}

/** Starts the child, which has the file and its end of the pictures' pipe from then on; closes all of it where it cannot be started. */
function startFfmpeg(command: FfmpegCommand, handlers: MediaHandlers, { file, body, pictures }: Given): ChildProcess {
  const stdio: StdioOptions = [...streamsFor(handlers, pictures), file?.fd ?? "ignore"];
  try {
    return spawnLimited(requireProgram("ffmpeg", "ffmpeg"), command.args, { stdio }, FFMPEG_LIMITS);
  } catch (error) {
    body?.destroy();
    pictures?.ours.destroy();
    throw error;
  } finally {
    void file?.close();
    pictures?.theirs.destroy();
  }
}

/** The child's descriptors up to `FILE_FD`. */
function streamsFor(handlers: MediaHandlers, pictures: PicturePipe | undefined): ("pipe" | "ignore" | Socket)[] {
  const index = pictures === undefined ? "ignore" : "pipe";
  const sound = handlers.sound === undefined ? "ignore" : "pipe";
  return ["pipe", pictures?.theirs ?? "ignore", "pipe", index, sound, sound];
}

/** The pipe of the pictures and who reads it. */
interface PicturePipe extends SocketPair {
  readonly reader: PictureReader;
}

async function openPictures(): Promise<PicturePipe> {
  const reader = new PictureReader();
  const pair = await socketPair(reader.onread);
  reader.attach(pair.ours);
  return { ...pair, reader };
}

async function readPictures(child: ChildProcess, handlers: MediaHandlers, pictures: PicturePipe | undefined, accepted: Promise<boolean>, signal: AbortSignal): Promise<void> {
  if (handlers.frame === undefined || pictures === undefined) return;
  const index = pipe(child, PIPES.pictureIndex);
  try {
    for await (const entry of framecrcEntries(index)) {
      if (entry.sizeBytes !== entry.width * entry.height * 3) return handlers.complaint("the picture changed its size");
      const lent = await pictures.reader.read(entry.sizeBytes);
      if (lent === undefined || signal.aborted || !(await accepted)) return;
      await handlers.frame(entry, lent);
    }
  } finally {
    hangUp(index, pictures.ours);
  }
}

async function readSound(child: ChildProcess, handlers: MediaHandlers, accepted: Promise<boolean>, signal: AbortSignal): Promise<void> {
  if (handlers.sound === undefined) return;
  const [index, samples] = [pipe(child, PIPES.soundIndex), pipe(child, PIPES.sound)];
  const judge = new PhaseJudge();
  const reader = new ExactReader(samples);
  try {
    for await (const entry of framecrcEntries(index)) {
      const piece = await reader.read(entry.sizeBytes);
      if (piece === undefined || signal.aborted || !(await accepted)) return;
      await handlers.sound(entry.ptsMs, judge.take(new Float32Array(piece.buffer)));
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
