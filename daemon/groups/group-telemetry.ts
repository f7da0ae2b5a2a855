// What a group tells while it works.
import type { CloseReason } from "../../fusion/model/event.js";
import type { Incident } from "../../rules/incident.js";
import type { Suppression } from "../../rules/suppression.js";

/** What came of an event when it left the open ones. */
export const EVENT_OUTCOMES = ["gap", "max_duration", "evicted", "encoders_changed", "clock", "merged"] as const satisfies readonly (CloseReason | "merged")[];
/** One of the closed set of event outcomes. */
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** What was done with an observation that came out of order: sorted into the tail, or refused as behind the watermark. */
export const LATE_ACTIONS = ["refolded", "dropped"] as const;
/** One of the closed set of actions on an observation out of order. */
export type LateAction = (typeof LATE_ACTIONS)[number];

/** What the clusterer and the rules of a group came to. */
export interface GroupTelemetry {
  eventEnded(groupId: string, outcome: EventOutcome): void;
  late(groupId: string, action: LateAction): void;
  /** A new incident, or one that changed its state. */
  incident(incident: Incident): void;
  /** A rule held a candidate back. */
  suppressed(suppression: Suppression): void;
}
