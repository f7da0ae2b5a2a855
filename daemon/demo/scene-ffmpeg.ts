// A scene as arguments of ffmpeg. Pure.
import { H264_MP4 } from "../runtime/rendered-files.js";
import { PICTURES, SOUNDS_BY_NAME } from "./scene-media.js";
import { SCENE_PICTURE, type Passing, type Playing, type Scene, type Segment } from "./scene.js";

/** Where the media lie. */
export interface ScenePaths {
  readonly footage: string;
  /** The place without anybody, from `backgroundArgs`. */
  readonly background: string;
  /** The full path of a photograph or sound, given its `file`. */
  media(file: string): string;
}

const { width, height, fps } = SCENE_PICTURE;
const ENCODE_AUDIO = ["-c:a", "pcm_s16le", "-bitexact", "-f", "wav"];
const SOUND_RATE_HZ = 16_000;
/** A camera's own noise: a picture without any would rightly be taken for a frozen one. */
const CAMERA_NOISE = "noise=alls=5:allf=t:all_seed=1";
/** Frames counted, not timed: pieces that end in a frame of unknown length would otherwise lose one each. */
const RETIME = `setpts=N/${fps}/TB`;
/** Amplitude of pink noise that measures about -60 dBFS RMS. */
const QUIET_AMPLITUDE = 0.0045;
const FADE_OUT_S = 0.05;

/** The footage's background: per pixel the median over a frame a second, in which nobody stands long enough to stay. */
export function backgroundArgs(footage: string, frames: number): string[] {
  const radius = Math.floor((frames - 1) / 2);
  const filter = `fps=1,tmedian=radius=${radius},scale=${width}:${height}`;
  return ["-i", footage, "-vf", filter, "-frames:v", "1", "-c:v", "png", "-f", "image2"];
}

/** The camera's picture; `blank` gives a grey one with a camera's noise. */
export function videoArgs(scene: Scene, paths: ScenePaths, blank: boolean): string[] {
  if (blank) {
    const source = `color=gray:size=${width}x${height}:rate=${fps}:duration=${seconds(scene.durationMs)},${CAMERA_NOISE}`;
    return ["-f", "lavfi", "-i", source, ...H264_MP4];
  }
  const inputs = [
    ...scene.segments.flatMap((segment) => segmentInput(segment, paths)),
    ...scene.passings.flatMap((passing) => ["-i", paths.media(PICTURES[passing.picture].file)]),
  ];
  const parts = scene.segments.map((segment, i) => `[${i}:v]${segmentFilter(segment)}[s${i}]`);
  const joined = `${scene.segments.map((_, i) => `[s${i}]`).join("")}concat=n=${scene.segments.length}:v=1,${RETIME}[v0]`;
  const passings = scene.passings.flatMap((passing, i) => passingFilters(passing, scene.segments.length + i, i));
  const graph = [...parts, joined, ...passings, `[v${scene.passings.length}]format=yuv420p[out]`].join(";");
  return [...inputs, "-filter_complex", graph, "-map", "[out]", ...H264_MP4];
}

/** The sound track; `silent` leaves the quiet noise alone, which is harder than digital silence. */
export function audioArgs(scene: Scene, paths: ScenePaths, silent: boolean): string[] {
  const sounds = silent ? [] : scene.sounds;
  const inputs = sounds.flatMap((playing) => ["-i", paths.media(SOUNDS_BY_NAME[playing.sound].file)]);
  const bed =
    `anoisesrc=color=pink:amplitude=${QUIET_AMPLITUDE}:seed=${scene.seed % 2 ** 31}` +
    `:sample_rate=${SOUND_RATE_HZ}:duration=${seconds(scene.durationMs)}[bed]`;
  const parts = sounds.map((playing, i) => `[${i}:a]${soundFilter(playing)}[a${i}]`);
  const mix = `[bed]${sounds.map((_, i) => `[a${i}]`).join("")}amix=inputs=${sounds.length + 1}:duration=first:normalize=0[out]`;
  return [...inputs, "-filter_complex", [bed, ...parts, mix].join(";"), "-map", "[out]", ...ENCODE_AUDIO];
}

function segmentInput(segment: Segment, paths: ScenePaths): string[] {
  const length = ["-t", seconds(segment.durationMs)];
  return segment.kind === "empty"
    ? ["-loop", "1", "-framerate", String(fps), ...length, "-i", paths.background]
    : ["-ss", seconds(segment.footageFromMs), ...length, "-i", paths.footage];
}

/** Exactly as many frames as the segment has: one more or less in each would part the picture from the sound. */
function segmentFilter(segment: Segment): string {
  const frames = Math.round((segment.durationMs * fps) / 1_000);
  const fit = `fps=${fps},scale=${width}:${height},setsar=1,format=yuv420p`;
  const exact = `tpad=stop=-1:stop_mode=clone,trim=end_frame=${frames},${RETIME}`;
  return segment.kind === "empty" ? `${fit},${CAMERA_NOISE},${exact}` : `${fit},${exact}`;
}

function passingFilters(passing: Passing, input: number, index: number): string[] {
  const mirror = PICTURES[passing.picture].faces === passing.towards ? "" : ",hflip";
  const [start, length] = [seconds(passing.startMs), seconds(passing.durationMs)];
  const way = `(W+w)*(t-${start})/${length}`;
  const x = passing.towards === "right" ? `${way}-w` : `W-${way}`;
  const when = `between(t,${start},${seconds(passing.startMs + passing.durationMs)})`;
  return [
    `[${input}:v]scale=-2:${passing.heightPx}${mirror}[p${index}]`,
    `[v${index}][p${index}]overlay=x='${x}':y=${passing.feetPx}-h:eval=frame:enable='${when}'[v${index + 1}]`,
  ];
}

function soundFilter(playing: Playing): string {
  const length = playing.durationMs / 1_000;
  const fade = `afade=t=out:st=${length - FADE_OUT_S}:d=${FADE_OUT_S}`;
  return (
    `aformat=sample_rates=${SOUND_RATE_HZ}:channel_layouts=mono,atrim=end=${length},${fade},` +
    `volume=${playing.gainDb}dB,adelay=${playing.startMs}`
  );
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
