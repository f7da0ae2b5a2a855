// A pack over folders of labelled recordings.
import type { Pack } from "../../encoders/pack.js";
import { isTaught } from "../../encoders/taught.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { countFalseAlarms, type FalseAlarms, type Recordings } from "./false-alarms.js";
import { readLabelledFolder, type LabelledFile } from "./labelled-folder.js";
import { knownLabels, labelsLike, nearestPhrases, unknownLabels, type KnownLabels } from "./labels.js";
import { readOrdinaryFolders, type OrdinaryFile, type OrdinaryFolders } from "./ordinary-folder.js";
import type { OrdinaryLabel, OrdinaryReport } from "./ordinary-report.js";
import { scoreFiles, type ScoredFile, type ScoredFiles } from "./score-files.js";
import { reportModality, reportSoundToPicture, type ModalityReport, type ScoreReport } from "./score-report.js";

/** Recordings of ordinary hours, which say how often a pack alarms for nothing. */
export interface OrdinaryOptions {
  readonly folders: readonly string[];
  readonly recordings: Recordings;
}

/**
 * Runs a pack's towers over labelled folders; each modality is judged among its own labels. With ordinary hours, false
 * alarms are counted in them, at thresholds that the labelled files set.
 * The same files, pack and machine give the same report but for the latencies.
 * Errors: FusiondError "media_invalid" if there is nothing to score, and those of the towers.
 */
export async function scorePack(pack: Pack, folders: readonly string[], signal: AbortSignal, ordinary?: OrdinaryOptions): Promise<ScoreReport> {
  const read = folders.map(readLabelledFolder);
  const files = read.flatMap((folder) => folder.files);
  const all = knownLabels(pack, files);
  if (all.names.length === 0) {
    throw new FusiondError("media_invalid", `nothing in ${folders.join(", ")} has a label that the pack "${pack.manifest.id}" knows: name sub-folders by prompt, or write a labels.csv`);
  }
  const hours = ordinary === undefined ? undefined : await readOrdinaryFolders(ordinary.folders);
  const sounds = await scoreModality(pack, "audio", files, all, signal);
  const pictures = await scoreModality(pack, "image", files, all, signal);
  const both = [sounds, pictures].flatMap((one) => (one === undefined ? [] : [one]));
  const soundToPicture = reportSoundToPicture(sounds?.files ?? [], pictures?.files ?? []);
  const { id, version, space } = pack.manifest;
  return {
    pack: { id, version, space },
    modalities: both.map(({ report }) => report),
    ...(soundToPicture === undefined ? {} : { soundToPicture }),
    ...(ordinary === undefined || hours === undefined ? {} : { ordinary: await scoreOrdinary(pack, hours, both, ordinary.recordings, signal) }),
    unknownLabels: unknownLabels(pack, files),
    unreadable: both.flatMap(({ unreadable }) => unreadable),
    ignored: read.flatMap((folder) => folder.ignored),
  };
}

interface ScoredModality {
  readonly report: ModalityReport;
  /** With their labels' indices among all labels. */
  readonly files: readonly ScoredFile[];
  /** The labels of this modality, and the files with their indices among these. */
  readonly own: { readonly labels: KnownLabels; readonly files: readonly ScoredFile[] };
  readonly unreadable: ScoredFiles["unreadable"];
}

async function scoreModality(pack: Pack, modality: LabelledFile["modality"], files: readonly LabelledFile[], all: KnownLabels, signal: AbortSignal): Promise<ScoredModality | undefined> {
  const some = files.filter((file) => file.modality === modality && all.indexOf(file.label) !== undefined);
  if (some.length === 0) return undefined;
  const labels = knownLabels(pack, some);
  const scored = await scoreFiles(pack, modality, some, labels, signal);
  const report = reportModality(modality, scored, labels.names, pack.manifest.prior);
  return {
    report: { ...report, labels: report.labels.map((count) => (wasTaught(pack, modality, count.label) ? count : { ...count, untaught: true })) },
    files: scored.files.map((file) => ({ ...file, label: all.indexOf(labels.names[file.label] as string) as number })),
    own: { labels, files: scored.files },
    unreadable: scored.unreadable,
  };
}

function wasTaught({ vocabulary }: Pack, modality: LabelledFile["modality"], label: string): boolean {
  const vector = vocabulary.vector(label);
  return vector === undefined || isTaught(vocabulary.taught, modality, vector);
}

async function scoreOrdinary(pack: Pack, hours: OrdinaryFolders, scored: readonly ScoredModality[], recordings: Recordings, signal: AbortSignal): Promise<OrdinaryReport> {
  const counted: FalseAlarms[] = [];
  for (const { report, own } of scored) {
    const files = hours.files.filter(({ modality }) => modality === report.modality);
    if (files.length > 0) counted.push(await countFalseAlarms({ pack, modality: report.modality, labels: own.labels, scored: own.files, files, recordings }, signal));
  }
  const judged = new Set(scored.map(({ report }) => report.modality));
  const useless = hours.files.filter(({ modality }) => !judged.has(modality));
  return {
    modalities: counted.map(({ report }) => report),
    labels: ordinaryLabels(pack, hours.files, scored.map(({ own }) => own.labels)),
    leftOut: [
      ...counted.flatMap(({ leftOut }) => leftOut),
      ...hours.repeated,
      ...useless.map(({ path, modality }) => ({ path, reason: `${path}: no labelled ${modality === "image" ? "picture" : "sound"} sets a threshold for it` })),
    ],
    ignored: hours.ignored,
  };
}

/** What is said to be in the files, and which prompts are not counted there. */
function ordinaryLabels(pack: Pack, files: readonly OrdinaryFile[], scored: readonly KnownLabels[]): OrdinaryLabel[] {
  const counts = new Map<string, number>();
  for (const label of files.flatMap(({ labels }) => labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, count]) => {
    const known = pack.vocabulary.vector(label) !== undefined;
    const excuses = scored.flatMap((labels) => labelsLike(pack, labels, label).map((i) => labels.names[i] as string));
    return { label, files: count, known, nearest: known ? [] : nearestPhrases(pack, label), excuses: [...new Set(excuses)] };
  });
}
