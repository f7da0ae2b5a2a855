// What recordings of ordinary hours say about a pack, as data.
import { logistic, logit } from "../../fusion/model/likelihood.js";
import type { UnknownLabel } from "./labels.js";
import { mean, poissonUpperBound, thresholdAtRecall } from "./metrics.js";
import type { ScoredFile } from "./score-files.js";

/** Alarms over hours in which there was nothing to alarm. NaN and Infinity, null in JSON, where there were no hours. */
export interface AlarmRate {
  readonly alarms: number;
  readonly hours: number;
  readonly anHour: number;
  /** 95 %, one-sided, for alarms that come independently of each other. */
  readonly anHourAtMost: number;
}

/** Where a prompt must alarm to find most of what was labelled, and how often it then alarms for nothing. */
export interface PromptAlarms {
  readonly label: string;
  /** Labelled files that the threshold was found on. */
  readonly files: number;
  /** Undefined if no threshold finds enough, since too many files are silent. */
  readonly threshold?: { readonly llr: number; readonly confidence: number; readonly recall: number };
  /** Over the hours in which the prompt is not truly there. */
  readonly rate?: AlarmRate;
}

/** False alarms of one modality. */
export interface FalseAlarmReport {
  readonly modality: "image" | "audio";
  readonly files: number;
  /** Distinct, without digital silence. */
  readonly hours: number;
  /** Windows or regions that were scored. */
  readonly samples: number;
  readonly recallAtLeast: number;
  readonly refractoryMs: number;
  /** How videos were watched. */
  readonly pictures?: { readonly fps: number; readonly widthPx: number };
  readonly prompts: readonly PromptAlarms[];
  /** The alarms of all prompts over all hours. */
  readonly all: AlarmRate;
}

/** What is said to be in some ordinary files. */
export interface OrdinaryLabel extends UnknownLabel {
  /** The prompts that are not counted there; none if no scored label means the same. */
  readonly excuses: readonly string[];
  readonly known: boolean;
}

/** All that `models score` has to say on ordinary hours. */
export interface OrdinaryReport {
  readonly modalities: readonly FalseAlarmReport[];
  readonly labels: readonly OrdinaryLabel[];
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  /** Files of no known kind. */
  readonly ignored: readonly string[];
}

/** What was counted of one prompt. */
export interface CountedPrompt {
  readonly alarms: number;
  readonly ms: number;
}

/** Recall on labelled files at which false alarms are counted. Source: METHODS.md, section 4.2; a silent detector has none. */
export const RECALL_MIN = 0.8;
/**
 * After an alarm the prompt is deaf for this long, ms: what makes one of 2 s windows alarm makes its neighbours alarm too,
 * and nobody answers two alarms within seconds.
 */
export const REFRACTORY_MS = 10_000;

const HOUR_MS = 3_600_000;

/** By label, the threshold (nats) that finds RECALL_MIN of the label's files by their best window or region. */
export function thresholdsOf(files: readonly ScoredFile[], labels: readonly string[]): (number | undefined)[] {
  return labels.map((_, label) => thresholdAtRecall(bestScores(files, label), RECALL_MIN));
}

/** The alarms of each prompt beside its threshold; `counted` follows the order of `labels`. */
export function reportPrompts(files: readonly ScoredFile[], labels: readonly string[], counted: readonly CountedPrompt[], prior: number): PromptAlarms[] {
  const thresholds = thresholdsOf(files, labels);
  return labels.map((label, i) => {
    const scores = bestScores(files, i);
    const llr = thresholds[i];
    if (llr === undefined) return { label, files: scores.length };
    const { alarms, ms } = counted[i] as CountedPrompt;
    const threshold = { llr, confidence: logistic(llr + logit(prior)), recall: mean(scores.map((score) => (score >= llr ? 1 : 0))) };
    return { label, files: scores.length, threshold, rate: rateOf(alarms, ms) };
  });
}

/** Alarms in so many milliseconds as a rate an hour. */
export function rateOf(alarms: number, ms: number): AlarmRate {
  const hours = ms / HOUR_MS;
  return { alarms, hours, anHour: alarms / hours, anHourAtMost: poissonUpperBound(alarms) / hours };
}

/** What each file of a label says of it at best; -Infinity for a silent one. */
function bestScores(files: readonly ScoredFile[], label: number): number[] {
  return files.filter((file) => file.label === label).map(({ samples }) => Math.max(...samples.map(({ llr }) => llr[label] as number)));
}
