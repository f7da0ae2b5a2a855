// What perception tells of a source: the one thing that goes from where it is looked and listened to where it is fused.
import type { Modality } from "../../fusion/model/modality.js";
import type { Observation } from "../../fusion/model/observation.js";
import type { ModalityWitness, SourceState } from "../sources/source.js";

/**
 * What every report says of itself. Times in reports are steady time of the machine that perceives, Unix ms, whole: the
 * intake moves them into event time.
 */
export interface ReportBase {
  readonly site: string;
  /** Digest of the encoders that make this source's vectors: those of others never meet them. */
  readonly encoders: string;
  readonly sourceId: string;
  readonly modality: Modality;
  /** Raised, durably, each time that perception of the source begins: with it `seq` may begin again. */
  readonly run: number;
  /** Counts up by one for each report of this source and modality within a run, whatever its kind. From 0. */
  readonly seq: number;
}

/** One sample was encoded. */
export interface ObservationReport extends ReportBase {
  readonly kind: "observation";
  /** Of the same source, modality, run and seq. */
  readonly observation: Observation;
  /** From the end of the sample until all of it was there, and from then until it was encoded, ms. */
  readonly captureMs: number;
  readonly encodeMs: number;
}

/** Every place of a camera's picture, masks aside, was looked at between two moments. */
export interface ScanReport extends ReportBase {
  readonly kind: "scan";
  readonly from: number;
  readonly to: number;
}

/** All that ended at or before `time` was told. */
export interface ProgressReport extends ReportBase {
  readonly kind: "progress";
  readonly time: number;
}

/** From `at` on the input's silence proves an absence, or does not. `why`: in an operator's words, where it does not. */
export interface WitnessReport extends ReportBase {
  readonly kind: "witness";
  readonly at: number;
  readonly healthy: boolean;
  readonly why?: string;
}

/** How the source is from `at` on. It is of the source, so one of its modalities carries it. */
export interface HealthReport extends ReportBase {
  readonly kind: "health";
  readonly at: number;
  readonly state: SourceState;
  readonly detail?: string;
  /** Every modality of the source. */
  readonly witnesses: readonly ModalityWitness[];
}

/** The input has told its last: a file is over. */
export interface EndReport extends ReportBase {
  readonly kind: "end";
}

/** One report. */
export type Report = ObservationReport | ScanReport | ProgressReport | WitnessReport | HealthReport | EndReport;
