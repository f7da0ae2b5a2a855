// The tables of the overload benchmark. Pure.
import { renderTable } from "../table.js";
import type { OverloadStep } from "./run-step.js";

const LINES: readonly string[] = ["lines/s", "said", "observed", "dropped", "in no counter"];
const ALERTS: readonly string[] = ["lines/s", "accepted", "acknowledged", "pending", "none pending after s", "latency p50 ms", "p99 ms"];
/** The whole line is in the JSON. */
const READYZ_CHARS_MAX = 80;
const HEALTH: readonly string[] = ["lines/s", "peak MiB", "readyz max ms", "load average", "readyz"];

/** The lines of the report: what became of the lines, of the alerts, and of the daemon; one row a step. */
export function renderOverload(steps: readonly OverloadStep[]): string[] {
  return [
    ...["Lines", ...renderTable([LINES, ...steps.map(linesRow)]), ""],
    ...["Alerts, when the lines ended; latency as the upper bound of its bucket", ...renderTable([ALERTS, ...steps.map(alertsRow)]), ""],
    ...["The daemon's process", ...renderTable([HEALTH, ...steps.map(healthRow)])],
  ];
}

function linesRow(step: OverloadStep): string[] {
  const dropped = Object.entries(step.dropped).map(([reason, count]) => `${count} ${reason}`);
  return [...[step.linesPerSecond, step.said, step.observed].map(String), dropped.length === 0 ? "none" : dropped.join(", "), String(step.unaccounted)];
}

function alertsRow(step: OverloadStep): string[] {
  const drained = step.drainedMs === undefined ? "never" : (step.drainedMs / 1_000).toFixed(1);
  const counts = [step.linesPerSecond, step.acceptedAlerts, step.acknowledged, step.pending].map(String);
  return [...counts, drained, ...[step.latencyMs.p50, step.latencyMs.p99].map((ms) => (Number.isFinite(ms) ? ms.toFixed(0) : "over"))];
}

function healthRow(step: OverloadStep): string[] {
  return [step.linesPerSecond, step.rssPeakMiB, step.readyzMaxMs].map(String).concat(step.load.toFixed(1), step.readyz.slice(0, READYZ_CHARS_MAX));
}
