// The port of a tower: captures in, observations out.
import type { Modality } from "../fusion/model/modality.js";
import type { Unnumbered } from "../fusion/model/observation.js";
import type { Capture } from "./capture.js";

/** What came of one capture. */
export interface Encoded {
  /** The gate lies inside: none if nothing moved, several if several regions did. */
  readonly observations: readonly Unnumbered[];
  /** How long the tower worked on it, ms, waiting excluded. */
  readonly encodeMs: number;
  /** Why not all of it was looked at, so that what it does not show may have been there; absent: all of it was. */
  readonly unseen?: string;
  /** With this frame a scan was completed. */
  readonly scan?: Scan;
}

/**
 * One look at the whole picture of a camera, square after square: since the frame captured at `from` (Unix ms, as the capture
 * said) every place that is not wholly masked was encoded.
 */
export interface Scan {
  readonly from: number;
}

/** A tower: turns captures of one modality into observations of one space. */
export interface Encoder {
  readonly modality: Modality;
  readonly space: string;
  readonly dimensions: number;
  /** How long what it works on has been under way, ms; 0: nothing is. Absent: it never takes long. */
  readonly underWayMs?: number;
  /**
   * Resolves when the tower is loaded and proved (hashes, shapes, golden vectors).
   * Errors: FusiondError "model_invalid" or "dependency_missing", which end the start.
   */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Encodes one capture; results come in the order of the calls. Takes over the capture's buffers.
   * Errors: FusiondError "encode_failed"; the encoder stays usable.
   */
  encode(capture: Capture): Promise<Encoded>;
  /** Resolves when what was asked is answered and the tower is freed. Idempotent. */
  stop(): Promise<void>;
}

/** What a tower tells about itself. */
export interface EncoderTelemetry {
  provider(modality: Modality, provider: string): void;
  /** One run over one capture or several: how long gate and graphs worked, and how many vectors came of it. */
  encoded(modality: Modality, ms: number, vectors: number): void;
  failed(modality: Modality, code: string): void;
  rejected(modality: Modality, reason: "not_finite" | "norm" | "dimensions" | "collapsed"): void;
  variance(modality: Modality, variance: number): void;
  /** Places of a camera's picture were looked at; `tookMs`: how long the scan took that was completed with them, if one was. */
  scanned(sourceId: string, looks: number, tookMs: number | undefined): void;
  /** A camera's scan waited for what moves: the tower is behind. */
  scanPutOff(sourceId: string): void;
  /** Whether the tower takes captures: undefined, or why it does not. Told when it changes. */
  serving(modality: Modality, fault: string | undefined): void;
}
