// What the pipeline and the groups tell while they work.
import type { CloseReason } from "../../fusion/model/event.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { Incident } from "../../rules/incident.js";
import type { Suppression } from "../../rules/suppression.js";
import type { DropReason, SourceTransition } from "../sources/source.js";

/** The stages whose time and errors are counted, in the order of the data. Rules are part of "fuse": one fold does both. */
export const STAGES = ["capture", "encode", "fuse", "outbox"] as const;
/** One stage of the data path. */
export type Stage = (typeof STAGES)[number];

/** What came of an event when it left the open ones. */
export const EVENT_OUTCOMES = ["gap", "max_duration", "evicted", "encoders_changed", "clock", "merged"] as const satisfies readonly (CloseReason | "merged")[];
/** One of the closed set of event outcomes. */
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** What was done with an observation that came out of order: sorted into the tail, or refused as behind the watermark. */
export const LATE_ACTIONS = ["refolded", "dropped"] as const;
/** One of the closed set of actions on an observation out of order. */
export type LateAction = (typeof LATE_ACTIONS)[number];

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

/** What the clusterer and the rules of a group came to. */
export interface GroupTelemetry {
  eventEnded(groupId: string, outcome: EventOutcome): void;
  late(groupId: string, action: LateAction): void;
  /** A new incident, or one that changed its state. */
  incident(incident: Incident): void;
  /** A rule held a candidate back. */
  suppressed(suppression: Suppression): void;
}
