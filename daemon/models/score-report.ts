// What labelled files say about a pack, as data.
import { logistic, logit } from "../../fusion/model/likelihood.js";
import { normalise } from "../../fusion/model/vector.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import type { UnknownLabel } from "./labels.js";
import type { OrdinaryReport } from "./ordinary-report.js";
import {
  accuracy,
  argmax,
  bootstrapInterval,
  calibrationError,
  centred,
  classChanceAt,
  classRecallAt,
  macroRecall,
  mean,
  quantile,
  recallByLabel,
  type Judged,
  type LabelledVector,
} from "./metrics.js";
import type { ScoredFile, ScoredFiles } from "./score-files.js";

/** A share, 0..1, and its 95 % interval; NaN, null in JSON, where no file could be decoded. */
export interface Measured {
  readonly value: number;
  readonly interval: readonly [low: number, high: number];
}

/** One way of deciding what a file shows. */
export interface View {
  readonly name: "whole clip" | "best window" | "region";
  readonly accuracy: Measured;
  /** Over the labels with at least 5 recordings. */
  readonly macroRecall?: Measured;
  /** By label, in the order of `ModalityReport.labels`. */
  readonly recalls: readonly number[];
}

/** A label and how much there is of it. */
export interface LabelCount {
  readonly label: string;
  readonly files: number;
  readonly recordings: number;
  /** The pack says what this tower was taught, and this is not among it. */
  readonly untaught?: true;
}

/** How the files of one modality fared. */
export interface ModalityReport {
  readonly modality: "image" | "audio";
  readonly files: number;
  readonly recordings: number;
  /** Windows or regions. */
  readonly samples: number;
  /** Files in which there was nothing but digital silence: counted as misses. */
  readonly silent: number;
  readonly labels: readonly LabelCount[];
  /** How many of the labels count in the macro recall. */
  readonly macroLabels: number;
  readonly views: readonly View[];
  readonly calibrationError: number;
  readonly latencyMs: { readonly mean: number; readonly p95: number };
}

/** From a sound to pictures of the same label. */
export interface CrossModalReport {
  readonly labels: number;
  readonly sounds: number;
  readonly pictures: number;
  readonly recallAt10: number;
  readonly chance: number;
}

/** All that `models score` has to say. */
export interface ScoreReport {
  readonly pack: { readonly id: string; readonly version: string; readonly space: string };
  readonly modalities: readonly ModalityReport[];
  readonly soundToPicture?: CrossModalReport;
  readonly ordinary?: OrdinaryReport;
  readonly unknownLabels: readonly UnknownLabel[];
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** Files of no known kind. */
  readonly ignored: readonly string[];
}

/** Recordings that a label needs to count in the macro recall. Source: a recall of one recording is 0 or 1. */
const MACRO_RECORDINGS_MIN = 5;
/** Of the intervals: the same files give the same report. */
const SEED = 1;

/** The report on the files of one modality; `names` are the labels in the order of the scores. */
export function reportModality(modality: "image" | "audio", scored: ScoredFiles, names: readonly string[], prior: number): ModalityReport {
  const { files, latenciesMs } = scored;
  const samples = files.flatMap((file) => file.samples.map(({ llr }) => ({ label: file.label, llr })));
  const judged = files.map((file) => ({ ...file, predicted: argmax(meanLlr(file)) }));
  const labels = recallByLabel(judged);
  const macroLabels = new Set(labels.filter(({ recordings }) => recordings >= MACRO_RECORDINGS_MIN).map(({ label }) => label));
  const views: View[] = [view(modality === "image" ? "region" : "whole clip", judged, macroLabels)];
  if (modality === "audio") views.push(view("best window", files.map((file) => ({ ...file, predicted: argmax(bestLlr(file)) })), macroLabels));
  return {
    modality,
    files: files.length,
    recordings: new Set(files.map(({ recording }) => recording)).size,
    samples: samples.length,
    silent: files.filter((file) => file.samples.length === 0).length,
    labels: labels.map(({ label, samples: count, recordings }) => ({ label: names[label] as string, files: count, recordings })),
    macroLabels: macroLabels.size,
    views,
    calibrationError: calibrationError(
      samples.flatMap(({ label, llr }) => Array.from(llr, (x, i) => ({ confidence: logistic(x + logit(prior)), hit: i === label }))),
    ),
    latencyMs: { mean: mean(latenciesMs), p95: quantile(latenciesMs, 0.95) },
  };
}

/** How well a sound finds pictures of its own label among all pictures, over the labels that have both; undefined if there are none. */
export function reportSoundToPicture(sounds: readonly ScoredFile[], pictures: readonly ScoredFile[]): CrossModalReport | undefined {
  const seen = new Set(pictures.map(({ label }) => label));
  const gallery = centred(vectorsOf(pictures));
  const queries = centred(vectorsOf(sounds)).filter(({ label }) => seen.has(label));
  if (queries.length === 0) return undefined;
  return {
    labels: new Set(queries.map(({ label }) => label)).size,
    sounds: queries.length,
    pictures: gallery.length,
    recallAt10: classRecallAt(10, queries, gallery),
    chance: classChanceAt(10, queries, gallery),
  };
}

function view(name: View["name"], judged: readonly Judged[], macroLabels: ReadonlySet<number>): View {
  const macro = (some: readonly Judged[]): number => macroRecall(some, macroLabels);
  return {
    name,
    accuracy: measured(judged, accuracy),
    ...(macroLabels.size === 0 ? {} : { macroRecall: measured(judged, macro) }),
    recalls: recallByLabel(judged).map(({ recall }) => recall),
  };
}

function measured(judged: readonly Judged[], statistic: (judged: readonly Judged[]) => number): Measured {
  return { value: statistic(judged), interval: bootstrapInterval(judged, statistic, seededRandom(SEED)) };
}

/** By label, the mean over the windows; nothing for a silent file. */
function meanLlr({ samples }: ScoredFile): number[] {
  return Array.from(samples[0]?.llr ?? [], (_, i) => mean(samples.map(({ llr }) => llr[i] as number)));
}

/** By label, the most that any window says; nothing for a silent file. */
function bestLlr({ samples }: ScoredFile): number[] {
  return Array.from(samples[0]?.llr ?? [], (_, i) => Math.max(...samples.map(({ llr }) => llr[i] as number)));
}

/** The mean direction of each file that has samples. */
function vectorsOf(files: readonly ScoredFile[]): LabelledVector[] {
  return files.flatMap(({ label, samples: [first, ...others] }) => {
    if (first === undefined) return [];
    const sum = first.vector.map((x, i) => others.reduce((total, { vector }) => total + (vector[i] as number), x));
    return [{ label, vector: normalise(sum) }];
  });
}
