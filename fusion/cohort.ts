// The cohort of one source and modality: what it gives while nothing happens, in samples.
import type { Modality } from "./model/modality.js";

/** Samples after which a cohort counts as warm: within the first minute of a source. */
export const WARM_COUNT = 20;

/** The newest samples that are all kept: five minutes at one every 10 s. */
const RECENT_SAMPLES = 32;
/** Of the older ones one of so many is kept (every 7.5 minutes)... */
const LASTING_EVERY = 45;
/** ...and of those so many: the last four hours. */
const LASTING_SAMPLES = 32;

/**
 * Samples of a source while nothing happens. Immutable.
 *
 * Shape: `samples` are the codes of vectors (see `roundedVector`), in the order in which they were taken: all of the last
 * minutes, and of the hours before a few. `count`: how many were taken in all. Bound: 64 samples.
 */
export interface Cohort {
  readonly count: number;
  readonly samples: readonly Int8Array[];
}

/** A cohort without a sample. */
export const EMPTY_COHORT: Cohort = { count: 0, samples: [] };

/** The cohort with one more sample in it: the oldest of the recent ones makes room for it, and one of 45 of those is kept for hours. */
export function withSample({ count, samples }: Cohort, codes: Int8Array): Cohort {
  const recent = samples.slice(-RECENT_SAMPLES);
  const lasting = samples.slice(0, -RECENT_SAMPLES);
  const left = recent.length === RECENT_SAMPLES ? recent.shift() : undefined;
  const isKept = left !== undefined && (count - RECENT_SAMPLES) % LASTING_EVERY === 0;
  return { count: count + 1, samples: [...(isKept ? [...lasting, left].slice(-LASTING_SAMPLES) : lasting), ...recent, codes] };
}

/**
 * Whether a modality has cohorts: sound alone. Of a picture "nothing moves" is not "nothing is there": who stands still for
 * a minute would be learned and not seen again. What always stands somewhere its places know (`background.ts`). Lines of
 * text have no background.
 */
export function hasCohort(modality: Modality): boolean {
  return modality === "audio";
}

/** Whether enough is known of a source's background to stand for it, where its modality has one. */
export function isWarm(modality: Modality, cohort: Cohort | undefined): boolean {
  return !hasCohort(modality) || (cohort !== undefined && cohort.count >= WARM_COUNT);
}
