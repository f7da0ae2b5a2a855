// The tables of the pipeline benchmark. Pure.
import { percentile } from "../../daemon/demo/report.js";
import type { ProcessRole } from "../../daemon/demo/process-usage.js";
import { renderTable } from "../table.js";
import { bareCores, type Rates } from "./bare-work.js";
import { CAMERA_FPS } from "./config-text.js";
import type { StepResult } from "./run-step.js";

const ROLES = ["daemon", "perception", "ffmpeg", "nats-server"] as const satisfies readonly ProcessRole[];
const SHARES = [0.5, 0.95, 0.99] as const;
const SHARE_NAMES = ["p50", "p95", "p99"] as const;

/** The lines of the report: load, CPU, latency and memory, one row a step. */
export function renderSteps(steps: readonly StepResult[]): string[] {
  return [
    ...["What went through, a second; what was lost, since the start", ...renderTable([THROUGH, ...steps.map(throughRow)]), ""],
    ...["CPU, cores in use (CPU seconds a second)", ...renderTable([CPU, ...steps.map(cpuRow)]), ""],
    ...["Latency, ms", ...renderTable([LATENCY, ...steps.map(latencyRow)]), ""],
    ...["Memory, MiB at its peak (PSS: shared pages count once)", ...renderTable([["N", ...ROLES, "all"], ...steps.map(memoryRow)]), ""],
    ...["CPU of everything over that of the bare work: ffmpeg to nowhere, gates, towers at the same rates; cores", ...renderTable([BARE, ...steps.map(bareRow)])],
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
  return [nameOf(step), ...ROLES.map((role) => mebibytes(step.pssBytes.get(role) ?? 0)), mebibytes(pssOf(step))];
}

const BARE: readonly string[] = ["N", "all", "bare", "ratio", "bare ffmpeg", "bare gate", "bare towers", "gate of a still camera, %", "collector, %"];

function bareRow(step: StepResult): string[] {
  const bare = bareOf(step);
  const cores = [coresOf(step), bare.all, coresOf(step) / bare.all, bare.ffmpeg, bare.gate, bare.towers].map((one) => one.toFixed(2));
  return [nameOf(step), ...cores, (100 * stillShare(step)).toFixed(2), (100 * step.gcShare).toFixed(1)];
}

/** What machines read of a step: one line of JSON. Cores are CPU seconds a second; a value that was not seen is null. */
export function jsonOf(step: StepResult): string {
  const [bare, rates] = [bareOf(step), ratesOf(step)];
  const round = (value: number, digits = 3): number => Number(value.toFixed(digits));
  const used = (role: ProcessRole): number => ((step.usage.find((use) => use.role === role)?.cpuSeconds ?? 0) * 1_000) / step.durationMs;
  const p99 = (values: readonly number[]): number | null => percentile(values, 0.99) ?? null;
  return JSON.stringify({
    n: step.pairs,
    drops: Object.values(step.drops).reduce((sum, count) => sum + count, 0),
    late: step.lateDropped,
    cores: round(coresOf(step)),
    bare_cores: round(bare.all),
    ratio: round(coresOf(step) / bare.all),
    alert_p99_ms: p99(step.alertMs),
    pss_mib: Math.round(pssOf(step) / 2 ** 20),
    gc_share: round(step.gcShare, 4),
    loop_delay_p99_ms: round(step.loopDelayP99Ms, 1),
    frame_p99_ms: p99(step.encodedMs.image),
    window_p99_ms: p99(step.encodedMs.audio),
    alerts: step.alertMs.length,
    scan: step.scans,
    frames_per_s: round(rates.frames, 1),
    regions_per_s: round(rates.regions, 1),
    windows_per_s: round(rates.windows, 1),
    ...Object.fromEntries(ROLES.map((role) => [`${role.replace("-", "_")}_cores`, round(used(role))])),
    bare_ffmpeg_cores: round(bare.ffmpeg),
    bare_gate_cores: round(bare.gate),
    bare_tower_cores: round(bare.towers),
    still_gate_cores: round(stillShare(step), 4),
    machine_cores: round((step.machineSeconds * 1_000) / step.durationMs),
  });
}

function bareOf(step: StepResult): ReturnType<typeof bareCores> {
  return bareCores(step.bare, ratesOf(step));
}

/** Every window was heard or was silence, of which there is none here: what else was captured were frames. */
function ratesOf({ encodedMs: { image, audio }, captures, durationMs }: StepResult): Rates {
  const aSecond = (count: number): number => (count * 1_000) / durationMs;
  return { frames: aSecond(Math.max(0, captures - audio.length)), regions: aSecond(image.length), windows: aSecond(audio.length) };
}

/** Of one core, for one camera in which nothing moves. */
function stillShare({ bare }: StepResult): number {
  return bare.gateAStillFrame * CAMERA_FPS;
}

function pssOf({ pssBytes }: StepResult): number {
  return [...pssBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
}
