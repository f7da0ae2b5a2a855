// The bare work of a step, in a process of its own: ffmpeg to nowhere, gates, towers, and nothing that carries between them.
// Argument: a BareRequest as JSON.
import { spawn, type ChildProcess } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseConfig } from "../../config/load.js";
import type { CameraConfig, MicrophoneConfig, SourceConfig } from "../../config/schema/sources.js";
import { buildSources } from "../../daemon/compose/sources.js";
import { buildTelemetry } from "../../daemon/compose/telemetry.js";
import { versionOf } from "../../daemon/compose/version.js";
import { readProcessTree } from "../../daemon/demo/process-usage.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { ffmpegCommand, FILE_FD, PIPES, type FfmpegCommand } from "../../daemon/sources/ffmpeg-args.js";
import type { FrameCapture, SoundCapture } from "../../encoders/capture.js";
import type { ModelCapture } from "../../encoders/tower-spec.js";
import { findPack, loadPack, type Pack } from "../../encoders/pack.js";
import { messageOf } from "../../fusion/model/errors.js";
import type { BareCosts, BareReply, BareRequest } from "./bare-protocol.js";
import { BareTowers } from "./bare-towers.js";

/** Captures that are held and played forth and back, ms of them: no loop is a change of scene. */
const HELD_MS = 12_000;
/** For ffmpeg to open its inputs, ms. */
const FFMPEG_WARM_UP_MS = 3_000;
/** So many frames in which nothing moves are measured, one for this much of the measured time, ms. */
const STILL_FRAME_EVERY_MS = 100;
const NETWORK_TIMEOUT_MS = 20_000;

async function measure({ configFile, stillVideo, pairs, measureMs }: BareRequest): Promise<BareCosts> {
  const { config } = parseConfig(readFileSync(configFile, "utf8"), configFile);
  const pack = await loadPack(findPack(config.encoders.pack, { packageRoot }));
  const camera = first(config.sources, "camera");
  const microphone = first(config.sources, "microphone");
  const still = await held<FrameCapture>({ ...camera, input: { ...camera.input, location: stillVideo } }, pack);
  const media = { frames: await held<FrameCapture>(camera, pack), windows: await held<SoundCapture>(microphone, pack) };
  const sound = { sampleRateHz: pack.manifest.audio.sampleRateHz };
  const commands = [camera, microphone].map(({ kind, input, loop, ...more }) =>
    ffmpegCommand(
      { kind: "file", location: input.location, follow: false, mode: "realtime_file", loop, networkTimeoutMs: NETWORK_TIMEOUT_MS },
      kind === "camera" && "fps" in more ? { fps: more.fps, widthPx: more.width } : undefined,
      kind === "microphone" ? sound : undefined,
    ),
  );
  const children = Array.from({ length: pairs }, () => commands.map(startBare)).flat();
  try {
    const towers = await BareTowers.open(pack, config.encoders.threads, camera);
    const gateAStillFrame = towers.stillFrame(still, Math.ceil(measureMs / STILL_FRAME_EVERY_MS));
    await towers.warmUp(media, pairs);
    await delay(FFMPEG_WARM_UP_MS);
    const [cpuBefore, startedMs] = [ffmpegSeconds(), performance.now()];
    await towers.play(media, { pairs, frameMs: 1_000 / camera.fps, measureMs });
    const ffmpegASecond = ((ffmpegSeconds() - cpuBefore) * 1_000) / (performance.now() - startedMs);
    return { ffmpegASecond, gateAStillFrame, ...towers.costs() };
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

async function held<T extends ModelCapture>(config: SourceConfig, pack: Pack): Promise<readonly T[]> {
  const telemetry = buildTelemetry(versionOf(), "warn").events.sources;
  const [source] = buildSources([config], { pack, telemetry, mode: "replay", fieldsAsked: [], onSecret: () => undefined });
  const captures: T[] = [];
  for await (const signal of source?.observe(new AbortController().signal) ?? []) {
    if (signal.kind !== "capture") continue;
    captures.push(signal.capture as T);
    if (signal.capture.capturedAt - (captures[0] as T).capturedAt >= HELD_MS) break;
  }
  if (captures.length < 2) throw new Error(`the benchmark's ${config.id} gave nothing`);
  return captures;
}

/** The same filters, to nowhere. */
function startBare({ args, file }: FfmpegCommand): ChildProcess {
  const bare = [...args];
  for (const fd of Object.values(PIPES)) {
    const to = bare.indexOf(`pipe:${fd}`);
    if (to >= 0) bare.splice(to - 2, 3, "-f", "null", "-");
  }
  const stdio = [...Array.from({ length: FILE_FD }, () => "ignore" as const), file === undefined ? ("ignore" as const) : openSync(file, "r")];
  return spawn("ffmpeg", bare, { stdio });
}

function ffmpegSeconds(): number {
  return readProcessTree(process.pid).reduce((sum, { role, cpuSeconds: seconds }) => sum + (role === "ffmpeg" ? seconds : 0), 0);
}

function first(sources: readonly SourceConfig[], kind: "camera"): CameraConfig;
function first(sources: readonly SourceConfig[], kind: "microphone"): MicrophoneConfig;
function first(sources: readonly SourceConfig[], kind: SourceConfig["kind"]): SourceConfig {
  const found = sources.find((source) => source.kind === kind);
  if (found === undefined) throw new Error(`the benchmark's configuration names no ${kind}`);
  return found;
}

function say(reply: BareReply): Promise<void> {
  return new Promise((resolve) => void process.send?.(reply, undefined, undefined, () => resolve()));
}

process.on("disconnect", () => process.exit(1));
try {
  await say({ kind: "costs", costs: await measure(JSON.parse(process.argv[2] ?? "") as BareRequest) });
} catch (error) {
  await say({ kind: "failed", message: messageOf(error) });
}
process.exit(0);
