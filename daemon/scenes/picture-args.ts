// What a composed scene's camera sees, as arguments of ffmpeg. Pure.
import { H264_MP4 } from "../runtime/rendered-files.js";
import type { ScenePlan } from "./scene-plan.js";

/** Pictures a second, and the widest that they are, pixels. */
const PICTURE = { fps: 10, widthMax: 640 } as const;
/** Most pictures that are turned round: those of the longest scene. */
const TURNED_MAX = 400;

/**
 * A part of some footage, there and back and there again until the scene is over: no cut shows something that was not
 * there before, and who is in view stays. The same arguments give the same bytes.
 */
export function pictureArgs({ footage, footageAt, durationMs }: Pick<ScenePlan, "footage" | "footageAt" | "durationMs">): string[] {
  const whole = Number.isFinite(footage.toMs);
  const fromMs = whole ? footage.fromMs + Math.max(0, footage.toMs - footage.fromMs - durationMs) * footageAt : footage.fromMs;
  const lengthMs = Math.min(durationMs, whole ? footage.toMs - fromMs : Infinity);
  const frames = Math.round((durationMs * PICTURE.fps) / 1_000);
  const even = `scale='2*trunc(min(${PICTURE.widthMax},iw)/2)':-2,setsar=1,format=yuv420p`;
  const graph = [
    `[0:v]fps=${PICTURE.fps},${even},split[there][turned]`,
    "[turned]reverse[back]",
    `[there][back]concat=n=2:v=1,loop=loop=-1:size=${2 * TURNED_MAX},trim=end_frame=${frames},setpts=N/${PICTURE.fps}/TB[out]`,
  ].join(";");
  return [
    ...["-threads", "1", "-ss", seconds(fromMs), "-t", seconds(lengthMs), "-i", footage.path],
    ...["-filter_complex", graph, "-map", "[out]", ...H264_MP4, "-threads", "1", "-bitexact", "-map_metadata", "-1"],
  ];
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
