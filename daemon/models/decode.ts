// Pictures and sounds of files as captures, decoded by ffmpeg.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { FrameCapture, SoundCapture } from "../../encoders/capture.js";
import type { SoundTower } from "../../encoders/pack-manifest.js";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { InputReport, PIXELS_MAX, type ReportOptions } from "../sources/input-report.js";
import { PhaseJudge, sumAndDifference } from "../sources/phase.js";
import { FROM_FILE } from "../sources/media-formats.js";
import { exitOf, FFMPEG_LIMITS, requireProgram, spawnLimited } from "../runtime/child-process.js";

/** Larger squares are made this large before they are handed on, side in pixels: no tower looks at more. */
const PICTURE_SIDE_MAX = 512;
/** What is heard of one sound at once at most, s. */
export const SOUND_MAX_S = 600;
/** The descriptor on which ffmpeg gets the file: it sees no name, and so judges by content alone. */
const FILE_FD = 3;
/** As many as a source's sound comes in. */
const PIECES_PER_SECOND = 10;
/** How long one file may take, ms. */
const DEADLINE_MS = 60_000;
/** How much of what ffmpeg says is kept, characters. */
const STDERR_TAIL = 500;

/** The centre square of a picture, mid-grey where it is transparent. Errors: FusiondError "media_invalid". */
export async function decodePicture(path: string): Promise<FrameCapture> {
  const square = "crop='min(iw,ih)':'min(iw,ih)':exact=1"; // pictures with halved colour are rounded to even sides otherwise, and no square
  const small = `scale='min(iw,${PICTURE_SIDE_MAX})':-1:flags=area`;
  const onGrey = "format=rgba,split[bare][top];[bare]lutrgb=r=128:g=128:b=128:a=255[grey];[grey][top]overlay=format=rgb";
  const pixels = await decode(path, { picture: true, sound: false }, ["-an", "-vf", `${square},${small},${onGrey}`, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo"]);
  const side = Math.sqrt(pixels.length / 3);
  if (!Number.isInteger(side) || side === 0) throw new FusiondError("media_invalid", `${path} has no picture that can be decoded`);
  return { modality: "image", sourceId: path, seq: 0, capturedAt: 0, durationMs: 0, receivedAtMs: performance.now(), width: side, height: side, pixels };
}

/**
 * The windows of a sound that a tower would be given, silence after its end. Bound: the first 10 minutes.
 * Errors: FusiondError "media_invalid".
 */
export async function decodeSound(path: string, { sampleRateHz, windowMs, hopMs }: Pick<SoundTower, "sampleRateHz" | "windowMs" | "hopMs">): Promise<SoundCapture[]> {
  const samples = await decodeSamples(path, sampleRateHz);
  if (samples.length === 0) throw new FusiondError("media_invalid", `${path} has no sound that can be decoded`);
  return soundWindows(samples, (sampleRateHz * windowMs) / 1000, (sampleRateHz * hopMs) / 1000).map((window, seq) => ({
    modality: "audio",
    sourceId: path,
    seq,
    capturedAt: seq * hopMs,
    durationMs: windowMs,
    receivedAtMs: performance.now(),
    sampleRateHz,
    samples: window,
  }));
}

/**
 * The samples of a sound as a source would be heard to give them, mono, from `fromS` on; none behind its end.
 * Bound: 10 minutes. Errors: FusiondError "media_invalid".
 */
export async function decodeSamples(path: string, sampleRateHz: number, fromS = 0): Promise<Float32Array> {
  const filters = ["-ss", String(fromS), "-t", String(SOUND_MAX_S), "-af", sumAndDifference(sampleRateHz)];
  const bytes = await decode(path, { picture: false, sound: true }, ["-vn", ...filters, "-c:a", "pcm_f32le", "-f", "f32le"]);
  return heard(new Float32Array(new Uint8Array(bytes).buffer), sampleRateHz);
}

/** What a source that gives this would be heard to say. */
function heard(pairs: Float32Array, sampleRateHz: number): Float32Array {
  const [judge, length] = [new PhaseJudge(), 2 * Math.round(sampleRateHz / PIECES_PER_SECOND)];
  const samples = new Float32Array(pairs.length / 2);
  for (let at = 0; at < pairs.length; at += length) samples.set(judge.take(pairs.subarray(at, at + length)).samples, at / 2);
  return samples;
}

/** Windows of `length` samples, one every `hop`, until all was in one; zeros after the end. At least one. */
export function soundWindows(samples: Float32Array, length: number, hop: number): Float32Array[] {
  const count = 1 + Math.max(0, Math.ceil((samples.length - length) / hop));
  return Array.from({ length: count }, (_, i) => {
    const window = new Float32Array(length);
    window.set(samples.subarray(i * hop, i * hop + length));
    return window;
  });
}

async function decode(path: string, judged: ReportOptions, output: readonly string[]): Promise<Uint8Array> {
  const limits = ["-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-max_pixels", String(PIXELS_MAX), "-threads", "1"];
  const input = ["-format_whitelist", FROM_FILE.formats, "-protocol_whitelist", FROM_FILE.protocols, "-i", `file:/dev/fd/${FILE_FD}`];
  const failed = (why: string, cause?: unknown): FusiondError => new FusiondError("media_invalid", `${path} cannot be decoded: ${why}`, { cause });
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw failed(messageOf(error), error);
  });
  const child = spawnLimited(
    requireProgram("ffmpeg", "ffmpeg"),
    [...limits, ...input, ...output, "pipe:1"],
    { stdio: ["ignore", "pipe", "pipe", file.fd], timeout: DEADLINE_MS, killSignal: "SIGKILL" },
    FFMPEG_LIMITS,
  );
  void file.close(); // the child has its own
  const report = new InputReport(judged);
  let said = "";
  let refused: string | undefined;
  createInterface({ input: child.stderr as Readable }).on("line", (line) => {
    const reported = report.take(line);
    if (typeof reported !== "object") return;
    if ("complaint" in reported) said = `${said}\n${reported.complaint}`.slice(-STDERR_TAIL);
    else if (child.kill("SIGKILL")) refused ??= reported.refused;
  });
  const [ended, bytes] = await Promise.all([exitOf(child, "ffmpeg"), collected(child.stdout as Readable)]);
  if (refused !== undefined) throw failed(refused);
  if (ended.code === 0) return bytes;
  const late = child.killed ? `ffmpeg took longer than ${DEADLINE_MS / 1000} s` : undefined;
  const crashed = ended.signal === null ? undefined : `ffmpeg ended by ${ended.signal}`;
  throw failed(late ?? crashed ?? said.trim().replaceAll("\n", " | "));
}

async function collected(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
