// One pass of ffmpeg over a source: what came of it, in words that may be shown.
import { ffmpegCommand, type MediaInput, type PictureOutput } from "./ffmpeg-args.js";
import { decodeMedia, type MediaEnd } from "./media-decoder.js";
import type { MediaIntake } from "./media-intake.js";
import type { WindowOptions } from "./pcm-windows.js";
import type { StderrNotes } from "./stderr-notes.js";

/** What is asked of one pass. */
export interface PassOptions {
  readonly input: MediaInput;
  readonly picture?: PictureOutput;
  readonly sound?: WindowOptions;
  readonly notes: StderrNotes;
}

/** What came of one pass. */
export interface Pass {
  /** A track that was asked for and is not there; ffmpeg then gives nothing at all. */
  readonly missing?: "picture" | "sound";
  readonly captures: number;
  readonly exitCode: number | null;
  /** How it ended, in one phrase without secrets. */
  readonly detail: string;
  /** What ffmpeg complained about, the first and the last few lines, without secrets. */
  readonly complaints: readonly string[];
}

/** What ffmpeg says when a graph asks for a track that is not there. */
const NO_TRACK = /^Stream specifier ':([av]):0' .*matches no streams/;

/** How many complaints are kept: the first says why, the last says how it ended. */
const COMPLAINTS_MAX = 4;

/** Decodes into the intake until ffmpeg ends or the signal aborts. Errors: those of `decodeMedia`. */
export async function runPass(options: PassOptions, intake: MediaIntake, signal: AbortSignal): Promise<Pass> {
  const complaints: string[] = [];
  const tracks: Partial<Record<"missing", "picture" | "sound">> = {};
  const complaint = (line: string): void => {
    const track = NO_TRACK.exec(line)?.[1];
    if (track !== undefined) tracks.missing = track === "a" ? "sound" : "picture";
    else if (complaints.push(options.notes.take(line)) > COMPLAINTS_MAX) complaints.splice(1, 1);
  };
  const { input, picture, sound } = options;
  const frame = picture && { frame: intake.frame.bind(intake) };
  const samples = sound && { sound: intake.sound.bind(intake) };
  const end = await decodeMedia(ffmpegCommand(input, picture, sound), { ...frame, ...samples, complaint }, signal);
  const detail = tracks.missing === undefined ? explain(intake.captures > 0, complaints, end) : `it has no ${tracks.missing} track`;
  return { ...tracks, captures: intake.captures, exitCode: end.code, detail, complaints };
}

/** Why a start failed may stand first or last; why a running stream ended stands last. */
function explain(started: boolean, complaints: readonly string[], { code, signal }: MediaEnd): string {
  const telling = new Set(started ? complaints.slice(-1) : [...complaints.slice(0, 1), ...complaints.slice(-1)]);
  if (telling.size > 0) return [...telling].map((line) => line.replace(/^pipe:0: /, "")).join("; ");
  return signal === null ? `ffmpeg ended with exit code ${code}` : `ffmpeg was ended by ${signal}`;
}
