// The report of `score scenes` as plain text. Pure.
import type { Baseline, ConfidenceBin, Reliability, ScenesReport, Score } from "./scenes-report.js";

const HEADING = ["met", "found", "recall", "told", "right", "precision", "delay p50", "p95"] as const;

/** The report in lines of plain text. */
export function renderScenes(report: ScenesReport): string[] {
  const { scenes, seconds: length, pack, tolerance_ms, by_rule, by_snr, by_control, baselines, incidents, missed, left_out } = report;
  const wrong = incidents.filter(({ right }) => !right);
  return [
    `pack ${pack}: ${scenes} scenes, ${(length / 60).toFixed(1)} min, ${by_rule.length} rules`,
    `an incident is right if its first alert lies in a time in which the rule is truly met, give or take ${tolerance_ms / 1_000} s`,
    `recall ${share(report.recall)} ${interval(report.recall_95)}, precision ${share(report.precision)} ${interval(report.precision_95)} (95 %, as if scenes were independent)`,
    "",
    ...table([["", ...HEADING], ["fused", ...cells(report)], ...baselines.map((baseline) => [baselineName(baseline), ...cells(baseline)])]),
    ...["", ...table([["by rule", ...HEADING], ...by_rule.map((rule) => [rule.rule, ...cells(rule)])])],
    ...(by_snr.length === 0 ? [] : ["", ...table([["by level over the background", ...HEADING], ...by_snr.map((one) => [`${one.snr_db} dB`, ...cells(one)])])]),
    ...(by_control.length === 0 ? [] : ["", ...table([["by control", ...HEADING], ...by_control.map((one) => [`${one.control} (${one.scenes} scenes)`, ...cells(one)])])]),
    ...["", ...table([["right of told at a confidence of", ...report.by_confidence.map(binName), "calibration error"], ...reliabilities(report)])],
    ...(wrong.length === 0 ? [] : ["", ...table([["wrong", "rule", "told at", "confidence"], ...wrong.map((one) => [one.scene, one.rule, seconds(one.at), share(one.confidence)])])]),
    ...(missed.length === 0 ? [] : ["", ...table([["missed", "rule", "met from"], ...missed.map((one) => [one.scene, one.rule, seconds(one.from)])])]),
    ...(left_out.length === 0 ? [] : ["", "complaints:", ...left_out.map(({ scene, reason }) => `  ${scene}: ${reason}`)]),
  ];
}

function reliabilities(report: ScenesReport): string[][] {
  const row = (name: string, { by_confidence, ece }: Reliability): string[] => [
    name,
    ...report.by_confidence.map(({ from }) => ofTold(by_confidence.find((bin) => bin.from === from))),
    share(ece),
  ];
  return [row("fused", report), ...report.baselines.flatMap(({ name, by_confidence, ece }) => (by_confidence === undefined || ece === undefined ? [] : [row(name, { by_confidence, ece })]))];
}

function baselineName({ name }: Baseline): string {
  return name === "time only" ? "time only, of all rules together" : name;
}

function binName({ from, to }: ConfidenceBin): string {
  return to === 1 ? `>= ${from}` : `${from} to ${to}`;
}

function ofTold(bin: ConfidenceBin | undefined): string {
  return bin === undefined ? "-" : `${bin.right} of ${bin.told}`;
}

function cells({ met, found, recall, told, right, precision, delay_p50_ms, delay_p95_ms }: Score): string[] {
  return [String(met), String(found), share(recall), String(told), String(right), share(precision), delay(delay_p50_ms), delay(delay_p95_ms)];
}

function share(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(3);
}

function interval([low, high]: readonly [number, number]): string {
  return `[${share(low)}, ${share(high)}]`;
}

function seconds(at: number): string {
  return `${at.toFixed(1)} s`;
}

function delay(ms: number): string {
  return Number.isNaN(ms) ? "-" : `${(ms / 1_000).toFixed(1)} s`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const padded = (text: string, column: number): string => " ".repeat((widths[column] ?? 0) - text.length);
  return rows.map((row) => `  ${row.map((text, column) => (column === 0 ? text + padded(text, column) : padded(text, column) + text)).join("  ")}`.trimEnd());
}
