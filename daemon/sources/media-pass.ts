// One pass of ffmpeg over a source: what came of it, in words that may be shown.
import type { Readable } from "node:stream";
import { FusiondError } from "../../fusion/model/errors.js";
import type { Clock } from "../runtime/clock.js";
import { ffmpegCommand, type MediaInput, type PictureOutput } from "./ffmpeg-args.js";
import { FFMPEG_LIMITS } from "../runtime/child-process.js";
import { decodeMedia, type MediaEnd } from "./media-decoder.js";
import { failureOf, type Failure } from "./failure-words.js";
import type { MediaIntake } from "./media-intake.js";
import { ReplayWatch, STALL_MS } from "./replay-watch.js";
import type { WindowOptions } from "./pcm-windows.js";
import type { StderrNotes } from "./stderr-notes.js";
import { openWeb } from "./web-opening.js";

/** What is asked of one pass. */
export interface PassOptions {
  readonly input: MediaInput;
  readonly picture?: PictureOutput;
  readonly sound?: WindowOptions;
  readonly notes: StderrNotes;
  readonly clock: Clock;
}

/** What came of one pass. */
export interface Pass {
  /** A track that was asked for and is not there; ffmpeg then gives nothing at all. */
  readonly missing?: "picture" | "sound";
  /** Why nothing of it was taken although it could be decoded, in one sentence. */
  readonly refused?: string;
  readonly captures: number;
  readonly exitCode: number | null;
  /** How it ended, in an operator's words. */
  readonly failure: Failure;
  /** What ffmpeg complained about, the first and the last few lines, without secrets. */
  readonly complaints: readonly string[];
}

/** What ffmpeg says when a graph asks for a track that is not there. */
const NO_TRACK = /^Stream specifier ':([av]):0' .*matches no streams/;

/** What ffmpeg says when it is given no more memory. */
const NO_MEMORY = /Cannot allocate memory|Out of memory/i;

/** What ffmpeg says of a demuxer that is not on its list, which it then prints. */
const NOT_READ = /Format not on whitelist .*/;

/** How many complaints are kept: the first says why, the last says how it ended. */
const COMPLAINTS_MAX = 4;

/** Decodes into the intake until ffmpeg ends or the signal aborts. Errors: those of `decodeMedia`. */
export async function runPass(options: PassOptions, intake: MediaIntake, signal: AbortSignal): Promise<Pass> {
  const complaints: string[] = [];
  const found: { missing?: "picture" | "sound"; refused?: string; brokenOff?: string } = {};
  const complaint = (line: string): void => {
    const track = NO_TRACK.exec(line)?.[1];
    if (track !== undefined) found.missing = track === "a" ? "sound" : "picture";
    else if (complaints.push(options.notes.take(line)) > COMPLAINTS_MAX) complaints.splice(1, 1);
  };
  const { picture, sound, clock } = options;
  const opened = await open(options, signal);
  if (opened instanceof FusiondError) return { refused: opened.message, captures: 0, exitCode: null, failure: { ...failureOf([opened.message]), words: opened.message }, complaints: [opened.message] };
  const { input, body, paced } = opened;
  const frame = picture && { frame: intake.frame.bind(intake) };
  const samples = sound && { sound: intake.sound.bind(intake) };
  const refused = (sentence: string): void => void (found.refused = sentence);
  const brokenOff = (reason: string): void => void (found.brokenOff = failureOf([reason])?.words ?? reason);
  const command = ffmpegCommand(input, picture && { ...picture, all: paced }, sound);
  const watch = new ReplayWatch(input.mode === "replay" ? clock : undefined, () => refused(`ffmpeg gave nothing of it for ${STALL_MS / 1000} s`));
  const ends = AbortSignal.any([signal, watch.signal]);
  const end = await decodeMedia(command, { ...watch.over({ ...frame, ...samples }), complaint, refused, brokenOff }, ends, body).finally(() => watch.close());
  const told = found.refused ?? (found.missing && `it has no ${found.missing} track`) ?? found.brokenOff;
  const failure = told === undefined ? explain(intake.captures > 0, complaints, end, input.credentials !== undefined) : { words: told };
  return { ...found, captures: intake.captures, exitCode: end.code, failure, complaints };
}

/** A pass' input: of a web address, what it turned out to be. */
interface Opened {
  readonly input: MediaInput;
  readonly body?: Readable;
  readonly paced: boolean;
}

/** Opens a web address; anything else ffmpeg opens itself. */
async function open({ input, picture, clock }: PassOptions, signal: AbortSignal): Promise<Opened | FusiondError> {
  const { kind, location, credentials, follow, networkTimeoutMs } = input;
  if (kind !== "url" || !location.startsWith("http")) return { input, paced: false };
  try {
    const address = { url: location, follow, timeoutMs: networkTimeoutMs, snapshotsPerSecond: picture?.fps ?? 1, ...(credentials && { credentials }) };
    const { content, url, body, paced } = await openWeb(address, clock, signal);
    if (content === "file" || content === "playlist") return { input: { ...input, location: url }, paced };
    return { input: { ...input, flow: content }, paced, ...(body && { body }) };
  } catch (error) {
    if (error instanceof FusiondError) return error;
    throw error;
  }
}

/** Why a running stream ended stands last; before, decoders complain of all kinds of things. */
function explain(started: boolean, complaints: readonly string[], { signal }: MediaEnd, hasCredentials: boolean): Failure {
  if (complaints.some((line) => NO_MEMORY.test(line))) return { words: `to decode it takes more than ${FFMPEG_LIMITS.dataBytes / 1024 ** 3} GiB of memory` };
  if (complaints.some((line) => NOT_READ.test(line))) return { words: "it is a list of other places, or of a kind that is not read" };
  const known = failureOf(started ? complaints.slice(-1) : complaints, hasCredentials);
  if (known !== undefined) return known;
  if (signal !== null) return { words: `ffmpeg was ended by ${signal}` };
  return started ? { words: "the stream ended" } : { words: "it gives neither picture nor sound", isVague: true };
}
