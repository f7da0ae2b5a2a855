// What perception tells while it works, beside its reports.
import type { DropReason } from "../sources/source.js";

/** The stages before an observation is told, in the order of the data. */
export const PERCEPTION_STAGES = ["capture", "encode"] as const;
/** One stage of perception. */
export type PerceptionStage = (typeof PERCEPTION_STAGES)[number];

/** What perception tells. */
export interface PerceptionTelemetry {
  /** Captures were lost before they were encoded. */
  dropped(sourceId: string, reason: DropReason, count: number): void;
  took(stage: PerceptionStage, ms: number): void;
  failed(stage: PerceptionStage, error: unknown): void;
}
