// A scene that any rule about a dog and a person must find: real pedestrians, and a real bark in a room's noise.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { media } from "./debian.js";

/** A scene's files, all of one length. */
export interface DogScene {
  /** H.264 without B frames, 640x480, 10 frames/s. */
  readonly video: string;
  /** 16 kHz mono. */
  readonly sound: string;
}

/** Moments of the barks: one every so many seconds, the first after two. */
const BARK_EVERY_S = 6;

/** Makes the scene in a folder that the caller owns; takes about two seconds. */
export function makeDogScene(folder: string, seconds: number): DogScene {
  const video = join(folder, "people.mp4");
  const sound = join(folder, "barks.wav");
  const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "10", "-pix_fmt", "yuv420p"];
  ffmpeg("-t", String(seconds), "-i", media.pedestrians(), "-vf", "scale=640:480", ...h264, video);
  const bark = `[1:a]aformat=sample_rates=16000:channel_layouts=mono,apad=whole_dur=${BARK_EVERY_S},aloop=loop=-1:size=${BARK_EVERY_S * 16_000},adelay=2000[bark]`;
  const mix = `${bark};[0:a][bark]amix=inputs=2:duration=first:normalize=0`;
  const noise = `anoisesrc=color=pink:amplitude=0.0045:seed=1:sample_rate=16000:duration=${seconds}`;
  ffmpeg("-f", "lavfi", "-i", noise, "-i", media.stamp("animals", "mammals", "dogs", "dog.ogg"), "-filter_complex", mix, sound);
  return { video, sound };
}

/** The scene as a camera with a microphone sends it: H.264 and AAC in one file. */
export function makeDogClip(folder: string, seconds: number): string {
  const { video, sound } = makeDogScene(folder, seconds);
  const clip = join(folder, "clip.mp4");
  ffmpeg("-i", video, "-i", sound, "-c:v", "copy", "-c:a", "aac", "-ar", "44100", clip);
  return clip;
}

/** Runs ffmpeg to its end with the same result each time. Errors: what it said. */
export function ffmpeg(...args: readonly string[]): void {
  execFileSync("ffmpeg", ["-nostdin", "-y", "-loglevel", "error", "-bitexact", ...args], { stdio: ["ignore", "ignore", "inherit"] });
}
