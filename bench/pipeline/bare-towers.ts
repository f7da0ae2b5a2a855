// Gates and towers with nothing around them, and what each kind of their work has taken of the CPU.
import { setTimeout as delay } from "node:timers/promises";
import type { CameraConfig } from "../../config/schema/sources.js";
import type { FrameCapture, SoundCapture } from "../../encoders/capture.js";
import { ImageCutter } from "../../encoders/child/image-cutter.js";
import { Model } from "../../encoders/child/model.js";
import { loadOpenCv } from "../../encoders/child/opencv.js";
import { SoundCutter } from "../../encoders/child/sound-cutter.js";
import { CAMERAS_MAX, towerSpec, type CameraGateOptions, type ModelCapture } from "../../encoders/tower-spec.js";
import type { Pack } from "../../encoders/pack.js";
import type { BareCosts } from "./bare-protocol.js";

/** Frames before the gates know their background. */
const WARM_UP_FRAMES = 25;
/** Time between two windows of one microphone, ms. */
const HOP_MS = 500;

/** Captures of one camera and one microphone that stand for those of all. At least two of each. */
export interface HeldMedia {
  readonly frames: readonly FrameCapture[];
  readonly windows: readonly SoundCapture[];
}

/** The gates of all cameras and the two towers. One thing at a time. */
export class BareTowers {
  readonly #cutter: ImageCutter;
  readonly #stillCutter: ImageCutter;
  readonly #sound: SoundCutter;
  readonly #image: Model;
  readonly #audio: Model;
  #tick = 0;
  #spent = { gate: 0, frames: 0, image: 0, regions: 0, audio: 0, windows: 0 };

  private constructor(pack: Pack, image: Model, audio: Model, { masks, gate }: CameraConfig) {
    const cameras = new Map(Array.from({ length: CAMERAS_MAX }, (_, i): [string, CameraGateOptions] => [`cam-${i}`, { masks, ...gate }]));
    const cv = loadOpenCv();
    this.#image = image;
    this.#audio = audio;
    this.#cutter = new ImageCutter(towerSpec(pack, "image"), { cameras }, cv);
    this.#stillCutter = new ImageCutter(towerSpec(pack, "image"), { cameras: new Map([["cam-0", { masks, ...gate, scanRate: 0 }]]) }, cv);
    this.#sound = new SoundCutter(towerSpec(pack, "audio"));
  }

  static async open(pack: Pack, threads: number, camera: CameraConfig): Promise<BareTowers> {
    const [image, audio] = [await Model.open(towerSpec(pack, "image"), "cpu", threads), await Model.open(towerSpec(pack, "audio"), "cpu", threads)];
    return new BareTowers(pack, image, audio, camera);
  }

  /** CPU seconds of one frame in which nothing moves, of so many. */
  stillFrame(still: readonly FrameCapture[], count: number): number {
    let started = cpuSeconds();
    for (let i = -WARM_UP_FRAMES; i < count; i++) {
      if (i === 0) started = cpuSeconds();
      this.#stillCutter.cut(at(still, i + WARM_UP_FRAMES, "cam-0"), false);
    }
    return (cpuSeconds() - started) / count;
  }

  /** Until the gates know their background. */
  async warmUp(media: HeldMedia, pairs: number): Promise<void> {
    for (let i = 0; i < WARM_UP_FRAMES; i++) await this.#all(media, pairs, i === 0 ? pairs : 0);
    this.#spent = { gate: 0, frames: 0, image: 0, regions: 0, audio: 0, windows: 0 };
  }

  /** In real time. */
  async play(media: HeldMedia, { pairs, frameMs, measureMs }: { pairs: number; frameMs: number; measureMs: number }): Promise<void> {
    const startedMs = performance.now();
    let due = 0;
    for (let tick = 1; performance.now() - startedMs < measureMs; tick++) {
      due += (pairs * frameMs) / HOP_MS;
      await this.#all(media, pairs, Math.floor(due));
      due -= Math.floor(due);
      await delay(Math.max(0, startedMs + tick * frameMs - performance.now()));
    }
  }

  costs(): Omit<BareCosts, "ffmpegASecond" | "gateAStillFrame"> {
    const { gate, frames, image, regions, audio, windows } = this.#spent;
    return { gateAFrame: gate / Math.max(1, frames), towerARegion: image / Math.max(1, regions), towerAWindow: audio / Math.max(1, windows) };
  }

  /** A frame of each camera, and so many windows. */
  async #all({ frames, windows }: HeldMedia, pairs: number, windowCount: number): Promise<void> {
    const spent = this.#spent;
    for (let camera = 0; camera < pairs; camera++) {
      const started = cpuSeconds();
      const { cuts } = this.#cutter.cut(at(frames, this.#tick, `cam-${camera}`), false);
      const cut = cpuSeconds();
      await this.#image.encode(cuts.flatMap(({ input, wider }) => (wider === undefined ? [input] : [input, wider])));
      spent.gate += cut - started;
      spent.image += cpuSeconds() - cut;
      spent.regions += cuts.length;
      spent.frames += 1;
    }
    for (let i = 0; i < windowCount; i++) {
      const started = cpuSeconds();
      const { cuts } = this.#sound.cut(at(windows, this.#tick, `mic-${i}`));
      await this.#audio.encode(cuts.slice(0, 1).map(({ input }) => input));
      spent.audio += cpuSeconds() - started;
      spent.windows += 1;
    }
    this.#tick += 1;
  }
}

/** The capture of a source at a tick: forth and back over those that are held, its time going on. */
function at<T extends ModelCapture>(captures: readonly T[], tick: number, sourceId: string): T {
  const turn = 2 * captures.length - 2;
  const place = tick % turn;
  const capture = captures[place < captures.length ? place : turn - place] as T;
  const stepMs = (captures[1] as T).capturedAt - (captures[0] as T).capturedAt;
  return { ...capture, sourceId, seq: tick, capturedAt: tick * stepMs };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
