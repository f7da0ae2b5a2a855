// Scores a video or sound file against prompts with a pack's real gate and tower; prints tab-separated values.
// node dist/scripts/score-media.js PACK FILE [--prompts a,b,c] [--fps 5] [--width 640]
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { spawnBound } from "../daemon/runtime/child-process.js";
import { packageRoot } from "../daemon/runtime/package-root.js";
import type { Capture } from "../encoders/capture.js";
import type { EncoderTelemetry } from "../encoders/encoder.js";
import { EncoderHost } from "../encoders/encoder-host.js";
import { findPack, loadPack, type Pack } from "../encoders/pack.js";
import { FusiondError, messageOf } from "../fusion/model/errors.js";
import type { Observation } from "../fusion/model/observation.js";
import { dot } from "../fusion/model/vector.js";

/** What the towers tell is shown on stderr, where it does not mix with the table. */
const telemetry: EncoderTelemetry = {
  provider: (modality, provider) => console.error(`${modality} tower on ${provider}`),
  encoded: () => undefined,
  failed: (modality, code) => console.error(`${modality}: ${code}`),
  restarted: (modality, reason) => console.error(`${modality} child restarted: ${reason}`),
  rejected: (modality, reason) => console.error(`${modality} vector rejected: ${reason}`),
  variance: () => undefined,
};

interface Options {
  readonly prompts: readonly string[];
  readonly fps: number;
  readonly width: number;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { prompts: { type: "string", default: "person,dog" }, fps: { type: "string", default: "5" }, width: { type: "string", default: "640" } },
  });
  const [packName, file] = positionals;
  if (packName === undefined || file === undefined) throw new Error("usage: score-media PACK FILE [--prompts a,b,c] [--fps 5] [--width 640]");
  const pack = await loadPack(findPack(packName, { packageRoot }));
  const options = { prompts: values.prompts.split(","), fps: Number(values.fps), width: Number(values.width) };
  console.log(["modality", "time_s", "gate", "track", "x", "y", "side", "quality", ...options.prompts.flatMap((p) => [`cos ${p}`, `llr ${p}`]), "top"].join("\t"));
  for (const modality of await modalitiesOf(file)) await score(pack, modality, file, options);
}

async function score(pack: Pack, modality: "image" | "audio", file: string, options: Options): Promise<void> {
  const host = new EncoderHost({ modality, pack, device: "cpu", threads: 1, gate: { cameras: {} }, spawn: spawnBound, telemetry });
  await host.start(new AbortController().signal);
  const captures = modality === "image" ? frames(file, options) : windows(file, pack);
  try {
    for await (const capture of captures) {
      const { observations } = await host.encode(capture);
      for (const observation of observations) console.log(row(pack, observation, options.prompts));
    }
  } finally {
    await host.stop();
  }
}

function row(pack: Pack, observation: Observation, prompts: readonly string[]): string {
  const vector = observation.embedding?.vector ?? new Float32Array(pack.space.dimensions);
  const { a, b, negativeMean, negativeSd } = pack.space.calibration[observation.modality];
  const scores = prompts.flatMap((prompt) => {
    const wanted = pack.vocabulary.vector(prompt);
    if (wanted === undefined) throw new FusiondError("prompt_unknown", `the pack does not know "${prompt}"`);
    const cosine = dot(vector, wanted);
    return [cosine.toFixed(3), ((a * (cosine - negativeMean)) / negativeSd + b).toFixed(2)];
  });
  const top = pack.space.concepts
    .map(({ name, vector: concept }) => ({ name, cosine: dot(vector, concept) }))
    .sort((x, y) => y.cosine - x.cosine)
    .slice(0, 5)
    .map(({ name, cosine }) => `${name} ${cosine.toFixed(2)}`);
  const { region, track, capturedAt, gate, quality, modality } = observation;
  const place = region === undefined ? ["", "", ""] : [region.x, region.y, region.height].map((x) => x.toFixed(2));
  return [modality, (capturedAt / 1000).toFixed(1), gate, track ?? "", ...place, quality.toFixed(2), ...scores, top.join(", ")].join("\t");
}

async function* frames(file: string, { fps, width }: Options): AsyncGenerator<Capture> {
  const [sourceWidth, sourceHeight] = (await probe(file, "v", "stream=width,height")).split(",").map(Number) as [number, number];
  const height = Math.round((sourceHeight * width) / sourceWidth / 2) * 2;
  const filter = `fps=${fps},scale=${width}:${height}`;
  const bytes = decoded(["-i", file, "-an", "-vf", filter, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]);
  let seq = 0;
  for await (const pixels of chunksOf(bytes, width * height * 3)) {
    const capturedAt = Math.round((seq * 1000) / fps);
    yield { modality: "image", sourceId: "file", seq: seq++, capturedAt, durationMs: Math.round(1000 / fps), receivedAtMs: performance.now(), width, height, pixels };
  }
}

async function* windows(file: string, pack: Pack): AsyncGenerator<Capture> {
  const { sampleRateHz, windowMs, hopMs } = pack.manifest.audio;
  const [length, hop] = [(sampleRateHz * windowMs) / 1000, (sampleRateHz * hopMs) / 1000];
  // Padded by a window, so that files shorter than one are heard too.
  const bytes = decoded(["-i", file, "-vn", "-af", `apad=pad_dur=${windowMs}ms`, "-ac", "1", "-ar", String(sampleRateHz), "-f", "f32le", "-"]);
  let window = new Float32Array(0);
  let seq = 0;
  for await (const chunk of chunksOf(bytes, hop * 4)) {
    const added = new Float32Array(new Uint8Array(chunk).buffer);
    window = Float32Array.from([...window.slice(-(length - hop)), ...added]);
    if (window.length < length) continue;
    yield { modality: "audio", sourceId: "file", seq, capturedAt: seq * hopMs, durationMs: windowMs, receivedAtMs: performance.now(), sampleRateHz, samples: window };
    seq++;
  }
}

function decoded(args: readonly string[]): AsyncIterable<Buffer> {
  return spawn("ffmpeg", ["-v", "error", "-nostdin", ...args], { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}

async function* chunksOf(bytes: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of bytes) {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= size) {
      yield rest.subarray(0, size);
      rest = rest.subarray(size);
    }
  }
}

async function modalitiesOf(file: string): Promise<readonly ("image" | "audio")[]> {
  const found: ("image" | "audio")[] = [];
  if ((await probe(file, "v", "stream=width")) !== "") found.push("image");
  if ((await probe(file, "a", "stream=sample_rate")) !== "") found.push("audio");
  return found;
}

async function probe(file: string, stream: "v" | "a", entries: string): Promise<string> {
  const child = spawn("ffprobe", ["-v", "error", "-select_streams", `${stream}:0`, "-show_entries", entries, "-of", "csv=p=0", file], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const part of child.stdout) text += String(part);
  return text.trim();
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
