// What the stages that live in no folder of their own yet tell: pipeline, fusion, rules, bus.
import type { CloseReason } from "../../fusion/model/event.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { Incident } from "../../rules/incident.js";
import type { SourceState } from "../sources/source.js";
import type { OutboxClass } from "../store/store.js";

/** The stages whose time and errors are counted, in the order of the data. */
export const STAGES = ["capture", "decode", "encode", "fuse", "rule", "outbox"] as const;
/** One stage of the data path. */
export type Stage = (typeof STAGES)[number];

/** What came of an event when it left the open ones. */
export const EVENT_OUTCOMES = ["gap", "max_duration", "evicted", "end_of_input", "merged"] as const satisfies readonly (CloseReason | "merged")[];
/** One of the closed set of event outcomes. */
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** What was done with an observation that came out of order: sorted into the tail, or refused as behind the watermark. */
export const LATE_ACTIONS = ["refolded", "dropped"] as const;
/** One of the closed set of actions on an observation out of order. */
export type LateAction = (typeof LATE_ACTIONS)[number];

/** Why a rule whose conditions were met reported nothing: still cooling down, an exclusion held, an absence had no witness. */
export const SUPPRESSION_REASONS = ["cooldown", "unless", "blind"] as const;
/** One of the closed set of reasons for which an incident is suppressed. */
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** Why a publication failed and is tried again: the codes of a sink's errors. */
export const PUBLISH_ERRORS = ["sink_unavailable", "sink_rejected"] as const;
/** One of the closed set of reasons for which a publication fails. */
export type PublishError = (typeof PUBLISH_ERRORS)[number];

/** A queue as it stands; asked at every scrape. BoundedQueue is one. */
export interface QueueGauge {
  readonly capacity: number;
  readonly size: number;
  oldestAgeMs(): number;
}

/** A group's fold as it stands; asked at every scrape. */
export interface GroupGauge {
  openEvents(): number;
  /** How far the watermark is behind the wall clock, ms; undefined while there is none. */
  watermarkLagMs(): number | undefined;
}

/** What the data path tells. */
export interface PipelineTelemetry {
  sourceState(sourceId: string, state: SourceState, detail?: string): void;
  /** An observation was made; `endedAt` in Unix ms. */
  observed(sourceId: string, modality: Modality, endedAt: number): void;
  calibration(sourceId: string, modality: Modality, warm: boolean): void;
  took(stage: Stage, ms: number): void;
  failed(stage: Stage, error: unknown): void;
}

/** What the clusterer of a group did, told by who runs it. */
export interface FusionTelemetry {
  eventEnded(groupId: string, outcome: EventOutcome): void;
  late(groupId: string, action: LateAction): void;
}

/** What the rules came to, told by who runs them. */
export interface RuleTelemetry {
  /** A new incident, or one that changed its state. */
  incident(incident: Incident): void;
  suppressed(ruleId: string, reason: SuppressionReason): void;
}

/** What the bus and the publisher tell. */
export interface BusTelemetry {
  connected(server: string): void;
  disconnected(reason: string): void;
  reconnected(server: string): void;
  publishFailed(reason: PublishError, error: unknown): void;
  /** The broker acknowledged a message; its latency counts from the end of the newest observation that caused it. */
  acknowledged(outboxClass: OutboxClass, latencyMs: number, duplicate: boolean): void;
  /** The stream is behind what it had acknowledged, or is another one. */
  streamRegressed(stream: string): void;
}
