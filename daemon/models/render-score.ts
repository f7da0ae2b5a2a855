// The report of `models score` as plain text.
import type { AlarmRate, FalseAlarmReport, OrdinaryReport, PromptAlarms } from "./ordinary-report.js";
import type { CrossModalReport, LabelCount, Measured, ModalityReport, ScoreReport } from "./score-report.js";

/** The report in lines of plain text. */
export function renderScore(report: ScoreReport): string[] {
  const { pack, modalities, soundToPicture, ordinary } = report;
  return [
    `pack ${pack.id} ${pack.version} (${pack.space})`,
    ...modalities.flatMap((modality) => ["", ...modalityLines(modality)]),
    ...(soundToPicture === undefined ? [] : ["", ...crossModalLines(soundToPicture)]),
    ...(ordinary === undefined ? [] : ordinaryLines(ordinary)),
    ...leftOutLines(report),
  ];
}

function modalityLines(report: ModalityReport): string[] {
  const { modality, views, labels, samples, latencyMs } = report;
  const [unit, what] = modality === "image" ? ["region", "pictures"] : ["window", "sounds"];
  if (report.files === 0) return [`${what}: no file could be decoded`];
  const silent = report.silent === 0 ? "" : `, ${report.silent} of them silent`;
  const summary = [
    ["accuracy", ...views.map(({ accuracy }) => measured(accuracy))],
    [`macro recall, ${report.macroLabels} labels of 5+ recordings`, ...views.map(({ macroRecall }) => (macroRecall === undefined ? "-" : measured(macroRecall)))],
  ];
  const order = labels.map((_, i) => i).sort((a, b) => (views[0]?.recalls[a] ?? 0) - (views[0]?.recalls[b] ?? 0));
  const byLabel = order.map((i) => [labelCell(labels[i]), String(labels[i]?.files), String(labels[i]?.recordings), ...views.map(({ recalls }) => share(recalls[i]))]);
  return [
    `${what}: ${report.files} files${silent}, ${report.recordings} recordings, ${samples} ${unit}s, ${labels.length} labels`,
    ...table([["", ...views.map(({ name }) => name)], ...summary]),
    `calibration error a ${unit}: ${share(report.calibrationError)} (15 bins, each label against the rest)`,
    `latency a ${unit}: mean ${milliseconds(latencyMs.mean)}, p95 ${milliseconds(latencyMs.p95)} (one at a time, one thread)`,
    ...table([["recall by label", "files", "recordings", ...views.map(({ name }) => name)], ...byLabel]),
  ];
}

function labelCell(count: LabelCount | undefined): string {
  return count === undefined ? "" : `${count.label}${count.untaught === true ? " (not taught)" : ""}`;
}

function crossModalLines({ labels, sounds, pictures, recallAt10, chance }: CrossModalReport): string[] {
  return [
    `sound to picture of the same label: R@10 ${share(recallAt10)} (chance ${share(chance)}), ${sounds} sounds of ${labels} labels, ${pictures} pictures, both centred`,
  ];
}

function ordinaryLines({ modalities, labels }: OrdinaryReport): string[] {
  const said = labels.map(({ label, files, known, nearest, excuses }) => {
    if (excuses.length > 0) return `"${label}" is in ${files} files: not counted there for ${excuses.join(", ")}`;
    const why = known ? "no scored label means the same to the pack" : `the pack does not know it${nearestOf(nearest)}`;
    return `"${label}" is in ${files} files: every prompt is counted there, since ${why}`;
  });
  return [...modalities.flatMap((modality) => ["", ...falseAlarmLines(modality)]), ...(said.length === 0 ? [] : ["", "what is truly in ordinary hours:", ...said.map((line) => `  ${line}`)])];
}

function falseAlarmLines({ modality, files, hours, samples, recallAtLeast, refractoryMs, pictures, prompts, all }: FalseAlarmReport): string[] {
  const [unit, what] = modality === "image" ? ["regions", "videos"] : ["windows", "sounds"];
  const watched = pictures === undefined ? "" : `, ${pictures.fps} pictures a second ${pictures.widthPx} wide`;
  const reached = prompts.filter(({ threshold }) => threshold !== undefined).length;
  const badness = ({ rate }: PromptAlarms): number => (rate === undefined || rate.hours === 0 ? -1 : rate.anHourAtMost);
  const worstFirst = [...prompts].sort((a, b) => badness(b) - badness(a));
  return [
    `ordinary ${what}: ${files} files, ${hours.toFixed(2)} distinct hours, ${samples} ${unit}${watched}`,
    `  ${reached === prompts.length ? "all" : `${reached} of`} ${prompts.length} prompts: ${all.alarms} false alarms, ${anHour(all.anHour)} an hour, at most ${anHour(all.anHourAtMost)} (95 %)`,
    ...table([
      [`prompt at recall ${recallAtLeast}, ${refractoryMs / 1000} s apart`, "labelled", "recall", "LLR", "confidence", "hours", "alarms", "an hour", "at most (95 %)"],
      ...worstFirst.map(falseAlarmRow),
    ]),
  ];
}

function falseAlarmRow({ label, files, threshold, rate }: PromptAlarms): string[] {
  if (threshold === undefined || rate === undefined) return [label, String(files), "out of reach"];
  const { llr, confidence, recall } = threshold;
  return [label, String(files), share(recall), llr.toFixed(2), share(confidence), ...rateCells(rate)];
}

function rateCells(rate: AlarmRate): string[] {
  return [rate.hours.toFixed(2), String(rate.alarms), anHour(rate.anHour), anHour(rate.anHourAtMost)];
}

function anHour(rate: number): string {
  return Number.isFinite(rate) ? rate.toFixed(2) : "-";
}

function leftOutLines({ unknownLabels, unreadable, ignored, ordinary }: ScoreReport): string[] {
  const lines = [
    ...unknownLabels.map(({ label, files, nearest }) => `"${label}", ${files} files: the pack does not know it${nearestOf(nearest)}`),
    ...unreadable.map(({ reason }) => reason),
    ...(ordinary?.leftOut ?? []).map(({ reason }) => reason),
    ...ignoredLine(ignored, "pictures nor sounds"),
    ...ignoredLine(ordinary?.ignored ?? [], "sounds nor videos"),
  ];
  return lines.length === 0 ? [] : ["", "left out:", ...lines.map((line) => `  ${line}`)];
}

function ignoredLine(ignored: readonly string[], kinds: string): string[] {
  return ignored.length === 0 ? [] : [`${ignored.length} files are neither ${kinds} by their names, such as ${ignored[0] ?? ""}`];
}

function nearestOf(nearest: readonly string[]): string {
  return nearest.length === 0 ? "" : `; the nearest it knows: ${nearest.join(", ")}`;
}

function measured({ value, interval: [low, high] }: Measured): string {
  return `${share(value)} [${share(low)}, ${share(high)}]`;
}

function share(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "-" : value.toFixed(3);
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? "-" : `${value.toFixed(2)} ms`;
}

/** Rows whose cells stand below each other, indented by two. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}
