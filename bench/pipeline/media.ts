// What the cameras see and the microphones hear: real footage and real sounds, rendered once into the user's cache.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { FOOTAGE_FILE, SOUNDS_BY_NAME, defaultCacheFolder, mediaPath } from "../../daemon/demo/scene-media.js";
import { shortHash } from "../../fusion/model/observation.js";

/** Full paths. */
export interface BenchMedia {
  /** H.264 in MP4, 640x360, at the footage's own 10 frames a second: 79.5 s of pedestrians. */
  readonly video: string;
  /** WAV, 16 kHz, mono, 24 s: noise, voices, other sounds, and two barks every 8 s. */
  readonly audio: string;
  /** As the video, but its first picture alone, with a sensor's noise: nothing moves for 12 s. */
  readonly still: string;
}

interface PlayedSound {
  readonly file: string;
  readonly atMs: number;
}

const AUDIO_MS = 24_000;
const SOUND_RATE_HZ = 16_000;
/** Amplitude of pink noise that measures about -50 dBFS RMS: a room, not silence. */
const NOISE_AMPLITUDE = 0.014;
const VOICES = "sounds/freedesktop/stereo/audio-channel-";
const PLAYED: readonly PlayedSound[] = [
  ...[1_000, 2_000, 9_000, 10_000, 17_000, 18_000].map((atMs) => ({ file: SOUNDS_BY_NAME.dog.file, atMs })),
  { file: `${VOICES}front-center.oga`, atMs: 4_500 },
  { file: `${VOICES}front-left.oga`, atMs: 12_500 },
  { file: `${VOICES}rear-right.oga`, atMs: 20_500 },
  { file: SOUNDS_BY_NAME.vacuum.file, atMs: 6_500 },
  { file: SOUNDS_BY_NAME.bell.file, atMs: 14_500 },
  { file: SOUNDS_BY_NAME.saw.file, atMs: 22_000 },
];

const run = promisify(execFile);

/** Resolves with the media, from the cache if they are there. Errors: FusiondError "dependency_missing"; what ffmpeg says. */
export async function benchMedia(): Promise<BenchMedia> {
  const cache = defaultCacheFolder();
  const find = (file: string): string => mediaPath(join(cache, "debian"), file);
  const folder = join(cache, "bench");
  mkdirSync(folder, { recursive: true });
  return {
    video: await renderOnce(folder, "footage", "mp4", videoArgs(find(FOOTAGE_FILE))),
    audio: await renderOnce(folder, "sounds", "wav", audioArgs(find)),
    still: await renderOnce(folder, "still", "mp4", stillArgs(find(FOOTAGE_FILE))),
  };
}

const PICTURE = "crop=iw:iw*9/16,scale=640:360,setsar=1,format=yuv420p";
const H264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-bf", "0", "-g", "20"];

function videoArgs(footage: string): string[] {
  return ["-i", footage, "-an", "-vf", PICTURE, ...H264];
}

function stillArgs(footage: string): string[] {
  const still = "trim=end_frame=1,loop=loop=-1:size=1,setpts=N/10/TB,trim=duration=12";
  return ["-i", footage, "-an", "-vf", `${PICTURE},${still},noise=alls=4:allf=t:all_seed=1`, "-r", "10", ...H264];
}

function audioArgs(find: (file: string) => string): string[] {
  const inputs = PLAYED.flatMap(({ file }) => ["-i", find(file)]);
  const bed = `anoisesrc=color=pink:amplitude=${NOISE_AMPLITUDE}:seed=1:sample_rate=${SOUND_RATE_HZ}:duration=${AUDIO_MS / 1_000}[bed]`;
  const format = `aformat=sample_rates=${SOUND_RATE_HZ}:channel_layouts=mono`;
  const parts = PLAYED.map(({ atMs }, i) => `[${i}:a]${format},atrim=end=1.5,adelay=${atMs}[a${i}]`);
  const mix = `[bed]${PLAYED.map((_, i) => `[a${i}]`).join("")}amix=inputs=${PLAYED.length + 1}:duration=first:normalize=0[out]`;
  return [...inputs, "-filter_complex", [bed, ...parts, mix].join(";"), "-map", "[out]", "-c:a", "pcm_s16le", "-bitexact"];
}

/** The file's name holds a hash of its recipe; it is whole or absent, also after a kill. */
async function renderOnce(folder: string, name: string, extension: string, args: readonly string[]): Promise<string> {
  const file = join(folder, `${name}-${shortHash(...args)}.${extension}`);
  if (existsSync(file)) return file;
  const partial = join(folder, `${process.pid}.${name}.part.${extension}`);
  try {
    await run("ffmpeg", ["-hide_banner", "-nostdin", "-y", "-v", "error", ...args, partial]);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
  return file;
}
