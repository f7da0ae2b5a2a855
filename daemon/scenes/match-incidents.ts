// Incidents against the times in which their rule is truly met: which are right, which times were found, and how late. Pure.
import type { Span } from "../score/spans.js";

/** An incident as it was told. */
export interface ToldIncident {
  readonly ruleId: string;
  /** Event time of the first alert, ms. */
  readonly toldAt: number;
  /** To when it goes on telling, ms; absent: the first alert alone counts. */
  readonly untilMs?: number;
  /** The highest that any of its alerts said, 0..1. */
  readonly confidence: number;
}

/** An incident and whether its rule was truly met. */
export interface JudgedIncident extends ToldIncident {
  readonly right: boolean;
}

/** A time in which a rule was truly met, and what came of it. */
export interface FoundTime extends Span {
  /** From its start to the first right incident's alert, ms, at least 0; undefined: missed. */
  readonly delayMs?: number;
}

/** How far an alert may lie outside the time in which its rule is met, ms: one window of sound. */
export const TOLERANCE_MS = 2_000;

/**
 * Compares one rule's incidents in one scene with the times in which it is met. An incident is right if its first alert
 * lies in such a time, `toleranceMs` before its start and `lateMs` + `toleranceMs` after its end included, where `lateMs`
 * is how long the rule itself waits (`hold_for`, `after`). Incidents that tell the same time again are right as well.
 */
export function matchIncidents(
  met: readonly Span[],
  told: readonly ToldIncident[],
  { lateMs = 0, toleranceMs = TOLERANCE_MS }: { readonly lateMs?: number; readonly toleranceMs?: number } = {},
): { readonly incidents: readonly JudgedIncident[]; readonly times: readonly FoundTime[] } {
  const near = ({ fromMs, toMs }: Span, { toldAt, untilMs = toldAt }: ToldIncident): boolean => fromMs - toleranceMs <= untilMs && toldAt <= toMs + lateMs + toleranceMs;
  const incidents = told.map((incident) => ({ ...incident, right: met.some((time) => near(time, incident)) }));
  const times = met.map((time): FoundTime => {
    const first = Math.min(...told.filter((incident) => near(time, incident)).map(({ toldAt }) => toldAt));
    return first === Infinity ? time : { ...time, delayMs: Math.max(0, first - time.fromMs) };
  });
  return { incidents, times };
}
