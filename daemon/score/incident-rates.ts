// False incidents over hours: what is excused, what counts, and how sure the rate is. Pure.
import { poissonInterval, poissonUpperBound } from "../models/metrics.js";
import type { PlacedLabel } from "./placed-label.js";
import { common, lengthMs, touches, without, type Span } from "./spans.js";
import type { TriedIncident } from "./trial.js";

/** False incidents over hours in which the rule had nothing to tell. Rates are null where there were no hours. */
export interface IncidentRate {
  readonly hours: number;
  readonly incidents: number;
  readonly incidents_per_hour: number | null;
  /** 95 %, one-sided, for incidents that come independently of each other. Source: Garwood 1936. */
  readonly bound_95: number | null;
  /** 95 %, two-sided. */
  readonly interval_95: readonly [low: number, high: number] | null;
}

/** A run of one recording, and what of it is judged. */
export interface JudgedRun<T extends TimedIncident = TimedIncident> {
  /** The stretch that counts. */
  readonly judged: Span;
  /** When anything was watched or heard at all. */
  readonly looked: readonly Span[];
  /** What is truly there. */
  readonly labels: readonly PlacedLabel[];
  readonly incidents: readonly T[];
}

/** What of an incident decides whether it counts. */
export type TimedIncident = Pick<TriedIncident, "ruleId" | "startedAt" | "firedAt" | "endedAt">;

/** For a phrase of a label, the ids of the rules that it excuses. */
export type Excuses = (what: string) => ReadonlySet<string>;

/** What was counted of a rule. */
export interface Counted {
  readonly ms: number;
  readonly incidents: number;
}

/** A label's edges are uncertain by this much, ms: a window of sound is as long, and people write whole seconds. */
export const LABEL_MARGIN_MS = 2000;

const HOUR_MS = 3_600_000;

/**
 * The false incidents of a rule: those that fired in the judged stretch, or, where none did, one that fired before and was
 * still met in it: what goes on and on is told once, and is no less wrong. An incident is excused if something that excuses
 * its rule is there, give or take LABEL_MARGIN_MS, while it came about, or, if it fired before, while it went on.
 */
export function falseIncidents<T extends TimedIncident>(run: JudgedRun<T>, ruleId: string, excuses: Excuses): readonly T[] {
  const { fromMs, toMs } = run.judged;
  const excused = excusedFor(run, ruleId, excuses);
  const own = run.incidents.filter((incident) => incident.ruleId === ruleId);
  const fired = own.filter(({ firedAt }) => firedAt > fromMs && firedAt <= toMs);
  if (fired.length > 0) return fired.filter(({ startedAt, firedAt }) => !touches(excused, { fromMs: startedAt, toMs: firedAt }));
  const standing = own.filter(({ firedAt, endedAt }) => firedAt <= fromMs && endedAt > fromMs);
  return standing.slice(-1).filter(({ endedAt }) => !touches(excused, { fromMs, toMs: endedAt }));
}

/** The time in which a rule could have had a false incident, ms: what was looked at of the judged stretch and is not excused. */
export function falseTimeMs(run: JudgedRun, ruleId: string, excuses: Excuses): number {
  return lengthMs(without(common(run.looked, [run.judged]), excusedFor(run, ruleId, excuses)));
}

function excusedFor({ labels }: JudgedRun, ruleId: string, excuses: Excuses): Span[] {
  return labels.filter(({ what }) => excuses(what).has(ruleId)).map(({ span }) => ({ fromMs: span.fromMs - LABEL_MARGIN_MS, toMs: span.toMs + LABEL_MARGIN_MS }));
}

/** What was counted as a rate. */
export function rateOf({ ms, incidents }: Counted): IncidentRate {
  const hours = ms / HOUR_MS;
  if (ms === 0) return { hours, incidents, incidents_per_hour: null, bound_95: null, interval_95: null };
  const [low, high] = poissonInterval(incidents);
  return { hours, incidents, incidents_per_hour: incidents / hours, bound_95: poissonUpperBound(incidents) / hours, interval_95: [low / hours, high / hours] };
}

/** Both counts together: other hours of the same rule, or another rule in the same hours (then `ms` is that of either). */
export function added(a: Counted, b: Counted): Counted {
  return { ms: a.ms + b.ms, incidents: a.incidents + b.incidents };
}
