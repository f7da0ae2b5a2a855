// What ffmpeg is asked for: pure, so that every kind of source can be checked without one running.
import { FusiondError } from "../../fusion/model/errors.js";
import { PIXELS_MAX, type ReportOptions } from "./input-report.js";
import { CONTAINERS, FROM_FILE, FROM_RTSP, fromHttp, type Allowed } from "./media-formats.js";
import { sumAndDifference } from "./phase.js";
import { MARKED, pictureStamps, soundStamps } from "./stamp-filters.js";
import { encodeUserinfo, shownLocation, type Credentials } from "./redact.js";

/** How a source is read: as it happens, a file as if it happened now, or a file as fast as it is taken. */
export type MediaMode = "live" | "realtime_file" | "replay";

/** When what a live source gives happened: as its own stamps say, when it arrived, or as its stamps say if read no faster. */
export type Stamps = "own" | "arrival" | "paced";

/** What is at a location; whoever names it has looked. */
export type MediaKind = "url" | "video_device" | "file";

/** Where media comes from. */
export interface MediaInput {
  readonly kind: MediaKind;
  /** An rtsp, rtsps, http or https URL with its scheme in small letters, a V4L2 device, or a path. */
  readonly location: string;
  /** What of a URL that was opened already comes in by stdin: pictures with or without headers, or any container. */
  readonly flow?: "multipart" | "motion_jpeg" | "stream";
  /** Whether a source may lead to other hosts and files: playlists, redirects. */
  readonly follow: boolean;
  readonly credentials?: Credentials;
  readonly mode: MediaMode;
  /** Only for files that are played in real time: from the start again at the end. */
  readonly loop?: boolean;
  /** Only for what is live; default: "own". */
  readonly stamps?: Stamps;
  /** How long the network may be silent before ffmpeg gives up, ms. */
  readonly networkTimeoutMs: number;
}

/** What is wanted of the picture. */
export interface PictureOutput {
  /** At most so many frames per second, 0.1..60; a slower camera gives what it has. */
  readonly fps: number;
  /** Every frame, because they are fetched at that rate. */
  readonly all?: boolean;
  /** The height follows from the picture's proportions, rounded to an even number, at most `HEIGHT_RATIO_MAX` times this. */
  readonly widthPx: number;
}

/** What is wanted of the sound: float32, the sum of its channels and their difference in turn. */
export interface SoundOutput {
  readonly sampleRateHz: number;
}

/** Numbers of the file descriptors on which an ffmpeg child answers: samples, and one framecrc line for each piece. Pictures: see `socketPair`. */
export const PIPES = { picture: 1, pictureIndex: 3, soundIndex: 4, sound: 5 } as const;

/** The file descriptor on which a child gets a file that was opened for it. */
export const FILE_FD = 6;

/** How to start ffmpeg. `stdin` is to be written and ended; it holds what must not be in argv. */
export interface FfmpegCommand {
  readonly args: readonly string[];
  readonly stdin: string;
  /** What ffmpeg's words about the input are judged by. */
  readonly judged: ReportOptions;
  /** To be opened for the child on `FILE_FD`. ffmpeg sees no name, and so judges by content alone. */
  readonly file?: string;
}

/** A picture that is higher than so many times its width is squeezed: what comes out is bounded, whatever goes in. */
export const HEIGHT_RATIO_MAX = 4;

/** Pieces of sound per second that get a time stamp each; bounds how late a gap is seen. */
const SOUND_PIECES_PER_SECOND = 10;

/**
 * The command that decodes a source's picture, its sound, or both, on one connection.
 *
 * Each stream goes out twice: as samples and as framecrc, which gives each piece its PTS, size and checksum. ffmpeg writes
 * both from one thread in either order: whoever reads must take samples before their line has come.
 * Picture and sound are two filter graphs: one graph would wait for a mute camera's first sound before the first frame.
 * Errors: FusiondError "config_invalid" for a location that no list can hold.
 */
export function ffmpegCommand(
  input: MediaInput,
  picture: PictureOutput | undefined,
  sound: SoundOutput | undefined,
): FfmpegCommand {
  const opened = inputArgs(input);
  const host = input.kind === "url" && !input.follow ? { host: new URL(input.location).hostname } : {};
  const live = input.mode !== "replay";
  return {
    ...opened,
    judged: { picture: picture !== undefined, sound: sound !== undefined, ...host },
    args: [
      ...["-hide_banner", "-nostats", "-nostdin", "-loglevel", "level+info", "-filter_complex_threads", "1"],
      ...opened.args,
      ...(picture === undefined ? [] : pictureArgs(picture, live)),
      ...(sound === undefined ? [] : soundArgs(sound, live)),
    ],
  };
}

/**
 * One thread a decoder: what is live is decoded with low_delay, which lets no frames be decoded side by side, so that more would
 * only hold memory and cost CPU time. docs/benchmarks.md has what each gave.
 */
const DECODING = ["-max_pixels", String(PIXELS_MAX), "-threads", "1"];

