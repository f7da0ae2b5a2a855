// The report of `models score` as plain text.
import type { CrossModalReport, Measured, ModalityReport, ScoreReport } from "./score-report.js";

/** The report in lines of plain text. */
export function renderScore(report: ScoreReport): string[] {
  const { pack, modalities, soundToPicture } = report;
  return [
    `pack ${pack.id} ${pack.version} (${pack.space})`,
    ...modalities.flatMap((modality) => ["", ...modalityLines(modality)]),
    ...(soundToPicture === undefined ? [] : ["", ...crossModalLines(soundToPicture)]),
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
  const byLabel = order.map((i) => [labels[i]?.label ?? "", String(labels[i]?.files), String(labels[i]?.recordings), ...views.map(({ recalls }) => share(recalls[i]))]);
  return [
    `${what}: ${report.files} files${silent}, ${report.recordings} recordings, ${samples} ${unit}s, ${labels.length} labels`,
    ...table([["", ...views.map(({ name }) => name)], ...summary]),
    `calibration error a ${unit}: ${share(report.calibrationError)} (15 bins, each label against the rest)`,
    `latency a ${unit}: mean ${milliseconds(latencyMs.mean)}, p95 ${milliseconds(latencyMs.p95)} (one at a time, one thread)`,
    ...table([["recall by label", "files", "recordings", ...views.map(({ name }) => name)], ...byLabel]),
  ];
}

function crossModalLines({ labels, sounds, pictures, recallAt10, chance }: CrossModalReport): string[] {
  return [
    `sound to picture of the same label: R@10 ${share(recallAt10)} (chance ${share(chance)}), ${sounds} sounds of ${labels} labels, ${pictures} pictures, both centred`,
  ];
}

function leftOutLines({ unknownLabels, unreadable, ignored }: ScoreReport): string[] {
  const lines = [
    ...unknownLabels.map(({ label, files, nearest }) => `"${label}", ${files} files: the pack does not know it${nearest.length === 0 ? "" : `; the nearest it knows: ${nearest.join(", ")}`}`),
    ...unreadable.map(({ reason }) => reason),
    ...(ignored.length === 0 ? [] : [`${ignored.length} files are neither pictures nor sounds by their names, such as ${ignored[0] ?? ""}`]),
  ];
  return lines.length === 0 ? [] : ["", "left out:", ...lines.map((line) => `  ${line}`)];
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
