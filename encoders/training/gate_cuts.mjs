// What the daemon's own gate cuts from clips, for image_more.py: `node gate_cuts.mjs OUT FILE...`, after `scripts/build`.
//
// Frames at 5 a second, 640 px wide, regions looked at in every frame. OUT.json: a row a region {file, at_ms, track (-1: the whole
// picture), gate, rect, width, height, quality, due: whether a camera that looks once a second at a track (every 5 s at the whole) would
// have told it}. OUT_x10.u8 (side 96, as the daemon cuts it), OUT_x15.u8, OUT_x20.u8 (that much more around it), OUT_big.u8 (side 128).
import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { CameraGate } from "../../dist/encoders/child/camera-gate.js";
import { loadOpenCv } from "../../dist/encoders/child/opencv.js";

const FRAME_MS = 200;
const GATE = { masks: [], sensitivity: 0.5, regionsMax: 4, regionIntervalMs: 150, wholeFrameIntervalMs: 1000 };
const KINDS = { x10: [1, 96], x15: [1.5, 96], x20: [2, 96], big: [1, 128] };
const cv = loadOpenCv();

function frames(file) {
  const [w, h] = spawnSync("ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", file]).stdout.toString().trim().split(",").map(Number);
  const width = 640, height = 2 * Math.round((width * h) / w / 2), bytes = width * height * 3;
  const raw = spawnSync("ffmpeg", ["-v", "error", "-i", file, "-vf", `fps=5,scale=${width}:${height}`, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], { maxBuffer: 2 ** 31 - 1 }).stdout;
  return { width, height, all: Array.from({ length: Math.floor(raw.length / bytes) }, (_, i) => Buffer.from(raw.subarray(i * bytes, (i + 1) * bytes))) };
}

/** The rectangle `factor` times as large around its middle, moved inside the frame; the whole picture stays what it is. */
function grown({ x, y, width, height }, factor, frame) {
  if (width !== height) return { x, y, width, height };
  const side = Math.min(Math.round(width * factor), frame.width, frame.height);
  const inside = (from, most) => Math.max(0, Math.min(most - side, Math.round(from + width / 2 - side / 2)));
  return { x: inside(x, frame.width), y: inside(y, frame.height), width: side, height: side };
}

function crop(frame, rect, side) {
  const way = Math.min(rect.width, rect.height) >= side ? cv.INTER_AREA : cv.INTER_LINEAR;
  return frame.getRegion(new cv.Rect(rect.x, rect.y, rect.width, rect.height)).resize(side, side, 0, 0, way).getData();
}

const [out, ...files] = process.argv.slice(2);
const sinks = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, openSync(`${out}_${kind}.u8`, "w")]));
const rows = [];
for (const file of files) {
  const { width, height, all } = frames(file);
  const gate = new CameraGate(cv, GATE);
  const toldAt = new Map();
  all.forEach((pixels, seq) => {
    const capture = { modality: "image", sourceId: file, seq, capturedAt: seq * FRAME_MS, durationMs: 0, receivedAtMs: 0, width, height, pixels };
    gate.blacken(capture);
    const frame = new cv.Mat(pixels, height, width, cv.CV_8UC3);
    const parts = gate.look(frame, capture);
    for (const { rect, track = -1, gate: opened } of parts === "learning" ? [] : parts) {
      const due = opened === "closed" || capture.capturedAt - (toldAt.get(track) ?? -Infinity) >= (track === -1 ? 5000 : 1000);
      if (due && opened === "open") toldAt.set(track, capture.capturedAt);
      for (const [kind, [factor, side]] of Object.entries(KINDS)) writeSync(sinks[kind], crop(frame, grown(rect, factor, { width, height }), side));
      rows.push({ file: basename(file), at_ms: capture.capturedAt, track, gate: opened, rect: [rect.x, rect.y, rect.width, rect.height], width, height, due, quality: Math.min(1, Math.min(rect.width, rect.height) / 96) });
    }
    frame.release();
  });
}
Object.values(sinks).forEach((sink) => closeSync(sink));
writeFileSync(`${out}.json`, JSON.stringify(rows));
