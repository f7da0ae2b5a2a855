// What the daemon's own gate looks at, for image_more.py: `node gate_cuts.mjs OUT < CAMERAS`, after `scripts/build`. CAMERAS: JSON, camera -> files.
//
// A camera plays its files one after another without a pause, 5 frames a second, 640 px wide, after a minute of itself that is not told: as
// `fusiond score ordinary` plays them. What moves is cut in every frame, and places are scanned as they are by default. OUT.json: a row a
// region {camera, file, at_ms (of the file), camera_ms, seconds (of the camera), track (-1: the whole picture), place and moving (of a scan), gate,
// rect, width, height, quality, due: whether a camera that looks once a second at a track, and every 5 s at the whole, would have told it}.
// OUT_x10.u8 (side 96, as the daemon cuts it), OUT_x15.u8 (half as much around it), OUT_x20.u8 (as much again), OUT_big.u8 (side 128).
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { CameraGate } from "../../dist/encoders/child/camera-gate.js";
import { loadOpenCv } from "../../dist/encoders/child/opencv.js";
import { widened } from "../../dist/encoders/child/regions.js";
import { DEFAULT_CAMERA_GATE } from "../../dist/encoders/tower-spec.js";

const [FRAME_MS, WARM_MS, TRACK_MS, WHOLE_MS] = [200, 60_000, 1000, 5000];
const GATE = { ...DEFAULT_CAMERA_GATE, regionIntervalMs: 150, wholeFrameIntervalMs: 1000 };
const KINDS = { x10: [1, 96], x15: [1.5, 96], x20: [2, 96], big: [1, 128] };
const cv = loadOpenCv();

/** The frames of a file, and their size. */
function frames(file) {
  const [w, h] = spawnSync("ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", file]).stdout.toString().trim().split(",").map(Number);
  const width = 640, height = 2 * Math.round((width * h) / w / 2), bytes = width * height * 3;
  const raw = spawnSync("ffmpeg", ["-v", "error", "-i", file, "-vf", `fps=5,scale=${width}:${height}`, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], { maxBuffer: 2 ** 31 - 1 }).stdout;
  return Array.from({ length: Math.floor(raw.length / bytes) }, (_, i) => ({ file, at_ms: i * FRAME_MS, width, height, pixels: raw.subarray(i * bytes, (i + 1) * bytes) }));
}

/** The square `factor` times as large; the whole picture stays what it is. */
const grown = (rect, factor, { width, height }) => (rect.width === rect.height ? widened(rect, factor, width, height) : rect);

function crop(frame, rect, side) {
  const way = Math.min(rect.width, rect.height) >= side ? cv.INTER_AREA : cv.INTER_LINEAR;
  return frame.getRegion(new cv.Rect(rect.x, rect.y, rect.width, rect.height)).resize(side, side, 0, 0, way).getData();
}

const out = process.argv[2];
const sinks = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, openSync(`${out}_${kind}.u8`, "w")]));
const rows = [];
for (const [camera, files] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const all = files.flatMap(frames), gate = new CameraGate(cv, GATE), toldAt = new Map();
  const warm = Math.round(WARM_MS / FRAME_MS);
  for (let seq = 0; seq < warm + all.length; seq++) {
    const { file, at_ms, width, height, pixels } = all[(((seq - warm) % all.length) + all.length) % all.length];
    const capture = { modality: "image", sourceId: camera, seq, capturedAt: seq * FRAME_MS, durationMs: 0, receivedAtMs: 0, width, height, pixels: Buffer.from(pixels) };
    gate.blacken(capture);
    const frame = new cv.Mat(capture.pixels, height, width, cv.CV_8UC3);
    for (const { rect, track = -1, place, gate: opened, moving = false } of gate.look(frame, capture, false).parts) {
      const due = opened === "closed" || place !== undefined || capture.capturedAt - (toldAt.get(track) ?? -Infinity) >= (track === -1 ? WHOLE_MS : TRACK_MS);
      if (due && opened === "open" && place === undefined) toldAt.set(track, capture.capturedAt);
      if (seq < warm) continue;
      for (const [kind, [factor, side]] of Object.entries(KINDS)) writeSync(sinks[kind], crop(frame, grown(rect, factor, { width, height }), side));
      rows.push({
        ...{ camera, file: basename(file), at_ms, camera_ms: (seq - warm) * FRAME_MS, seconds: (all.length * FRAME_MS) / 1000, track, ...(place === undefined ? {} : { place, moving }), gate: opened },
        ...{ rect: [rect.x, rect.y, rect.width, rect.height], width, height, due, quality: Math.min(1, Math.min(rect.width, rect.height) / 96) },
      });
    }
    frame.release();
  }
  process.stderr.write(`${camera} ${rows.length}\n`);
}
Object.values(sinks).forEach((sink) => closeSync(sink));
writeFileSync(`${out}.json`, JSON.stringify(rows));