function inputArgs(input: MediaInput): Omit<FfmpegCommand, "judged"> {
  const { location, mode } = input;
  const replayed = mode === "replay";
  switch (input.kind) {
    case "url": {
      const stamps = input.stamps === "arrival" || isPictures(input.flow) ? ["-use_wallclock_as_timestamps", "1"] : [];
      const pace = input.stamps === "paced" ? ["-re"] : [];
      const live = [...DECODING, "-flags", "low_delay", ...stamps, ...pace];
      if (input.flow !== undefined) return { args: [...live, ...flowArgs(input.flow), "-i", "pipe:0"], stdin: "" };
      const list = ["-f", "concat", "-safe", "0", "-protocol_whitelist", `pipe,${allowedAt(input).protocols}`, "-i", "pipe:0"];
      return { args: [...live, ...list], stdin: concatList(input) };
    }
    case "video_device":
      return { args: [...DECODING, "-f", "v4l2", "-i", location], stdin: "" };
    case "file": {
      const pace = replayed ? [] : ["-re", ...(input.loop === true ? ["-stream_loop", "-1"] : [])];
      const allowed = ["-format_whitelist", FROM_FILE.formats, "-protocol_whitelist", FROM_FILE.protocols];
      return { args: [...DECODING, ...pace, ...allowed, "-i", `file:/dev/fd/${FILE_FD}`], stdin: "", file: location };
    }
  }
}

/** Single pictures carry no time stamps: ffmpeg would guess 25 of them a second. */
function isPictures(flow: MediaInput["flow"]): boolean {
  return flow === "multipart" || flow === "motion_jpeg";
}

function flowArgs(flow: NonNullable<MediaInput["flow"]>): string[] {
  const form = flow === "stream" ? ["-format_whitelist", CONTAINERS.join(",")] : ["-f", flow === "multipart" ? "mpjpeg" : "mjpeg"];
  return [...form, "-protocol_whitelist", "pipe", ...Object.entries(PROBING).flatMap(([key, value]) => [`-${key}`, value])];
}

function allowedAt({ location, follow }: MediaInput): Allowed {
  return location.startsWith("rtsp") ? FROM_RTSP : fromHttp(follow);
}

/**
 * What is read to learn what a stream holds is decoded afterwards: "fflags nobuffer" would throw it away, and with it the
 * only whole picture until the next keyframe. A fifth of a second is enough, and adds nothing to the delay of what follows.
 */
const PROBING = { probesize: "500000", analyzeduration: "200000", fpsprobesize: "0" } as const;

/** The one-entry list that carries URL, credentials and options past argv, where every user of the machine could read them. */
function concatList(input: MediaInput): string {
  const url = withCredentials(input.location, input.credentials);
  // eslint-disable-next-line no-control-regex -- control characters are the very thing looked for
  if (/[\u0000-\u001f]/.test(url)) {
    throw new FusiondError("config_invalid", `the URL ${shownLocation(input.location)} holds a control character: remove it`);
  }
  const timeoutUs = String(input.networkTimeoutMs * 1000);
  const allowed = allowedAt(input);
  const options = [
    ...(url.startsWith("rtsp") ? ["rtsp_transport tcp", `timeout ${timeoutUs}`] : [`rw_timeout ${timeoutUs}`]),
    ...[`format_whitelist ${allowed.formats}`, `protocol_whitelist ${allowed.protocols}`],
    ...(url.startsWith("http") && !input.follow ? ["max_redirects 0"] : []),
    ...Object.entries(PROBING).map(([key, value]) => `${key} ${value}`),
  ];
  const lines = ["ffconcat version 1.0", `file '${url.replaceAll("'", "%27")}'`, ...options.map((o) => `option ${o}`)];
  return lines.join("\n") + "\n";
}

function withCredentials(url: string, credentials: Credentials | undefined): string {
  if (credentials === undefined) return url;
  const userinfo = `${encodeUserinfo(credentials.user)}:${encodeUserinfo(credentials.password)}@`;
  return url.replace(/^([a-z]+:\/\/)(?:[^/?#]*@)?/i, (_all, scheme: string) => scheme + userinfo);
}

/**
 * One frame for each cell of a grid of 1/fps: the first that falls into it, with its own time stamp. The `fps` filter would
 * move the stamps onto the grid, hold each frame back until the next, and repeat frames where the camera gave none.
 */
function pictureArgs({ fps, widthPx, all }: PictureOutput, live: boolean): string[] {
  const cell = (t: string): string => `floor(${t}*${fps}+0.001)`;
  const marked = live ? `+${MARKED}` : "";
  const chosen = all === true ? "null" : `select='isnan(prev_selected_t)+gt(${cell("t")},${cell("prev_selected_t")})${marked}'`;
  const height = `clip(2*round(${widthPx}*ih/iw/2),2,${widthPx * HEIGHT_RATIO_MAX})`;
  const graph = `[0:v:0]${live ? `${pictureStamps()},` : ""}${chosen},scale=w=${widthPx}:h='${height}',format=rgb24,split[vi][vs]`;
  const asIs = ["-fps_mode", "passthrough", "-enc_time_base", live ? "1:1000000" : "1:1000", "-flush_packets", "1"];
  return [
    ...["-filter_complex", graph],
    ...["-map", "[vi]", ...asIs, "-f", "framecrc", `pipe:${PIPES.pictureIndex}`],
    ...["-map", "[vs]", ...asIs, "-f", "rawvideo", `pipe:${PIPES.picture}`],
  ];
}

function soundArgs({ sampleRateHz }: SoundOutput, live: boolean): string[] {
  const piece = Math.round(sampleRateHz / SOUND_PIECES_PER_SECOND);
  const graph = `[0:a:0]${live ? `${soundStamps()},` : ""}${sumAndDifference(sampleRateHz)},asetnsamples=n=${piece}:p=0,asplit[ai][as]`;
  return [
    ...["-filter_complex", graph],
    ...["-map", "[ai]", "-c:a", "pcm_f32le", "-flush_packets", "1", "-f", "framecrc", `pipe:${PIPES.soundIndex}`],
    ...["-map", "[as]", "-c:a", "pcm_f32le", "-flush_packets", "1", "-f", "f32le", `pipe:${PIPES.sound}`],
  ];
}
