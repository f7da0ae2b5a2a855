// Recordings of ordinary hours through a pack's real tower: what alarms though nothing is there.
import type { Capture } from "../../encoders/capture.js";
import type { Encoder } from "../../encoders/encoder.js";
import type { CameraGateOptions } from "../../encoders/tower-spec.js";
import type { Pack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { endedAt, type Unnumbered } from "../../fusion/model/observation.js";
import { Scorer } from "../../fusion/scorer.js";
import type { Source, SourceTelemetry } from "../sources/source.js";
import { labelsLike, type KnownLabels } from "./labels.js";
import { AlarmCounter } from "./metrics.js";
import type { OrdinaryFile } from "./ordinary-folder.js";
import { rateOf, RECALL_MIN, REFRACTORY_MS, reportPrompts, thresholdsOf, type CountedPrompt, type FalseAlarmReport } from "./ordinary-report.js";
import { towerOf, type ScoredFile } from "./score-files.js";
import { notesTo } from "./source-notes.js";

/** How recordings are read: as the daemon reads its cameras and microphones. */
export interface Recordings {
  /** A finite source of one modality. */
  readonly open: (recorded: { readonly id: string; readonly path: string; readonly modalities: readonly OrdinaryFile["modality"][] }, telemetry: SourceTelemetry) => Source;
  readonly gate: CameraGateOptions;
  /** Pictures a second, and the width that they are scaled to, pixels. */
  readonly fps: number;
  readonly widthPx: number;
}

/** What is judged, and by which labelled files. */
export interface FalseAlarmOptions {
  readonly pack: Pack;
  readonly modality: OrdinaryFile["modality"];
  readonly labels: KnownLabels;
  /** Labelled files by the same labels: they set the thresholds. */
  readonly scored: readonly ScoredFile[];
  readonly files: readonly OrdinaryFile[];
  readonly recordings: Recordings;
}

/** The report, and the files that could not be taken whole, or not at all. */
export interface FalseAlarms {
  readonly report: FalseAlarmReport;
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
}

/** What was decoded of all files. */
interface Taken {
  readonly files: number;
  readonly ms: number;
  readonly samples: number;
}

/** Pictures further apart than this are no watching, ms: a video whose time jumps was not watched meanwhile. */
const UNWATCHED_MS = 10_000;

/**
 * Counts false alarms over files of one modality, one by one, in bounded memory however long they are.
 * The same files, pack and machine give the same report.
 * Errors: FusiondError "model_invalid", "dependency_missing", "encode_failed", "encode_timeout"; files that cannot be decoded are listed.
 */
export async function countFalseAlarms(options: FalseAlarmOptions, signal: AbortSignal): Promise<FalseAlarms> {
  const { pack, modality, labels, scored, files, recordings } = options;
  const thresholds = thresholdsOf(scored, labels.names);
  const tower = towerOf(pack, modality, { cameras: new Map(files.map((_, i) => [idOf(i), recordings.gate])) });
  const scorer = new Scorer(pack.space, labels.vectors);
  const prompts = labels.names.map(() => ({ alarms: 0, ms: 0 }));
  const leftOut: { path: string; reason: string }[] = [];
  const taken = { files: 0, ms: 0, samples: 0 };
  await tower.start(signal);
  try {
    for (const [i, { path, labels: said }] of files.entries()) {
      const excused = new Set(said.flatMap((label) => labelsLike(pack, labels, label)));
      const counters = thresholds.map((threshold, label) => (threshold === undefined || excused.has(label) ? undefined : new AlarmCounter(threshold, REFRACTORY_MS)));
      const notes: string[] = [];
      const source = recordings.open({ id: idOf(i), path, modalities: [modality] }, notesTo((note) => notes.push(note)));
      const file = await takeFile(source, tower, scorer, counters, signal);
      signal.throwIfAborted();
      if (file instanceof FusiondError) {
        leftOut.push({ path, reason: file.message });
        continue;
      }
      for (const note of notes.slice(-1)) leftOut.push({ path, reason: `${path}: ${note}` }); // the last says what came of the others
      taken.files++;
      taken.ms += file.ms;
      taken.samples += file.samples;
      for (const [label, prompt] of prompts.entries()) {
        if (excused.has(label)) continue;
        prompt.alarms += counters[label]?.alarms ?? 0;
        prompt.ms += file.ms;
      }
    }
  } finally {
    await tower.stop();
  }
  return { report: reportOf(options, taken, prompts), leftOut };
}

/** Gives one recording to the tower and what comes of it to the counters; an error if it cannot be decoded at all. */
async function takeFile(source: Source, tower: Encoder, scorer: Scorer, counters: readonly (AlarmCounter | undefined)[], signal: AbortSignal): Promise<Pick<Taken, "ms" | "samples"> | FusiondError> {
  const time = new TimeTaken();
  let samples = 0;
  try {
    for await (const told of source.observe(signal)) {
      if (told.kind !== "capture") continue;
      const { capture } = told;
      const { observations } = await tower.encode(capture);
      time.take(capture, observations.length > 0);
      samples += takeAlarms(observations, scorer, counters);
    }
  } catch (error) {
    if (error instanceof FusiondError && error.code === "media_invalid") return error;
    throw error;
  }
  return { ms: time.ms, samples };
}

function reportOf({ pack, modality, labels, scored, recordings }: FalseAlarmOptions, { files, ms, samples }: Taken, counted: readonly CountedPrompt[]): FalseAlarmReport {
  const all = rateOf(counted.reduce((sum, { alarms }) => sum + alarms, 0), ms);
  return {
    modality,
    files,
    hours: all.hours,
    samples,
    recallAtLeast: RECALL_MIN,
    refractoryMs: REFRACTORY_MS,
    ...(modality === "image" ? { pictures: { fps: recordings.fps, widthPx: recordings.widthPx } } : {}),
    prompts: reportPrompts(scored, labels.names, counted, pack.manifest.prior),
    all,
  };
}

/** How many samples there were. Those of a cohort alarm nobody, in the daemon neither. */
function takeAlarms(observations: readonly Unnumbered[], scorer: Scorer, counters: readonly (AlarmCounter | undefined)[]): number {
  let samples = 0;
  for (const observation of observations) {
    const score = observation.gate === "open" ? scorer.score(observation, undefined) : undefined;
    if (score === undefined) continue;
    samples++;
    counters.forEach((counter, label) => counter?.take(endedAt(observation), score.llr[label] as number));
  }
  return samples;
}

/** How long one recording was heard or watched. Windows overlap and count once; digital silence proves nothing. */
class TimeTaken {
  #ms = 0;
  #untilMs: number | undefined;

  get ms(): number {
    return this.#ms;
  }

  take(capture: Capture, anything: boolean): void {
    const endMs = endedAt(capture);
    if (capture.modality === "image") {
      const stepMs = endMs - (this.#untilMs ?? endMs);
      if (stepMs <= UNWATCHED_MS) this.#ms += stepMs;
    } else if (anything) {
      this.#ms += endMs - Math.max(capture.capturedAt, this.#untilMs ?? -Infinity);
    }
    this.#untilMs = endMs;
  }
}

function idOf(file: number): string {
  return `ordinary-${file + 1}`;
}
