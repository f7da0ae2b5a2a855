// What a group takes in, and the one order in which its fold sees it. Pure.
import { compareObservations, compareText, endedAt, type Observation } from "../../fusion/model/observation.js";
import type { StepOrder } from "../../fusion/speculative-fold.js";
import type { Input } from "../../fusion/watermark.js";
import type { Incident } from "../../rules/incident.js";
import type { WitnessChange } from "../../rules/witnesses.js";

/** Which report of its source and modality a step was made of. */
export interface Origin {
  readonly run: number;
  readonly seq: number;
}

/**
 * One step of a group's fold; all times are whole Unix ms of event time. `origin` (an observation has its own) is absent where
 * nobody reported it: the daemon concluded it itself, or an older fusiond wrote it down.
 *
 * `scan`: every place of a camera was looked at between two moments. `upheld`: an incident as it was told, where the vectors
 * that showed it mean nothing any more; `toldRevision`: as which, absent where an older fusiond wrote it.
 */
export type Step =
  | { readonly kind: "witness"; readonly change: WitnessChange; readonly origin?: Origin }
  | { readonly kind: "observation"; readonly observation: Observation }
  | { readonly kind: "scan"; readonly sourceId: string; readonly from: number; readonly to: number; readonly origin?: Origin }
  | { readonly kind: "upheld"; readonly at: number; readonly incident: Incident; readonly toldRevision?: number };

/**
 * All that a group depends on, one thing after another: what is folded in its canonical order, and what moves the watermark
 * and so acts when it comes.
 *
 * `progress`: an input has told all that ended at or before `time`. `idle`: it has said nothing for so long that nobody waits
 * for it until its next progress. `end`: it has told its last. `tick`: event time has come to `eventNowMs`. `complete`: the
 * group is complete up to `to`, whatever its inputs say. `clock`: event time went from one value to another in one moment.
 */
export type GroupStep =
  | Exclude<Step, { readonly kind: "upheld" }>
  | { readonly kind: "progress"; readonly input: Input; readonly time: number }
  | { readonly kind: "idle"; readonly input: Input }
  | { readonly kind: "end"; readonly input: Input }
  | { readonly kind: "tick"; readonly eventNowMs: number }
  | { readonly kind: "complete"; readonly to: number }
  | { readonly kind: "clock"; readonly fromMs: number; readonly toMs: number };

/** Within one moment: who watched, what was seen, that all was looked at, what had been told of it. */
const RANKS: Readonly<Record<Step["kind"], number>> = { witness: 0, observation: 1, scan: 2, upheld: 3 };

/**
 * The canonical order of steps: time, kind, source, modality, then what the report counted. It is total: 0 for the same step
 * only, so that who arrives first never decides.
 *
 * Of two changes of one input in one moment the one reported later counts, and before both what the daemon concluded itself:
 * whoever reports again knows better. Where not even that decides, the input witnesses nothing: an absence that is unknown
 * costs less than one that is claimed and is none.
 */
export const stepOrder: StepOrder<Step> = {
  timeOf(step) {
    switch (step.kind) {
      case "witness":
        return step.change.at;
      case "observation":
        return endedAt(step.observation);
      case "scan":
        return step.to;
      case "upheld":
        return step.at;
    }
  },
  compare(a, b) {
    return stepOrder.timeOf(a) - stepOrder.timeOf(b) || RANKS[a.kind] - RANKS[b.kind] || compareWithin(a, b);
  },
};

/** Of two steps of one moment and kind. */
function compareWithin(a: Step, b: Step): number {
  if (a.kind === "observation" && b.kind === "observation") return compareObservations(a.observation, b.observation);
  if (a.kind === "witness" && b.kind === "witness") return compareInputs(a.change, b.change) || compareOrigins(a, b) || Number(b.change.healthy) - Number(a.change.healthy);
  if (a.kind === "scan" && b.kind === "scan") return compareText(a.sourceId, b.sourceId) || a.from - b.from || compareOrigins(a, b);
  if (a.kind === "upheld" && b.kind === "upheld") return compareIncidents(a.incident, b.incident) || (a.toldRevision ?? 0) - (b.toldRevision ?? 0);
  return 0;
}

/** One rule's incidents follow one another. */
function compareIncidents(a: Incident, b: Incident): number {
  return compareText(a.ruleId, b.ruleId) || a.startedAt - b.startedAt || compareText(a.id, b.id);
}

function compareInputs(a: Input, b: Input): number {
  return compareText(a.sourceId, b.sourceId) || compareText(a.modality, b.modality);
}

type Reported = { readonly origin?: Origin };

function compareOrigins({ origin: a = NOBODY }: Reported, { origin: b = NOBODY }: Reported): number {
  return a.run - b.run || a.seq - b.seq;
}

/** Before everything that was reported. */
const NOBODY: Origin = { run: -1, seq: -1 };
