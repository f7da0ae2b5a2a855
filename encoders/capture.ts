// What a source hands to an encoder: raw frames, sound and lines, before they become observations.
import type { Fields } from "../fusion/model/observation.js";

/** What all captures have. Times are Unix ms of event time; `receivedAtMs` is monotonic (performance.now()). */
export interface CaptureBase {
  readonly sourceId: string;
  /** Counts up per source and modality. */
  readonly seq: number;
  readonly capturedAt: number;
  readonly durationMs: number;
  /** When fusiond held all of it, monotonic ms: the start of every latency. */
  readonly receivedAtMs: number;
}

/**
 * One frame. Shape: `pixels` is height x width x 3, uint8, RGB, row-major. Owner: whoever receives it, until it is released:
 * `release` lends the pixels to the next frame, so whoever calls it is the last to have read them. What is never released is
 * lent to nobody else.
 */
export interface FrameCapture extends CaptureBase {
  readonly modality: "image";
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  /** Only of frames whose pixels belong to a pool. Idempotent. */
  readonly release?: () => void;
}

/** One window of sound, mono, -1..1. Owner: whoever receives it. */
export interface SoundCapture extends CaptureBase {
  readonly modality: "audio";
  readonly sampleRateHz: number;
  readonly samples: Float32Array;
}

/** One line of text, as the source's template rendered it. */
export interface TextCapture extends CaptureBase {
  readonly modality: "text";
  readonly text: string;
  readonly fields?: Fields;
}

/** A sample before it was encoded. */
export type Capture = FrameCapture | SoundCapture | TextCapture;

/** Says that nobody reads what was captured any more. */
export function releaseCapture(capture: Capture): void {
  if (capture.modality === "image") capture.release?.();
}
