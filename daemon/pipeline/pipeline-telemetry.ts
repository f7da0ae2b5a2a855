// What the pipeline tells while it works.
import type { Modality } from "../../fusion/model/modality.js";
import type { DropReason, SourceTransition } from "../sources/source.js";

/** The stages whose time and errors are counted, in the order of the data. Rules are part of "fuse": one fold does both. */
export const STAGES = ["capture", "encode", "fuse", "outbox"] as const;
/** One stage of the data path. */
export type Stage = (typeof STAGES)[number];

/** What the data path tells. */
export interface PipelineTelemetry {
  sourceState(sourceId: string, transition: SourceTransition): void;
  /** An observation was made; `endedAt` in Unix ms. */
  observed(sourceId: string, modality: Modality, endedAt: number): void;
  /** A camera had looked at all of its picture; `endedAt` in Unix ms. */
  scanned(sourceId: string, endedAt: number): void;
  /** Captures were lost before they were encoded. */
  dropped(sourceId: string, reason: DropReason, count: number): void;
  /** Whether the source's silence proves an absence in this modality, and if captures of a healthy source are lost, why. */
  witnessing(sourceId: string, modality: Modality, witnesses: boolean, blind: string | undefined): void;
  calibration(sourceId: string, modality: Modality, warm: boolean): void;
  took(stage: Stage, ms: number): void;
  failed(stage: Stage, error: unknown): void;
  /** The data moved: an item went through. */
  progressed(): void;
  /** The clock was set, by `stepMs` (negative: back), which closed open events. */
  clockSet(stepMs: number, eventsClosed: number): void;
}
