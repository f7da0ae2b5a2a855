// What a rule reports.
import type { Modality } from "../fusion/model/modality.js";
import type { Region } from "../fusion/model/observation.js";

/** How grave an incident is, for subjects and routing. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
/** One of the closed set of severities. */
export type Severity = (typeof SEVERITIES)[number];

/** Which observation of which source met which condition, how surely, and when. */
export interface Evidence {
  /** The condition as the configuration writes it: `hear: dog`. */
  readonly condition: string;
  readonly sourceId: string;
  readonly modality: Modality;
  readonly observationId: string;
  /** Absent where a text line met a field condition and belongs to no event. */
  readonly eventId?: string;
  readonly capturedAt: number;
  readonly durationMs: number;
  /** From the incident's start to the observation's start, ms. */
  readonly offsetMs: number;
  readonly confidence: number;
  readonly region?: Region;
  readonly text?: string;
}

/** An incident as it stands. Immutable. Times are Unix ms of event time. */
export interface Incident {
  /** Hash of site, group, rule, founding event and episode. */
  readonly id: string;
  readonly ruleId: string;
  readonly groupId: string;
  readonly severity: Severity;
  readonly state: "pending" | "firing" | "resolved";
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  readonly confidence: number;
  /** False while a source whose sound gave evidence has no warm cohort of its own. */
  readonly calibrated: boolean;
  /** An absence that nobody could witness was taken for one (`when_blind: fire`). */
  readonly unwitnessed?: boolean;
  /** When the group's cameras had last looked at all of their picture before an absence of what is seen was concluded. */
  readonly lastScanAt?: number;
  /** "withdrawn": it lost its ground when an observation came out of order. "removed": nobody looks for it any more. */
  readonly reason?: "withdrawn" | "removed";
  /** The withdrawn incident that this one stands for, its founding event having changed. */
  readonly supersedes?: string;
  /** Events that meet its conditions, the founding one first. */
  readonly events: readonly { readonly id: string; readonly revision: number }[];
  /**
   * At most 16: the best for each (condition, source, modality), and of text lines that met a condition on a field each
   * that says something else, the newest first.
   */
  readonly evidence: readonly Evidence[];
  readonly summary: string;
}

/** One revision of an incident that is to be published: revisions count publications, from 1. */
export interface IncidentRevision {
  readonly incident: Incident;
  readonly revision: number;
}
