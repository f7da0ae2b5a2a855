// What the pipeline tells while it works.
import type { CloseReason } from "../../fusion/model/event.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { SuppressionReason } from "../../rules/episode.js";
import type { DropReason } from "../sources/source.js";

/** Stages of an observation's way that are timed. */
export const STAGES = ["capture", "encode", "fuse", "outbox"] as const;
/** One of the timed stages. */
export type Stage = (typeof STAGES)[number];

/** Counters and gauges of the pipeline. */
export interface PipelineTelemetry {
  observed(sourceId: string, modality: Modality, endedAt: number): void;
  dropped(sourceId: string, reason: DropReason, count: number): void;
  stage(stage: Stage, seconds: number): void;
  stageFailed(stage: Stage, code: string): void;
  late(groupId: string): void;
  eventFounded(groupId: string): void;
  eventEnded(groupId: string, outcome: CloseReason | "merged"): void;
  incident(ruleId: string, state: "firing" | "resolved"): void;
  suppressed(ruleId: string, reason: SuppressionReason): void;
  calibrationWarm(sourceId: string, modality: Modality, warm: boolean): void;
}
