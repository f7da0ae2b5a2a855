// What clusterers and rules came to, as metrics and log lines.
import type { Incident, IncidentRevision } from "../../rules/incident.js";
import { LabelValues } from "./labels.js";
import type { Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, Metrics } from "./metrics.js";
import { SUPPRESSION_REASONS } from "../../rules/episode.js";
import { whyHeldBack, type Suppression } from "../../rules/suppression.js";
import { EVENT_OUTCOMES, LATE_ACTIONS, type EventOutcome, type GroupTelemetry, type LateAction } from "../groups/group-telemetry.js";
import type { Forgotten } from "../groups/other-encoders.js";
import type { GroupGauge } from "./gauges.js";
import { HeldBack, type HeldBackView } from "./held-back.js";

const INCIDENT_STATES = ["pending", "firing", "resolved"] as const satisfies readonly Incident["state"][];

/** Counts events and incidents and notes the incidents. */
export class FusionEvents implements GroupTelemetry {
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  readonly #groups = new LabelValues([]);
  readonly #rules = new LabelValues([]);
  readonly #gauges = new Map<string, GroupGauge>();
  readonly #heldBack = new HeldBack();
  readonly #open: GaugeMetric;
  readonly #events: CounterMetric;
  readonly #merges: CounterMetric;
  readonly #watermarkLag: GaugeMetric;
  readonly #late: CounterMetric;
  readonly #incidents: CounterMetric;
  readonly #suppressed: CounterMetric;

  constructor(metrics: Metrics, logger: Logger) {
    this.#metrics = metrics;
    this.#logger = logger;
    this.#open = metrics.gauge({ name: "events_open", help: "Events that are open.", labels: ["group"] });
    this.#events = metrics.counter({ name: "events_total", help: "Events that ended, by what ended them.", labels: ["group", "outcome"] });
    this.#merges = metrics.counter({ name: "event_merges_total", help: "Events that turned out to be one with another." });
    this.#watermarkLag = metrics.gauge({ name: "watermark_lag_seconds", help: "How far the group's watermark is behind the clock.", labels: ["group"] });
    this.#late = metrics.counter({ name: "late_observations_total", help: "Observations out of order, by what was done with them.", labels: ["group", "action"] });
    this.#incidents = metrics.counter({ name: "incidents_total", help: "Incidents that came into a state.", labels: ["rule", "state"] });
    this.#suppressed = metrics.counter({ name: "incidents_suppressed_total", help: "Incidents that a rule held back.", labels: ["rule", "reason"] });
    metrics.onScrape(() => this.#collect());
  }

  /** Makes a configured group known; its gauge is asked at every scrape. */
  addGroup(groupId: string, gauge: GroupGauge): void {
    this.#groups.add(groupId);
    this.#gauges.set(groupId, gauge);
    for (const outcome of EVENT_OUTCOMES) this.#events.increase({ group: groupId, outcome }, 0);
    for (const action of LATE_ACTIONS) this.#late.increase({ group: groupId, action }, 0);
  }

  /** Takes a group that is no longer configured out of the metrics. */
  async removeGroup(groupId: string): Promise<void> {
    this.#groups.remove(groupId);
    this.#gauges.delete(groupId);
    await this.#metrics.forget("group", groupId);
  }

  /** Makes a configured rule known. */
  addRule(ruleId: string): void {
    this.#rules.add(ruleId);
    for (const state of INCIDENT_STATES) this.#incidents.increase({ rule: ruleId, state }, 0);
    for (const reason of SUPPRESSION_REASONS) this.#suppressed.increase({ rule: ruleId, reason }, 0);
  }

  /** Takes a rule that is no longer configured out of the metrics. */
  async removeRule(ruleId: string): Promise<void> {
    this.#rules.remove(ruleId);
    this.#heldBack.remove(ruleId);
    await this.#metrics.forget("rule", ruleId);
  }

  eventEnded(groupId: string, outcome: EventOutcome): void {
    this.#events.increase({ group: this.#groups.of(groupId), outcome });
    if (outcome === "merged") this.#merges.increase();
  }

  late(groupId: string, action: LateAction): void {
    this.#late.increase({ group: this.#groups.of(groupId), action });
    if (action === "dropped") this.#logger.log("error", "an observation came too late and was dropped", { group: groupId });
  }

  incident(incident: Incident): void {
    this.#incidents.increase({ rule: this.#rules.of(incident.ruleId), state: incident.state });
    this.#logger.log(incident.state === "pending" ? "debug" : "info", "incident changed its state", {
      rule: incident.ruleId,
      group: incident.groupId,
      state: incident.state,
      incident: incident.id,
      confidence: incident.confidence,
    });
  }

  suppressed(suppression: Suppression): void {
    const { ruleId, groupId, reason, at, confidence, summary } = suppression;
    this.#suppressed.increase({ rule: this.#rules.of(ruleId), reason });
    this.#heldBack.add(suppression);
    const why = whyHeldBack(suppression, isoTime);
    this.#logger.log("debug", "incident was held back", { rule: ruleId, group: groupId, reason, at: isoTime(at), why, confidence, summary });
  }

  /** What a rule held back in a group since the start. */
  heldBack(ruleId: string, groupId: string): HeldBackView {
    return this.#heldBack.of(ruleId, groupId);
  }

  /** Incidents were ended because what looked for them is not configured any more. */
  removed(ends: readonly IncidentRevision[]): void {
    for (const { incident } of ends) {
      this.incident(incident);
      this.#logger.log("warn", "what looked for this incident is not configured any more: it ends", { rule: incident.ruleId, group: incident.groupId, incident: incident.id });
    }
  }

  /** Groups were recovered whose vectors other encoders had made; none: nothing to tell. */
  otherEncoders(groups: readonly Forgotten[]): void {
    if (groups.length === 0) return;
    const sum = (what: keyof Forgotten): number => groups.reduce((total, one) => total + one[what], 0);
    const counts = { groups: groups.length, cohorts: sum("cohorts"), events: sum("events"), observations: sum("observations"), incidents: sum("incidents") };
    this.#logger.log("warn", "other encoders made what the state holds: cohorts start anew, open events are closed, observations not yet committed are not scored again, incidents go on", counts);
  }

  #collect(): void {
    for (const [group, gauge] of this.#gauges) {
      this.#open.set(gauge.openEvents(), { group });
      const lagMs = gauge.watermarkLagMs();
      if (lagMs !== undefined) this.#watermarkLag.set(lagMs / 1000, { group });
    }
  }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
