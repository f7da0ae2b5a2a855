// What a tower is told when it is made, and what it says of a capture: known to whoever has towers and to the towers themselves.
import type { Region } from "../fusion/model/observation.js";
import type { FrameCapture, SoundCapture } from "./capture.js";
import type { PackFile, TensorSpec } from "./pack-manifest.js";
import type { Pack } from "./pack.js";

/** Where a tower may run: a named device is strict, "auto" takes the fastest that proves itself. */
export type Device = "cpu" | "cuda" | "tensorrt" | "webgpu" | "auto";

/** A corner of a mask's polygon: x and y in fractions of the frame, 0..1. */
export type MaskPoint = readonly [number, number];

/** The gate of one camera. Times are event time, ms. */
export interface CameraGateOptions {
  /** Polygons that are blackened before anything else is done with the picture. */
  readonly masks: readonly (readonly MaskPoint[])[];
  /** 0..1: how small and how faint a movement opens the gate; 0.5 suits most cameras. */
  readonly sensitivity: number;
  /** Most regions of one frame, 1..16, the biggest first. */
  readonly regionsMax: number;
  /** A region that goes on is encoded once in this time, a new one at once. */
  readonly regionIntervalMs: number;
  /** While something moves the whole frame is encoded once in this time; 0: never. */
  readonly wholeFrameIntervalMs: number;
  /** Squares of the whole picture that are looked at in turn, a second: see `scanPlaces`. 0: none. */
  readonly scanRate: number;
  /** What came to rest is looked at until it has left, but no longer than this. */
  readonly settleAfterMs: number;
}

/** Most cameras of one image tower: it remembers the background of each, some 6 MB. */
export const CAMERAS_MAX = 64;

/** Most sources that one sound tower listens to: it remembers the noise floor of each. */
export const HEARD_MAX = 256;

/** The gates of the image tower. */
export interface ImageGateOptions {
  /** True: no gate, each frame is one region. For pictures that were chosen by someone, not for cameras. */
  readonly wholePictures?: boolean;
  /** By source id. A source that is not here has masks that nobody knows: its pictures are refused. */
  readonly cameras: ReadonlyMap<string, CameraGateOptions>;
}

/** A gate that suits most cameras, and masks nothing. */
export const DEFAULT_CAMERA_GATE: CameraGateOptions = {
  masks: [],
  sensitivity: 0.5,
  regionsMax: 4,
  regionIntervalMs: 1000,
  wholeFrameIntervalMs: 0,
  scanRate: 6,
  settleAfterMs: 600_000,
};

/** A tower of a pack, as much of it as loads and proves it. */
export interface TowerSpec {
  readonly modality: "image" | "audio";
  readonly folder: string;
  readonly graphs: readonly PackFile[];
  readonly input: TensorSpec;
  readonly output: TensorSpec;
  readonly golden: readonly number[];
  readonly toleranceCosine: number;
  /** 0 for pictures. */
  readonly sampleRateHz: number;
}

/** A capture that needs a model. */
export type ModelCapture = FrameCapture | SoundCapture;

/** One vector that came of a capture. */
export interface Sample {
  readonly vector: Float32Array;
  /** CRC-32 of what the model was given: tells equal inputs from equal vectors. */
  readonly inputCrc: number;
  readonly gate: "open" | "closed";
  readonly quality: number;
  readonly region?: Region;
  readonly track?: number;
  /** See `Observation.place`. */
  readonly place?: number;
  /** See `Observation.moving`. */
  readonly moving?: true;
}

/** The image or sound tower of a pack. */
export function towerSpec({ manifest, golden, folder }: Pack, modality: "image" | "audio"): TowerSpec {
  const { graphs, input, output } = manifest[modality];
  const sampleRateHz = modality === "audio" ? manifest.audio.sampleRateHz : 0;
  return { modality, folder, graphs, input, output, golden: golden[modality], toleranceCosine: golden.toleranceCosine, sampleRateHz };
}
