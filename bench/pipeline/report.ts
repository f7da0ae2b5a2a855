// The tables of the pipeline benchmark. Pure.
import { percentile } from "../../daemon/demo/report.js";
import type { ProcessRole } from "../../daemon/demo/process-usage.js";
import { renderTable } from "../table.js";
import type { StepResult } from "./run-step.js";

const ROLES = ["daemon", "encoder", "ffmpeg", "nats-server"] as const satisfies readonly ProcessRole[];
const SHARES = [0.5, 0.95, 0.99] as const;
const SHARE_NAMES = ["p50", "p95", "p99"] as const;

/** The lines of the report: load, CPU, latency and memory, one row a step. */
export function renderSteps(steps: readonly StepResult[]): string[] {
  return [
    ...["What went through, a second; what was lost, since the start", ...renderTable([THROUGH, ...steps.map(throughRow)]), ""],
    ...["CPU, cores in use (CPU seconds a second)", ...renderTable([CPU, ...steps.map(cpuRow)]), ""],
    ...["Latency, ms", ...renderTable([LATENCY, ...steps.map(latencyRow)]), ""],
    ...["Memory, peak MiB resident (shared pages count in each process)", ...renderTable([["N", ...ROLES, "all"], ...steps.map(memoryRow)])],
    ...steps.flatMap((step) => costOfScan(step, steps)),
  ];
}

/** What scanning costs, where the same N was measured without it. */
function costOfScan(step: StepResult, steps: readonly StepResult[]): string[] {
  const without = steps.find((other) => other.pairs === step.pairs && !other.scans);
  if (!step.scans || without === undefined) return [];
  return ["", `scan on / off, cores at N = ${step.pairs}: ${(coresOf(step) / coresOf(without)).toFixed(2)}`];
}

function coresOf({ usage, durationMs }: StepResult): number {
  return (usage.reduce((sum, use) => sum + use.cpuSeconds, 0) * 1_000) / durationMs;
}

function nameOf({ pairs, scans }: StepResult): string {
  return scans ? String(pairs) : `${pairs}, scan off`;
}

const THROUGH: readonly string[] = ["N", "captures", "regions", "windows", "alerts", "drops", "late"];
const CPU: readonly string[] = ["N", ...ROLES, "all", "whole machine", "load average"];
const LATENCY: readonly string[] = [
  "N",
  ...["frame", "window", "alert"].flatMap((what) => SHARE_NAMES.map((share) => `${what} ${share}`)),
  "alerts",
  "event loop p99",
];

function throughRow(step: StepResult): string[] {
  const aSecond = (count: number): string => ((count * 1_000) / step.durationMs).toFixed(1);
  const { image, audio } = step.encodedMs;
  const counts = [step.captures, image.length, audio.length, step.alertMs.length].map(aSecond);
  const drops = Object.entries(step.drops).map(([reason, count]) => `${count} ${reason}`);
  return [nameOf(step), ...counts, drops.length === 0 ? "none" : drops.join(" "), String(step.lateDropped)];
}

function cpuRow(step: StepResult): string[] {
  const cores = (seconds: number): string => ((seconds * 1_000) / step.durationMs).toFixed(2);
  const used = ROLES.map((role) => step.usage.find((use) => use.role === role)?.cpuSeconds ?? 0);
  return [nameOf(step), ...used.map(cores), coresOf(step).toFixed(2), cores(step.machineSeconds), step.load.toFixed(1)];
}

function latencyRow(step: StepResult): string[] {
  const shares = (values: readonly number[]): string[] => SHARES.map((share) => percentile(values, share)?.toFixed(0) ?? "-");
  const { image, audio } = step.encodedMs;
  return [nameOf(step), ...shares(image), ...shares(audio), ...shares(step.alertMs), String(step.alertMs.length), step.loopDelayP99Ms.toFixed(1)];
}

function memoryRow(step: StepResult): string[] {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const used = ROLES.map((role) => step.usage.find((use) => use.role === role)?.rssPeakBytes ?? 0);
  return [nameOf(step), ...used.map(mebibytes), mebibytes(step.usage.reduce((sum, use) => sum + use.rssPeakBytes, 0))];
}
