// What a group keeps of its past when other encoders made it: all but the vectors, which mean nothing to the new ones. Pure.
import { closedEvent } from "../../fusion/clusterer.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Incident } from "../../rules/incident.js";
import type { Told } from "../../rules/publication.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import { isTold, type GroupCheckpoint, type JournalValue } from "./journal.js";
import type { Step } from "./step.js";

/** How much a group has to do without, and how many incidents go on. */
export interface Forgotten {
  readonly cohorts: number;
  readonly events: number;
  /** Steps since the checkpoint whose vector is not scored any more. */
  readonly observations: number;
  /** Incidents that were told as firing. */
  readonly incidents: number;
}

/** A group's past without vectors. */
export interface Kept {
  readonly checkpoint: GroupCheckpoint | undefined;
  readonly journal: readonly JournalValue[];
  readonly closed: readonly FusionEvent[];
  readonly forgotten: Forgotten;
}

/**
 * The past of a group as other encoders than today's left it, for today's to go on from.
 *
 * Watermark, rules and what was told stay as they are. Cohorts start anew and open events are closed. The observations
 * since the checkpoint keep what is no vector: their time and their exact fields. What they had shown is known by what
 * was told, so incidents are upheld as told; what they had not is not known any more, so nobody counts as having looked
 * or listened since the checkpoint.
 */
export function withoutVectors(checkpoint: GroupCheckpoint | undefined, journal: readonly JournalValue[]): Kept {
  const open = checkpoint?.state.open ?? [];
  const from = (checkpoint?.watermark ?? -Infinity) + 1;
  const told = [...(checkpoint?.told ?? []), ...journal.filter(isTold)];
  const newest = new Map(told.map(({ incident }) => [incident.id, incident]));
  return {
    checkpoint: checkpoint === undefined ? undefined : { ...checkpoint, state: { ...checkpoint.state, cohorts: new Map(), open: [] } },
    journal: [...blindSince(checkpoint, from), ...upheld(told, newest, from), ...journal.map(withoutVector)],
    closed: open.map(({ event }) => closedEvent(event, "encoders_changed")),
    forgotten: {
      cohorts: checkpoint?.state.cohorts.size ?? 0,
      events: open.length,
      observations: journal.filter(hasVector).length,
      incidents: [...newest.values()].filter(({ state }) => state === "firing").length,
    },
  };
}

/** Nobody whose words are vectors witnesses anything from here on. Text still does: absences ask its exact fields only. */
function blindSince(checkpoint: GroupCheckpoint | undefined, from: number): readonly Step[] {
  const lasting = (checkpoint?.state.rules.spans ?? []).filter((span) => span.to === undefined && span.modality !== "text");
  return lasting.map(({ sourceId, modality }) => ({ kind: "witness", change: { sourceId, modality, at: from, healthy: false } }));
}

/** The incidents as they were told, each revision when it was last met. What ended before `from` has ended in the state too. */
function upheld(told: readonly Told[], newest: ReadonlyMap<string, Incident>, from: number): readonly Step[] {
  return told.flatMap(({ incident, revision }): Step[] => {
    const metAt = incident.endedAt ?? incident.updatedAt;
    const isOver = newest.get(incident.id)?.reason !== undefined || (incident.state === "resolved" && metAt < from);
    return isOver ? [] : [{ kind: "upheld", at: Math.max(metAt, from), incident, toldRevision: revision }];
  });
}

function withoutVector(entry: JournalValue): JournalValue {
  if (isTold(entry)) return entry;
  if (entry.kind === "witness") return { ...entry, change: blind(entry.change) };
  if (entry.kind !== "observation") return entry;
  const { embedding: _meaningless, ...observation } = entry.observation;
  return { ...entry, observation };
}

function blind(change: WitnessChange): WitnessChange {
  return change.modality === "text" ? change : { ...change, healthy: false };
}

function hasVector(entry: JournalValue): boolean {
  return !isTold(entry) && entry.kind === "observation" && entry.observation.embedding !== undefined;
}
