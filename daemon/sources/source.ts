// The port of a source: one camera, microphone or text feed.
import type { Capture } from "../../encoders/capture.js";
import type { Modality } from "../../fusion/model/modality.js";

/** Closed set of reasons for which captures of a source are lost before they are encoded. */
export const DROP_REASONS = ["queue_full", "too_late", "encode_failed", "skew", "shutdown", "oversize", "malformed", "failed"] as const;
/** Why a capture was dropped. */
export type DropReason = (typeof DROP_REASONS)[number];

/**
 * Closed set of what of a line of text could not be taken as it stands, though the line was. "fields_cut": fields beyond
 * the bounds were left out.
 */
export const LINE_FAULTS = ["fields_cut"] as const;
/** What was wrong with a line. */
export type LineFault = (typeof LINE_FAULTS)[number];

/** Closed set of reasons for which a source's child is started again. */
export const RESTART_REASONS = ["exit", "stall", "frozen", "start_failed"] as const;
/** Why a source's child was started again. */
export type RestartReason = (typeof RESTART_REASONS)[number];

/** The life of a source, judged by observations produced, not by bytes. */
export type SourceState = "starting" | "healthy" | "alarmed" | "recovering" | "escalated" | "failed" | "ended";

/** What a source tells while it runs, in the order in which it happened. */
export type SourceSignal =
  | { readonly kind: "capture"; readonly capture: Capture }
  /** All of the source's captures of this modality that end at or before `time` (Unix ms) have been told. */
  | { readonly kind: "progress"; readonly modality: Modality; readonly time: number }
  /**
   * Healthy or not from `at` on (Unix ms event time); decides what absence may be concluded from it. `at` may lie before
   * what was told already: a loss is seen late. `without`: declared modalities that it cannot give just now (a camera
   * whose sound track is missing): it is no witness for these, and their progress follows the others'.
   */
  | {
      readonly kind: "state";
      readonly state: SourceState;
      readonly at: number;
      readonly detail?: string;
      readonly without?: readonly Modality[];
    };

/** A camera, microphone or text feed. Constructors only assign. */
export interface Source {
  readonly id: string;
  /** A camera with sound has two. */
  readonly modalities: readonly Modality[];
  /** A file that is replayed: ends by itself, and waits for whoever iterates instead of dropping. */
  readonly finite: boolean;
  /**
   * Everything the source tells, until the signal aborts or a file ends. A live source never ends by itself: it comes
   * back with a capped, jittered backoff. Order: captures are in capturedAt order per modality.
   * Errors: FusiondError only where trying again cannot help (a missing program, a file that is no media in replay).
   */
  observe(signal: AbortSignal): AsyncIterable<SourceSignal>;
}

/** What a source tells beside its signals. */
export interface SourceTelemetry {
  dropped(sourceId: string, reason: DropReason, count: number): void;
  /** A line was taken, but not wholly as it stands. */
  lineFault(sourceId: string, fault: LineFault): void;
  restarted(sourceId: string, reason: RestartReason): void;
  anomaly(sourceId: string, kind: "frozen" | "silent", active: boolean): void;
  clockSkew(sourceId: string, seconds: number): void;
  note(sourceId: string, level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}
