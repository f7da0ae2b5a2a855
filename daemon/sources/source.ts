// The port of a source: one camera, microphone or text feed.
import type { Capture } from "../../encoders/capture.js";
import type { Modality } from "../../fusion/model/modality.js";

/**
 * Closed set of reasons for which captures of a source are lost before they are encoded. `queue_full`: it gives more than
 * its encoder takes; `rate`: more than its own limit; `overload`: more comes of all sources than the daemon takes; `skew`:
 * sound did not follow on; `outlier`: a picture was stamped far off.
 */
export const DROP_REASONS = ["queue_full", "rate", "overload", "too_late", "encode_failed", "skew", "outlier", "shutdown", "oversize", "malformed", "failed"] as const;
/** Why a capture was dropped. */
export type DropReason = (typeof DROP_REASONS)[number];

/** The reasons that mean: more comes than is taken. */
export const SHED_REASONS = ["rate", "queue_full", "overload"] as const satisfies readonly DropReason[];
/** Why more comes than is taken. */
export type ShedReason = (typeof SHED_REASONS)[number];

/**
 * Closed set of what of a line of text could not be taken as it stands, though the line was. "fields_cut": fields beyond
 * the bounds were left out. "not_utf8": bytes that are no UTF-8 became U+FFFD. The rest is about the time that a line
 * carries: it cannot be read, or, in a recording, lies far ahead of the lines after it or before one that came earlier.
 */
export const LINE_FAULTS = ["fields_cut", "not_utf8", "time_unreadable", "time_ahead", "time_back"] as const;
/** What was wrong with a line. */
export type LineFault = (typeof LINE_FAULTS)[number];

/** Closed set of reasons for which a source's child is started again. */
export const RESTART_REASONS = ["exit", "stall", "frozen", "rate", "start_failed"] as const;
/** Why a source's child was started again. */
export type RestartReason = (typeof RESTART_REASONS)[number];

/** Closed set of anomalies. */
export const ANOMALY_KINDS = ["frozen", "black", "covered", "silent", "dc", "clipping", "out_of_phase"] as const;
/** What is wrong with what a source shows. */
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** The anomalies of one modality. */
export const ANOMALIES_OF = { image: ["frozen", "black", "covered"], audio: ["silent", "dc", "clipping", "out_of_phase"], text: [] } as const satisfies Record<string, readonly AnomalyKind[]>;

/** Closed set of the states of a source, in the order of its life. */
export const SOURCE_STATES = ["starting", "healthy", "alarmed", "recovering", "escalated", "failed", "ended"] as const;
/** The life of a source, judged by observations produced, not by bytes. */
export type SourceState = (typeof SOURCE_STATES)[number];

/**
 * Whether a modality of a source shows what is there: only then absence may be concluded from it. `at`: since when it is so,
 * Unix ms event time, which may lie before what was told already, since a loss is seen late.
 */
export interface ModalityWitness {
  readonly modality: Modality;
  readonly healthy: boolean;
  readonly at: number;
  /** Why it is none, in an operator's words, without secrets. */
  readonly why?: string;
}

/** What a source tells while it runs, in the order in which it happened. */
export type SourceSignal =
  | { readonly kind: "capture"; readonly capture: Capture }
  /** All of the source's captures of this modality that end at or before `time` (Unix ms) have been told. */
  | { readonly kind: "progress"; readonly modality: Modality; readonly time: number }
  /** Captures of this modality that started from `from` to `to` (Unix ms) were given up before they could be told: nobody looked at them. */
  | { readonly kind: "lost"; readonly modality: Modality; readonly from: number; readonly to: number; readonly reason: DropReason }
  /**
   * How the source is from `at` on (Unix ms event time), and why. `witnesses`: how each of its modalities is, all of them;
   * absent: all as the state says. Told when the state or a witness changes, so the state may be the one before.
   */
  | {
      readonly kind: "state";
      readonly state: SourceState;
      readonly at: number;
      readonly detail?: string;
      readonly witnesses?: readonly ModalityWitness[];
    };

/** A transition with what it says of each modality. */
export interface SourceTransition {
  readonly state: SourceState;
  /** Unix ms event time. */
  readonly at: number;
  readonly detail?: string;
  /** Every modality of the source. */
  readonly witnesses: readonly ModalityWitness[];
}

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
  /** A line was taken, but not wholly as it stands. `written`: what was wrong with it. */
  lineFault(sourceId: string, fault: LineFault, written?: string): void;
  /** `detail`: why, in an operator's words, without secrets. */
  restarted(sourceId: string, reason: RestartReason, detail: string): void;
  /** What comes shows something that cannot be, or does so no more. */
  anomaly(sourceId: string, kind: AnomalyKind | "rate", active: boolean): void;
  /** The source is not watched any more: whatever it was accused of is neither so nor over. */
  unwatched(sourceId: string): void;
  clockSkew(sourceId: string, seconds: number): void;
  note(sourceId: string, level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}
