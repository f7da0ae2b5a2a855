// What the tests of the towers share: the embedded pack, copies of it to tamper with, made-up captures, a recorder.
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import type { FrameCapture, SoundCapture, TextCapture } from "../../encoders/capture.js";
import { loadOpenCv } from "../../encoders/child/opencv.js";
import type { EncoderTelemetry } from "../../encoders/encoder.js";
import { Tower, type TowerOptions } from "../../encoders/child/tower.js";
import { loadPack } from "../../encoders/pack.js";
import { DEFAULT_CAMERA_GATE } from "../../encoders/tower-spec.js";
import { messageOf } from "../../fusion/model/errors.js";

/** The folder of the pack that ships with fusiond. */
export const embeddedPack = join(packageRoot, "encoders", "packs", "embedded");

/** False where there is a binding; otherwise why tests of pictures are skipped. */
export function withoutOpenCv(): string | false {
  try {
    // It counts what matrices hold, and crashes where they are counted off after the isolate has gone: a test that ends by itself.
    process.env["OPENCV4NODEJS_DISABLE_EXTERNAL_MEM_TRACKING"] = "1";
    loadOpenCv();
    return false;
  } catch (error) {
    return messageOf(error);
  }
}

/** A folder that is removed when the test is over. */
export function temporaryFolder(t: { teardown(fn: () => void): unknown }): string {
  const folder = mkdtempSync(join(tmpdir(), "fusiond-encoders-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of the embedded pack. */
export function packCopy(t: { teardown(fn: () => void): unknown }): string {
  const folder = join(temporaryFolder(t), "copy");
  cpSync(embeddedPack, folder, { recursive: true });
  return folder;
}

/** Sets one value of a JSON file of a pack (undefined removes it) and, unless it is the manifest, makes the manifest agree. */
export function changeJson(folder: string, file: string, place: string, value: unknown): void {
  const path = join(folder, file);
  const json = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  const keys = place.split(".");
  const last = keys.pop() as string;
  const inner = keys.reduce((object, key) => object[key] as Record<string, unknown>, json);
  inner[last] = value;
  const text = JSON.stringify(json);
  writeFileSync(path, text);
  const entry = { "golden.json": "golden", "calibration.json": "calibration", "text.json": "towers.text.vocabulary" }[file];
  if (entry === undefined) return;
  changeJson(folder, "manifest.json", `${entry}.sha256`, createHash("sha256").update(text).digest("hex"));
  changeJson(folder, "manifest.json", `${entry}.bytes`, Buffer.byteLength(text));
}

/** Remembers what a tower told, as "event:detail". */
export class Recorder implements EncoderTelemetry {
  readonly told: string[] = [];
  readonly batches: number[] = [];
  readonly scans: { readonly sourceId: string; readonly looks: number; readonly tookMs: number | undefined }[] = [];
  lastVariance = Number.NaN;
  provider(modality: string, provider: string): void {
    this.told.push(`provider:${modality}:${provider}`);
  }
  encoded(_modality: string, _ms: number, items: number): void {
    this.batches.push(items);
  }
  failed(_modality: string, code: string): void {
    this.told.push(`failed:${code}`);
  }
  rejected(_modality: string, reason: string): void {
    this.told.push(`rejected:${reason}`);
  }
  scanned(sourceId: string, looks: number, tookMs: number | undefined): void {
    this.scans.push({ sourceId, looks, tookMs });
  }
  scanPutOff(sourceId: string): void {
    this.told.push(`put off:${sourceId}`);
  }
  serving(_modality: string, fault: string | undefined): void {
    this.told.push(fault === undefined ? "serving" : `fault:${fault}`);
  }
  variance(_modality: string, variance: number): void {
    this.lastVariance = variance;
  }
}

/** A tower of the test's own process, stopped when the test is over. */
export async function testTower(
  t: { teardown(fn: () => Promise<void>): unknown },
  modality: "image" | "audio",
  options: Partial<TowerOptions> & { readonly folder?: string } = {},
): Promise<{ readonly tower: Tower; readonly telemetry: Recorder }> {
  const telemetry = new Recorder();
  const pack = await loadPack(options.folder ?? embeddedPack);
  const tower = new Tower({ modality, pack, device: "cpu", threads: 1, gate: { cameras: new Map([["cam", DEFAULT_CAMERA_GATE]]) }, telemetry, ...options });
  t.teardown(() => tower.stop());
  return { tower, telemetry };
}

/** Numbers that look random and are the same in every run, 0..1. */
export function* pseudoRandom(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** A window of a tone whose pitch follows from `seq`; digital silence for a level of 0. */
export function sound(seq: number, level = 0.3, sourceId = "mic"): SoundCapture {
  const samples = Float32Array.from({ length: 32_000 }, (_, n) => level * Math.sin((n * (seq + 3)) / 40));
  return { modality: "audio", sourceId, seq, capturedAt: seq * 500, durationMs: 2000, receivedAtMs: 0, sampleRateHz: 16_000, samples };
}

const [frameWidth, frameHeight] = [320, 180];
const random = pseudoRandom(7);
const background = Uint8Array.from({ length: frameWidth * frameHeight * 3 }, () => 60 + random.next().value * 20);

/** A 320 x 180 picture of noise with white squares on it, one every 200 ms. */
export function frame(seq: number, squares: readonly { x: number; y: number; side: number }[] = [], sourceId = "cam"): FrameCapture {
  const pixels = background.slice();
  for (const { x, y, side } of squares) {
    for (let row = y; row < y + side; row++) pixels.fill(240, (row * frameWidth + x) * 3, (row * frameWidth + x + side) * 3);
  }
  return { modality: "image", sourceId, seq, capturedAt: seq * 200, durationMs: 200, receivedAtMs: 0, width: frameWidth, height: frameHeight, pixels };
}

/** A line of text. */
export function line(seq: number, text: string): TextCapture {
  return { modality: "text", sourceId: "badges", seq, capturedAt: seq * 100, durationMs: 0, receivedAtMs: 0, text };
}

/** A part `condition` of calibration.json, of three thresholds: `dog` was tried for two hours, others never. */
export function conditionJson(): Record<string, unknown> {
  const looks = { a: 1.5, b: -2, positives: 40, others: 100, stretches: 100, thresholds: [0, 2, 4], alarms_per_hour: [9, 1, 0], recall: [1, 0.8, 0.4] };
  const dog = { b: -1, alarms: [30, 2, 0], recall: [1, 0.5, 0] };
  return {
    ...{ version: 1, within_ms: 5000, prior: 0.05, hours: 2, default_per_hour: 1, pool_hours: 1, pool_positives: 5 },
    looks: [looks, looks, looks],
    prompts: { dog: { hours: 2, positives: 15, looks: [dog, dog, dog] } },
  };
}
