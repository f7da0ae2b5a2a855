// A pack over folders of labelled recordings.
import type { Pack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { readLabelledFolder, type LabelledFile } from "./labelled-folder.js";
import { knownLabels, unknownLabels, type KnownLabels } from "./labels.js";
import { scoreFiles, type ScoredFile, type ScoredFiles } from "./score-files.js";
import { reportModality, reportSoundToPicture, type ModalityReport, type ScoreReport } from "./score-report.js";

/**
 * Runs a pack's towers over labelled folders; each modality is judged among its own labels.
 * The same files, pack and machine give the same report but for the latencies.
 * Errors: FusiondError "media_invalid" if there is nothing to score, and those of the towers.
 */
export async function scorePack(pack: Pack, folders: readonly string[], signal: AbortSignal): Promise<ScoreReport> {
  const read = folders.map(readLabelledFolder);
  const files = read.flatMap((folder) => folder.files);
  const all = knownLabels(pack, files);
  if (all.names.length === 0) {
    throw new FusiondError("media_invalid", `nothing in ${folders.join(", ")} has a label that the pack "${pack.manifest.id}" knows: name sub-folders by prompt, or write a labels.csv`);
  }
  const sounds = await scoreModality(pack, "audio", files, all, signal);
  const pictures = await scoreModality(pack, "image", files, all, signal);
  const both = [sounds, pictures].flatMap((one) => (one === undefined ? [] : [one]));
  const soundToPicture = reportSoundToPicture(sounds?.files ?? [], pictures?.files ?? []);
  const { id, version, space } = pack.manifest;
  return {
    pack: { id, version, space },
    modalities: both.map(({ report }) => report),
    ...(soundToPicture === undefined ? {} : { soundToPicture }),
    unknownLabels: unknownLabels(pack, files),
    unreadable: both.flatMap(({ unreadable }) => unreadable),
    ignored: read.flatMap((folder) => folder.ignored),
  };
}

interface ScoredModality {
  readonly report: ModalityReport;
  /** With their labels' indices among all labels. */
  readonly files: readonly ScoredFile[];
  readonly unreadable: ScoredFiles["unreadable"];
}

async function scoreModality(pack: Pack, modality: LabelledFile["modality"], files: readonly LabelledFile[], all: KnownLabels, signal: AbortSignal): Promise<ScoredModality | undefined> {
  const some = files.filter((file) => file.modality === modality && all.indexOf(file.label) !== undefined);
  if (some.length === 0) return undefined;
  const own = knownLabels(pack, some);
  const scored = await scoreFiles(pack, modality, some, own, signal);
  return {
    report: reportModality(modality, scored, own.names, pack.manifest.prior),
    files: scored.files.map((file) => ({ ...file, label: all.indexOf(own.names[file.label] as string) as number })),
    unreadable: scored.unreadable,
  };
}
