// What the daemon and a perception process say to each other over the IPC channel: every message of either, and nothing else.
import type { SourceConfig } from "../../config/schema/sources.js";
import type { EncoderTelemetry } from "../../encoders/encoder.js";
import type { Device } from "../../encoders/tower-spec.js";
import type { ErrorCode } from "../../fusion/model/errors.js";
import type { SourceTelemetry } from "../sources/source.js";
import type { PerceptionStage, PerceptionTelemetry } from "./perception-telemetry.js";

/** Raised whenever a message changes: a process of another version is refused, never guessed at. */
export const PROTOCOL_VERSION = 1;

/** What a process perceives and how. The first message to it. */
export interface Configure {
  readonly kind: "configure";
  readonly version: number;
  readonly site: string;
  /** Digest of the encoders, as reports say it. */
  readonly encoders: string;
  /** Raised for each process that is started: see `ReportBase.run`. */
  readonly run: number;
  /** Steady time of the daemon at the zero of the machine's monotonic clock, Unix ms. */
  readonly epochMs: number;
  /** Folder of the pack. */
  readonly pack: string;
  readonly device: Device;
  /** Threads of one inference. */
  readonly threads: number;
  /** Cameras and microphones. Secrets are not in it: the process reads the files that it names. */
  readonly sources: readonly SourceConfig[];
}

/** What the daemon says to a process. `begin`: sources may be started. `taken`: so many reports were taken in since the last word about it. */
export type Command = Configure | { readonly kind: "begin" } | { readonly kind: "taken"; readonly reports: number } | { readonly kind: "stop" };

/** One call of a telemetry interface: its method and its arguments. */
type CallOf<T> = { [K in keyof T]: T[K] extends (...args: infer A) => void ? readonly [K, ...A] : never }[keyof T];

/** An error as it crosses the channel. */
export interface ToldError {
  readonly code?: ErrorCode;
  readonly message: string;
}

/** What a process tells beside reports, call by call, for the daemon's metrics, log and health. */
export type TelemetryCall =
  | { readonly of: "source"; readonly call: CallOf<SourceTelemetry> }
  | { readonly of: "encoder"; readonly call: CallOf<EncoderTelemetry> }
  | { readonly of: "perception"; readonly call: CallOf<Omit<PerceptionTelemetry, "failed">> | readonly ["failed", PerceptionStage, ToldError] };

/** What waits for a tower of one input. */
export interface WaitingInput {
  readonly sourceId: string;
  readonly modality: string;
  readonly size: number;
  readonly capacity: number;
  readonly oldestAgeMs: number;
}

/** A sign of life. */
export interface Beat {
  /** How long the oldest inference is under way, ms; 0: none is. */
  readonly oldestMs: number;
  readonly waiting: readonly WaitingInput[];
}

/** Most reports that a process has told and the daemon has not taken in yet. */
export const REPORTS_UNDER_WAY_MAX = 4096;

/** What a process says. */
export type Told =
  /** Every tower is proved. */
  | { readonly kind: "ready" }
  /** It cannot serve. */
  | { readonly kind: "refused"; readonly error: ToldError }
  /** In the order in which it happened; reports as docs/reports.md has them. `callsLost`: calls that found no room since the last message. */
  | { readonly kind: "told"; readonly reports: readonly Uint8Array[]; readonly calls: readonly TelemetryCall[]; readonly callsLost: number; readonly beat?: Beat }
  /** Every source has ended by itself, and all that it told was said. */
  | { readonly kind: "ended" }
  /** A source cannot go on, and trying again cannot help. */
  | { readonly kind: "failed"; readonly error: ToldError };

/** How often a process gives a sign of life, ms. */
export const BEAT_MS = 500;
