// What the data path tells while it works.
import type { IntakeTelemetry } from "../intake/intake-telemetry.js";
import type { PerceptionTelemetry } from "../perception/perception-telemetry.js";

/** The stages whose time and errors are counted, in the order of the data. Rules are part of "fuse": one fold does both. */
export const STAGES = ["capture", "encode", "fuse", "outbox"] as const;
/** One stage of the data path. */
export type Stage = (typeof STAGES)[number];

/** What the data path tells. */
export interface PipelineTelemetry extends Omit<PerceptionTelemetry, "took" | "failed">, Omit<IntakeTelemetry, "took" | "failed"> {
  took(stage: Stage, ms: number): void;
  failed(stage: Stage, error: unknown): void;
  /** The clock was set, by `stepMs` (negative: back), which closed open events. */
  clockSet(stepMs: number, eventsClosed: number): void;
}
