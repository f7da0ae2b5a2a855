// A scene of somebody who stands still, as arguments of ffmpeg. Pure.
import { H264_MP4 } from "../runtime/rendered-files.js";
import { lengthMs, without, type Span } from "../score/spans.js";
import type { LeftThing, StandingScene, StandingSegment } from "./standing-plan.js";

/** Pictures a second, and their width, pixels: the height follows from the footage. */
const PICTURE = { fps: 10, width: 640 } as const;
/** A camera's own noise, other in every picture: without it a still scene would rightly be taken for a dead camera. */
const CAMERA_NOISE = "noise=alls=5:allf=t:all_seed=1";
/** Light that comes and goes by two parts in a hundred in a minute and a half, as of clouds. */
const DRIFTING_LIGHT = "eq=brightness='0.02*sin(2*PI*t/90)':eval=frame";
/** Frames counted, not timed: pieces that end in a frame of unknown length would otherwise lose one each. */
const RETIME = `setpts=N/${PICTURE.fps}/TB`;
const FIT = `fps=${PICTURE.fps},scale=${PICTURE.width}:-2,setsar=1,format=yuv420p`;

/** Frames a second that an empty place is made of, and how many at least and at most. */
const EMPTY = { fps: 2, framesMin: 7, framesMax: 81 } as const;
/** Around somebody's being in clear view there is coming and going, ms. */
const MARGIN_MS = 2_000;
/** Footage of this length has in every place a picture without anybody, most of the time. */
const PASSING_MS = 30_000;

/** The times of footage of which the place without anybody can be made; undefined: of none. */
export function emptyTimes(footageMs: number, stands: readonly Span[]): readonly Span[] | undefined {
  const all = [{ fromMs: 0, toMs: footageMs }];
  const free = without(all, stands.map(({ fromMs, toMs }) => ({ fromMs: fromMs - MARGIN_MS, toMs: toMs + MARGIN_MS })));
  if ((lengthMs(free) * EMPTY.fps) / 1_000 > EMPTY.framesMin) return free;
  return footageMs >= PASSING_MS ? all : undefined;
}

/** One picture of the place without anybody: per pixel the median of the frames of these times, in which nobody stays. */
export function emptyArgs(path: string, times: readonly Span[]): string[] {
  const frames = Math.min(EMPTY.framesMax, Math.floor((lengthMs(times) * EMPTY.fps) / 1_000) - 2);
  const radius = Math.floor((frames - 1) / 2);
  const step = Math.max(1, Math.floor((lengthMs(times) * EMPTY.fps) / 1_000 / frames));
  const within = times.map(({ fromMs, toMs }) => `between(t,${seconds(fromMs)},${seconds(toMs)})`).join("+");
  const filter = `fps=${EMPTY.fps},select='${within}',select='not(mod(n,${step}))',tmedian=radius=${radius},scale=${PICTURE.width}:-2`;
  return ["-i", path, "-vf", filter, "-frames:v", "1", "-c:v", "png", "-f", "image2"];
}

/** The scene's picture. `empty`: a picture of the place without anybody; `things`: pictures with transparency. */
export function standingArgs({ segments }: StandingScene, paths: { readonly footage: string; readonly empty: string; readonly things: readonly string[] }): string[] {
  const inputs: string[] = [];
  const parts: string[] = [];
  let input = 0;
  for (const [i, segment] of segments.entries()) {
    const { shown } = segment;
    inputs.push(...inputOf(segment, paths));
    const from = `[${input++}:v]`;
    if (shown.kind !== "empty" || shown.thing === undefined) {
      parts.push(`${from}${filterOf(segment)}[s${i}]`);
      continue;
    }
    inputs.push("-i", paths.things[shown.thing.thing] as string);
    parts.push(`${from}${FIT}[e${i}]`, `[${input++}:v]null[t${i}]`, thingFilter(shown.thing, i), `[o${i}]${CAMERA_NOISE},${exactly(segment)}[s${i}]`);
  }
  const light = segments.every(({ shown }) => shown.kind !== "held" || shown.live) ? `,${DRIFTING_LIGHT}` : "";
  const joined = `${segments.map((_, i) => `[s${i}]`).join("")}concat=n=${segments.length}:v=1,${RETIME}${light},format=yuv420p[out]`;
  return ["-threads", "1", ...inputs, "-filter_complex", [...parts, joined].join(";"), "-map", "[out]", ...H264_MP4, "-bitexact", "-map_metadata", "-1"];
}

function inputOf({ shown, durationMs }: StandingSegment, paths: { readonly footage: string; readonly empty: string }): string[] {
  switch (shown.kind) {
    case "footage":
      return ["-ss", seconds(shown.fromMs), "-t", seconds(durationMs), "-i", paths.footage];
    case "held":
      return ["-ss", seconds(shown.atMs), "-t", "1", "-i", paths.footage];
    case "empty":
      return ["-loop", "1", "-framerate", String(PICTURE.fps), "-t", seconds(durationMs), "-i", paths.empty];
  }
}

function filterOf(segment: StandingSegment): string {
  const { shown } = segment;
  if (shown.kind === "footage") return `${FIT},${exactly(segment)}`;
  if (shown.kind === "empty") return `${FIT},${CAMERA_NOISE},${exactly(segment)}`;
  const noise = shown.live ? `,${CAMERA_NOISE}` : "";
  return `${FIT},trim=end_frame=1,loop=loop=-1:size=1${noise},${exactly(segment)}`;
}

function thingFilter({ left, bottom, height }: LeftThing, i: number): string {
  const scaled = `[t${i}][e${i}]scale2ref=w='oh*mdar':h='ih*${height.toFixed(3)}'[p${i}][b${i}]`;
  return `${scaled};[b${i}][p${i}]overlay=x='(W-w)*${left.toFixed(3)}':y='H*${bottom.toFixed(3)}-h':eof_action=repeat[o${i}]`;
}

/** Exactly as many frames as the segment has. */
function exactly({ durationMs }: StandingSegment): string {
  return `tpad=stop=-1:stop_mode=clone,trim=end_frame=${Math.round((durationMs * PICTURE.fps) / 1_000)},${RETIME}`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
