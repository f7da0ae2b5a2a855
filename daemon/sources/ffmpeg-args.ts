// What ffmpeg is asked for: pure, so that every kind of source can be checked without one running.
import { FusiondError } from "../../fusion/model/errors.js";
import { MARKED, pictureStamps, soundStamps } from "./stamp-filters.js";
import { encodeUserinfo, shownLocation, type Credentials } from "./redact.js";

/** How a source is read: as it happens, a file as if it happened now, or a file as fast as it is taken. */
export type MediaMode = "live" | "realtime_file" | "replay";

/** When what a live source gives happened: as its own stamps say, when it arrived, or as its stamps say if read no faster. */
export type Stamps = "own" | "arrival" | "paced";

/** Where media comes from. */
export interface MediaInput {
  /** rtsp, rtsps, http or https URL, a V4L2 device (/dev/video0), or a path. */
  readonly location: string;
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
  /** The height follows from the picture's proportions, rounded to an even number. */
  readonly widthPx: number;
}

/** What is wanted of the sound: mono float32. */
export interface SoundOutput {
  readonly sampleRateHz: number;
}

/** Numbers of the file descriptors on which an ffmpeg child answers: samples, and one framecrc line for each piece. */
export const PIPES = { pictureIndex: 1, picture: 3, soundIndex: 4, sound: 5 } as const;

/** How to start ffmpeg. `stdin` is to be written and ended; it holds what must not be in argv. */
export interface FfmpegCommand {
  readonly args: readonly string[];
  readonly stdin: string;
}

/** Protocols that a network source may lead to: `file` is left out, so that a playlist cannot read this machine. */
const NETWORK_PROTOCOLS = "pipe,rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto";

/** Larger pictures are refused before memory is taken for them: 8K UHD. */
const PIXELS_MAX = 7680 * 4320;

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
  const { args, stdin } = inputArgs(input);
  const live = input.mode !== "replay";
  return {
    args: [
      ...["-hide_banner", "-nostats", "-nostdin", "-loglevel", "error"],
      ...args,
      ...(picture === undefined ? [] : pictureArgs(picture, live)),
      ...(sound === undefined ? [] : soundArgs(sound, live)),
    ],
    stdin,
  };
}

/** Whether a location is a URL of a network protocol. */
export function isNetwork(location: string): boolean {
  return /^(rtsps?|https?):\/\//i.test(location);
}

function inputArgs(input: MediaInput): FfmpegCommand {
  const decoding = ["-max_pixels", String(PIXELS_MAX)];
  const { location, mode } = input;
  if (isNetwork(location)) {
    const stamps = isMotionJpeg(location) || input.stamps === "arrival" ? ["-use_wallclock_as_timestamps", "1"] : [];
    const pace = input.stamps === "paced" ? ["-re"] : [];
    const list = ["-f", "concat", "-safe", "0", "-protocol_whitelist", NETWORK_PROTOCOLS, "-i", "pipe:0"];
    return { args: [...decoding, "-flags", "low_delay", ...stamps, ...pace, ...list], stdin: concatList(input) };
  }
  if (/^\/dev\/video/.test(location)) return { args: [...decoding, "-f", "v4l2", "-i", location], stdin: "" };
  const file = ["-i", location.startsWith("file:") ? location : `file:${location}`];
  if (mode === "replay") return { args: [...decoding, "-threads", "1", ...file], stdin: "" }; // same bytes, same frames
  const loop = input.loop === true ? ["-stream_loop", "-1"] : [];
  return { args: [...decoding, "-re", ...loop, ...file], stdin: "" };
}

/**
 * What is read to learn what a stream holds is decoded afterwards: "fflags nobuffer" would throw it away, and with it the
 * only whole picture until the next keyframe. A fifth of a second is enough, and adds nothing to the delay of what follows.
 */
const PROBING = ["probesize 500000", "analyzeduration 200000", "fpsprobesize 0"] as const;

/** The one-entry list that carries URL, credentials and options past argv, where every user of the machine could read them. */
function concatList(input: MediaInput): string {
  const url = withCredentials(input.location, input.credentials);
  // eslint-disable-next-line no-control-regex -- control characters are the very thing looked for
  if (/[\u0000-\u001f]/.test(url)) {
    throw new FusiondError("config_invalid", `the URL ${shownLocation(input.location)} holds a control character: remove it`);
  }
  const timeoutUs = String(input.networkTimeoutMs * 1000);
  const rtsp = /^rtsp/i.test(url);
  const options = [
    ...(rtsp ? ["rtsp_transport tcp", `timeout ${timeoutUs}`] : [`rw_timeout ${timeoutUs}`]),
    ...PROBING,
  ];
  const lines = ["ffconcat version 1.0", `file '${url.replaceAll("'", "%27")}'`, ...options.map((o) => `option ${o}`)];
  return lines.join("\n") + "\n";
}

function withCredentials(url: string, credentials: Credentials | undefined): string {
  if (credentials === undefined) return url;
  const userinfo = `${encodeUserinfo(credentials.user)}:${encodeUserinfo(credentials.password)}@`;
  return url.replace(/^([a-z]+:\/\/)(?:[^/?#]*@)?/i, (_all, scheme: string) => scheme + userinfo);
}

/** Motion JPEG over HTTP carries no time stamps: ffmpeg would guess 25 frames a second. */
function isMotionJpeg(location: string): boolean {
  return /^https?:/i.test(location) && /mjpe?g/i.test(location);
}

/**
 * One frame for each cell of a grid of 1/fps: the first that falls into it, with its own time stamp. The `fps` filter would
 * move the stamps onto the grid, hold each frame back until the next, and repeat frames where the camera gave none.
 */
function pictureArgs({ fps, widthPx }: PictureOutput, live: boolean): string[] {
  const cell = (t: string): string => `floor(${t}*${fps}+0.001)`;
  const marked = live ? `+${MARKED}` : "";
  const chosen = `${live ? `${pictureStamps()},` : ""}select='isnan(prev_selected_t)+gt(${cell("t")},${cell("prev_selected_t")})${marked}'`;
  const graph = `[0:v:0]${chosen},scale=${widthPx}:-2,format=rgb24,split[vi][vs]`;
  const asIs = ["-fps_mode", "passthrough", "-enc_time_base", live ? "1:1000000" : "1:1000", "-flush_packets", "1"];
  return [
    ...["-filter_complex", graph],
    ...["-map", "[vi]", ...asIs, "-f", "framecrc", `pipe:${PIPES.pictureIndex}`],
    ...["-map", "[vs]", ...asIs, "-f", "rawvideo", `pipe:${PIPES.picture}`],
  ];
}

function soundArgs({ sampleRateHz }: SoundOutput, live: boolean): string[] {
  const piece = Math.round(sampleRateHz / SOUND_PIECES_PER_SECOND);
  const format = `aresample=${sampleRateHz},aformat=sample_fmts=flt:channel_layouts=mono`;
  const graph = `[0:a:0]${live ? `${soundStamps()},` : ""}${format},asetnsamples=n=${piece}:p=0,asplit[ai][as]`;
  return [
    ...["-filter_complex", graph],
    ...["-map", "[ai]", "-c:a", "pcm_f32le", "-flush_packets", "1", "-f", "framecrc", `pipe:${PIPES.soundIndex}`],
    ...["-map", "[as]", "-c:a", "pcm_f32le", "-flush_packets", "1", "-f", "f32le", `pipe:${PIPES.sound}`],
  ];
}
