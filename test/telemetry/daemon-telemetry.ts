// The daemon's telemetry on a virtual clock, with one configured source, group and rule, for tests.
import { HealthBoard } from "../../daemon/telemetry/health-board.js";
import { InternalEvents } from "../../daemon/telemetry/internal-events.js";
import { createLogger } from "../../daemon/telemetry/logger.js";
import { Metrics } from "../../daemon/telemetry/metrics.js";
import { Redactor } from "../../daemon/telemetry/redact.js";
import type { OutboxCounts } from "../../daemon/store/store.js";
import { LINE_FAULTS } from "../../daemon/sources/source.js";
import type { Incident } from "../../rules/incident.js";
import type { Suppression } from "../../rules/suppression.js";
import { VirtualClock } from "./virtual-clock.js";

/** Everything that the composition root would make. */
export function daemonTelemetry() {
  const clock = new VirtualClock();
  const redactor = new Redactor();
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>), lost: 0, flush: () => Promise.resolve() };
  const logger = createLogger({ redactor, level: "debug", destination, clock });
  const metrics = new Metrics({ clock, refreshTimeoutMs: 500 });
  const health = new HealthBoard(redactor, clock);
  const events = new InternalEvents({ metrics, logger, health, version: "0.1.0", clock });
  events.sources.add({ id: "dock-cam", modalities: ["image", "audio"] });
  events.fusion.addGroup("dock", { openEvents: () => 2, watermarkLagMs: () => 1500 });
  events.fusion.addRule("break-in");
  return { clock, redactor, lines, logger, metrics, health, events };
}

/** Counts of an outbox for which the identity holds. */
export const outboxCounts: OutboxCounts = {
  offered: 12,
  accepted: 10,
  acknowledged: 5,
  superseded: 1,
  pending: 3,
  shed: [
    { class: "alert", at: "door", count: 0 },
    { class: "alert", at: "later", count: 0 },
    { class: "health", at: "door", count: 2 },
    { class: "health", at: "later", count: 1 },
  ],
  corrupt: 0,
  bytes: 4096,
  capacityBytes: 1_000_000,
  oldestAcceptedAt: 1_700_000_000_000,
};

/** An incident of the configured rule, or of another. */
export function incident(ruleId: string, state: Incident["state"]): Incident {
  return {
    id: "00",
    ruleId,
    groupId: "dock",
    severity: "critical",
    state,
    startedAt: 0,
    updatedAt: 0,
    confidence: 0.9,
    calibrated: true,
    events: [],
    evidence: [],
    summary: "",
  };
}

/** A candidate that a rule held back. */
export const suppression: Suppression = {
  ruleId: "break-in",
  groupId: "dock",
  reason: "cooldown",
  at: 1_700_000_000_000,
  heldMs: 0,
  holdForMs: 0,
  cooldownUntil: 1_700_000_060_000,
  confidence: 0.9,
  summary: "hear: dog (dock-mic 0.90)",
  absences: [],
};

/** Tells every stage's telemetry everything it can be told, with ids inside and outside the configuration. */
export function tellEverything({ events }: ReturnType<typeof daemonTelemetry>): void {
  const { sources, encoders, perception, pipeline, fusion, store, bus, life, stages } = events;
  for (const id of ["dock-cam", "rtsp://admin:hunter2@10.0.0.7/"]) {
    pipeline.sourceState(id, { state: "healthy", at: 0, witnesses: [{ modality: "image", healthy: true, at: 0 }] });
    pipeline.observed(id, "image", 1_700_000_000_500);
    pipeline.scanned(id, 1_700_000_001_000);
    pipeline.calibration(id, "image", true);
    pipeline.witnessing(id, "image", true, undefined);
    sources.dropped(id, "queue_full", 3);
    for (const fault of LINE_FAULTS) sources.lineFault(id, fault, "shift 7");
    sources.restarted(id, "stall", "no picture for 10 s");
    sources.anomaly(id, "frozen", true);
    sources.anomaly(id, "frozen", false);
    sources.unwatched(id);
    sources.clockSkew(id, 0.25);
    sources.note(id, "warn", "the camera has no sound", { level: "x" });
  }
  for (const stage of ["capture", "encode", "fuse", "outbox"] as const) pipeline.took(stage, 12);
  pipeline.failed("fuse", new Error("/srv/someone/secret"));
  const towers = encoders.of("p1");
  towers.provider("image", "cpu");
  towers.provider("audio", "a provider that nobody knows");
  towers.encoded("image", 8, 2);
  towers.failed("image", "encode_timeout");
  towers.failed("image", "no code of ours");
  towers.rejected("audio", "norm");
  towers.variance("audio", 0.8);
  towers.scanned("dock-cam", 2, 9400);
  towers.scanPutOff("dock-cam");
  towers.serving("audio", "it keeps crashing");
  perception.assigned("p1", ["dock-cam"]);
  perception.perceiving("p1", undefined);
  perception.waiting("p1", [{ sourceId: "dock-cam", modality: "image", size: 1, capacity: 32, oldestAgeMs: 12 }]);
  perception.callsLost("p1", 3);
  perception.restarted("p1", "crash");
  perception.perceiving("p1", "it ended by SIGKILL");
  for (const group of ["dock", "a group that nobody configured"]) {
    fusion.eventEnded(group, "gap");
    fusion.eventEnded(group, "merged");
    fusion.late(group, "dropped");
  }
  for (const rule of ["break-in", "no such rule"]) {
    fusion.incident(incident(rule, "firing"));
    fusion.suppressed({ ...suppression, ruleId: rule });
  }
  store.committed(0.004);
  store.corrupt(1);
  store.place([{ reason: "disk_full", detail: "the disk is full" }]);
  store.watch({ counts: () => Promise.resolve(outboxCounts) });
  bus.connected(false);
  bus.connected(true);
  bus.reconnected();
  bus.publishFailed("timeout");
  bus.dropped("plant.access", 2);
  bus.restarted();
  bus.alertAcknowledged(120, 3);
  bus.duplicate();
  bus.regression();
  bus.delivery({ state: "degraded", reason: "full", detail: "the stream is full" });
  bus.note("warn", "the broker reports an error");
  life.failed("/metrics", new Error("x"));
  stages.watchQueue("encode:image", { capacity: 8, size: 3, oldestAgeMs: () => 250 });
}
