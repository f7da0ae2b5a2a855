// What a threshold of one condition costs and finds, and the threshold for what it may cost.
import type { ConditionFit } from "../fusion/model/condition.js";
import type { ConditionTable, LooksTable } from "./condition-tables.js";

/** One prompt with one number of looks: its own measurements, shrunk towards the mean of the modality. Lists as the thresholds. */
export interface ConditionCosts {
  readonly fit: ConditionFit;
  /** Ascending. */
  readonly thresholds: readonly number[];
  /** False alarms an hour. */
  readonly perHour: readonly number[];
  /** Share of what is there that is found, 0..1. */
  readonly recall: readonly number[];
  /** Its own; 0 for a prompt that was never measured. */
  readonly hours: number;
  readonly positives: number;
}

/**
 * What is known of a prompt, `confirmations` from 1 to 3. `concept`: the table's name for it; undefined, or one that the
 * table does not have: the mean of the modality.
 *
 * The rate is that of a gamma prior worth `poolHours` of the mean prompt, the recall that of a beta one worth `poolPositives`.
 */
export function conditionCosts(table: ConditionTable, concept: string | undefined, confirmations: number): ConditionCosts {
  const mean = table.looks[confirmations - 1] as LooksTable;
  const prompt = concept === undefined ? undefined : table.prompts.get(concept);
  const own = prompt?.looks[confirmations - 1];
  if (prompt === undefined || own === undefined) return { ...mean, hours: 0, positives: 0 };
  const { poolHours, poolPositives } = table;
  return {
    fit: { a: mean.fit.a, b: own.b },
    thresholds: mean.thresholds,
    perHour: mean.perHour.map((rate, i) => ((own.alarms[i] as number) + poolHours * rate) / (prompt.hours + poolHours)),
    recall: mean.recall.map((share, i) => ((own.recall[i] as number) * prompt.positives + poolPositives * share) / (prompt.positives + poolPositives)),
    hours: prompt.hours,
    positives: prompt.positives,
  };
}

/** The fewest false alarms an hour that so many hours without one can tell, with 95 % confidence; Infinity for none. */
export function leastMeasurable(hours: number): number {
  return 3 / hours;
}

/** The lowest threshold, by its index, that costs no more than this; the highest where all cost more. */
export function thresholdByCost({ perHour }: ConditionCosts, atMostPerHour: number): number {
  const index = perHour.findIndex((rate) => rate <= atMostPerHour);
  return index === -1 ? perHour.length - 1 : index;
}

/** The highest threshold, by its index, that misses no more than this share; the lowest where all miss more. */
export function thresholdByMisses({ recall }: ConditionCosts, missesAtMost: number): number {
  return Math.max(0, recall.findLastIndex((share) => share >= 1 - missesAtMost));
}
