// What the intake tells while it works.
import type { Modality } from "../../fusion/model/modality.js";
import { REPORT_FAULTS } from "../report/check-report.js";
import type { DropReason, SourceTransition } from "../sources/source.js";

/**
 * Why a report was not taken: what is wrong with it, or it was taken before, or it came so long after newer ones that nobody
 * knows whether it was.
 */
export const REPORT_REFUSALS = [...REPORT_FAULTS, "duplicate", "late"] as const;
/** One of the closed set of reasons for which a report is not taken. */
export type ReportRefusal = (typeof REPORT_REFUSALS)[number];

/** What the intake tells. */
export interface IntakeTelemetry {
  sourceState(sourceId: string, transition: SourceTransition): void;
  /** An observation came in; `endedAt` in Unix ms. */
  observed(sourceId: string, modality: Modality, endedAt: number): void;
  /** A camera had looked at all of its picture; `endedAt` in Unix ms. */
  scanned(sourceId: string, endedAt: number): void;
  /** Observations were not taken in. */
  dropped(sourceId: string, reason: DropReason, count: number): void;
  /** A report was not taken; `sourceId` as it says, undefined where nobody knows; `why`: what is to be done about it. */
  refused(sourceId: string | undefined, reason: ReportRefusal, why?: string): void;
  /** Whether the source's silence proves an absence in this modality, and if captures of a healthy source are lost, why. */
  witnessing(sourceId: string, modality: Modality, witnesses: boolean, blind: string | undefined): void;
  calibration(sourceId: string, modality: Modality, warm: boolean): void;
  took(stage: "fuse", ms: number): void;
  failed(stage: "fuse", error: unknown): void;
  /** The data moved: a report went through. */
  progressed(): void;
}
