// Which revisions of incidents are worth an alert: the ledger between the state now and what was told.
import type { Incident, IncidentRevision } from "./incident.js";
import { shiftedIncident } from "./shifted.js";

/** A rise of confidence that is told at once. */
const CONFIDENCE_STEP = 0.1;

/** How long what was told of an incident that is over is remembered, ms: its revisions must never start again. */
const TOLD_KEPT_MS = 600_000;

/** Of more incidents than this that are over, those that nothing can change any more are forgotten earlier. */
const OVER_KEPT = 128;

/** What was last told of an incident. */
export interface Told {
  readonly revision: number;
  readonly incident: Incident;
}

/** What `reconcile` found to be told. */
export interface Publication {
  /** Firing and resolved incidents: alerts. */
  readonly alerts: readonly IncidentRevision[];
  /** Incidents that have newly become pending: to look at, not to automate on. */
  readonly candidates: readonly Incident[];
}

/**
 * Compares the incidents of the state now with what was told, and says what to tell.
 *
 * An alert leaves on a state change, a new source or modality, or a rise of confidence of 0.1 or more; otherwise at most
 * once every `updateEveryMs` of its rule. A firing incident that the state now does not know any more has lost its
 * ground: it resolves as withdrawn, and what fires in its place says which one it supersedes. Pure but for its ledger.
 * Bound: what fires, what the state now shows, what is over but behind no watermark yet, and `OVER_KEPT` more.
 */
export class PublicationLedger {
  readonly #updateEveryMs: (ruleId: string) => number;
  /** Told as firing. */
  readonly #open = new Map<string, Told>();
  /** Told as resolved, about in that order. */
  readonly #over = new Map<string, Told>();
  #pending = new Set<string>();

  constructor(updateEveryMs: (ruleId: string) => number, told: Iterable<Told> = []) {
    this.#updateEveryMs = updateEveryMs;
    for (const one of told) this.#note(one);
  }

  /** What was told of incidents that are going on or were lately, to be written down. */
  get told(): readonly Told[] {
    return [...this.#over.values(), ...this.#open.values()];
  }

  /** The ledger after the clock was set by `shiftMs`: what was told is as long ago as it was, and no revision starts again. */
  shifted(shiftMs: number): PublicationLedger {
    const told = this.told.map(({ revision, incident }) => ({ revision, incident: shiftedIncident(incident, shiftMs) }));
    const ledger = new PublicationLedger(this.#updateEveryMs, told);
    ledger.#pending = this.#pending;
    return ledger;
  }

  /** `incidents`: all of the state now, the ones resolved lately included. `nowMs`: event time, of which all up to `completeTo` is final. */
  reconcile(incidents: readonly Incident[], nowMs: number, completeTo: number): Publication {
    const current = new Set(incidents.map((incident) => incident.id));
    const withdrawn = [...this.#open.values()].filter((told) => !current.has(told.incident.id));
    const alerts = withdrawn.map((told) => this.#end(told, "withdrawn", nowMs));
    for (const incident of incidents) alerts.push(...this.#tell(incident, alerts));
    this.#forget(current, nowMs, completeTo);
    const pending = incidents.filter((incident) => incident.state === "pending");
    const candidates = pending.filter((incident) => !this.#pending.has(incident.id));
    this.#pending = new Set(pending.map((incident) => incident.id));
    return { alerts, candidates };
  }

  /** Ends what was told as firing and does not go on, since today's rules do not look for it. `nowMs`: event time. */
  remove(goesOn: (incident: Incident) => boolean, nowMs: number): readonly IncidentRevision[] {
    const removed = [...this.#open.values()].filter(({ incident }) => !goesOn(incident));
    return removed.map((told) => this.#end(told, "removed", nowMs));
  }

  #end(told: Told, reason: NonNullable<Incident["reason"]>, nowMs: number): IncidentRevision {
    const { supersedes: _past, ...incident } = told.incident;
    const resolved: Incident = { ...incident, state: "resolved", reason, updatedAt: Math.max(nowMs, incident.updatedAt), endedAt: incident.updatedAt };
    return this.#note({ incident: resolved, revision: told.revision + 1 });
  }

  #tell(incident: Incident, alerts: readonly IncidentRevision[]): readonly IncidentRevision[] {
    if (incident.state === "pending") return [];
    const before = this.#open.get(incident.id) ?? this.#over.get(incident.id);
    if (before !== undefined && !this.#isNews(before.incident, incident)) return [];
    const replaced = before === undefined ? replacedBy(incident, alerts) : before.incident.supersedes;
    const severity = before?.incident.severity ?? incident.severity; // who heard of it must hear of its end
    const told: Incident = { ...incident, severity, ...(replaced === undefined ? {} : { supersedes: replaced }) };
    return [this.#note({ incident: told, revision: (before?.revision ?? 0) + 1 })];
  }

  #note(told: Told): Told {
    const { id, state } = told.incident;
    this.#open.delete(id);
    this.#over.delete(id);
    (state === "resolved" ? this.#over : this.#open).set(id, told);
    return told;
  }

  /** Lets go of what is over and can never come back, from the oldest on. */
  #forget(current: ReadonlySet<string>, nowMs: number, completeTo: number): void {
    let surplus = this.#over.size - OVER_KEPT;
    for (const [id, { incident }] of this.#over) {
      const old = nowMs - incident.updatedAt > TOLD_KEPT_MS;
      if (!old && surplus <= 0) return;
      if (current.has(id) || (!old && incident.updatedAt > completeTo)) continue;
      this.#over.delete(id);
      surplus -= 1;
    }
  }

  #isNews(before: Incident, now: Incident): boolean {
    if (before.state !== now.state || before.reason !== now.reason) return true;
    if (now.state === "resolved") return false;
    if (now.confidence - before.confidence >= CONFIDENCE_STEP) return true;
    const known = witnessesOf(before);
    if ([...witnessesOf(now)].some((witness) => !known.has(witness))) return true;
    return now.updatedAt - before.updatedAt >= this.#updateEveryMs(now.ruleId);
  }
}

function witnessesOf(incident: Incident): ReadonlySet<string> {
  return new Set(incident.evidence.map((one) => `${one.sourceId} ${one.modality}`));
}

function replacedBy(incident: Incident, alerts: readonly IncidentRevision[]): string | undefined {
  const same = (other: Incident): boolean => other.ruleId === incident.ruleId && other.groupId === incident.groupId;
  return alerts.find((alert) => alert.incident.reason === "withdrawn" && same(alert.incident))?.incident.id;
}
