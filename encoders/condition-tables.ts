// What calibration.json says of conditions: what the statistic of rules means, what each threshold costs, and what it finds.
import { CONFIRMATIONS_MAX, type ConditionFit } from "../fusion/model/condition.js";
import { MODALITIES, type Modality } from "../fusion/model/modality.js";
import { JsonReader } from "./json-reader.js";

/** What was counted at each threshold of a statistic, for one number of looks. All lists are as long as the thresholds. */
export interface LooksTable {
  readonly fit: ConditionFit;
  /** Ascending. */
  readonly thresholds: readonly number[];
  /** False alarms an hour, the mean of the prompts. */
  readonly perHour: readonly number[];
  /** Share, 0..1, of what is there that is found, the mean of the prompts. */
  readonly recall: readonly number[];
}

/** The same of one prompt: what its own measurements add to the modality's. */
export interface PromptTable {
  /** Distinct hours in which it was listened or looked for and was not there. */
  readonly hours: number;
  /** Stretches in which it was there. */
  readonly positives: number;
  readonly looks: readonly {
    readonly b: number;
    /** Counts. */
    readonly alarms: readonly number[];
    /** Shares, 0..1; all 0 where there is no positive. */
    readonly recall: readonly number[];
  }[];
}

/** The calibration of one modality's conditions. `looks[k - 1]` is for `k` confirmations. */
export interface ConditionTable {
  /** How far back the measured rules looked, ms. */
  readonly withinMs: number;
  /** How probable a condition is beforehand, 0..1: that a stretch in which something goes on shows it. A rule may say otherwise. */
  readonly prior: number;
  /** Distinct hours without a label. */
  readonly hours: number;
  /** What a condition that says nothing itself may cost, false alarms an hour. */
  readonly defaultPerHour: number;
  /** How many hours, and how many positives, of a prompt's own the mean of the prompts weighs as much as. */
  readonly poolHours: number;
  readonly poolPositives: number;
  readonly looks: readonly LooksTable[];
  /** By the name of a concept. */
  readonly prompts: ReadonlyMap<string, PromptTable>;
}

/** By modality; absent where the pack does not say. */
export type ConditionTables = Readonly<Partial<Record<Modality, ConditionTable>>>;

/** The version of this part that is understood; a pack with another one is refused. */
const VERSION = 1;

const [HOURS_MAX, COUNT_MAX, VALUE_MAX, THRESHOLDS_MAX] = [1_000_000, 1_000_000_000, 1000, 256];

/** Checks the part `condition` of each modality. Errors: FusiondError "model_invalid". */
export function parseConditionTables(calibrationJson: unknown, path: string): ConditionTables {
  const root = new JsonReader(calibrationJson, path, "");
  return Object.fromEntries(
    MODALITIES.flatMap((modality) => {
      const part = root.object(modality);
      return part.has("condition") ? [[modality, conditionTable(part.object("condition"))]] : [];
    }),
  );
}

function conditionTable(part: JsonReader): ConditionTable {
  if (part.integer("version", 1, COUNT_MAX) !== VERSION) throw part.invalid("version", `must be ${VERSION}: update fusiond, or use a pack of its version`);
  const looks = part.list("looks", CONFIRMATIONS_MAX, CONFIRMATIONS_MAX).map(looksTable);
  const prompts = part.object("prompts");
  return {
    withinMs: part.integer("within_ms", 1, 3_600_000),
    prior: part.number("prior", 1e-6, 1 - 1e-6),
    hours: part.number("hours", 0, HOURS_MAX),
    defaultPerHour: part.number("default_per_hour", 1e-6, COUNT_MAX),
    poolHours: part.number("pool_hours", 1e-6, HOURS_MAX),
    poolPositives: part.number("pool_positives", 1e-6, COUNT_MAX),
    looks,
    prompts: new Map(prompts.keys().map((name) => [name, promptTable(prompts.object(name), looks)])),
  };
}

function looksTable(part: JsonReader): LooksTable {
  const count = part.values("thresholds").length;
  if (count < 2 || count > THRESHOLDS_MAX) throw part.invalid("thresholds", `must be 2 to ${THRESHOLDS_MAX} numbers`);
  const thresholds = part.numbers("thresholds", count, -VALUE_MAX, VALUE_MAX);
  if (thresholds.some((value, i) => i > 0 && value <= (thresholds[i - 1] as number))) throw part.invalid("thresholds", "must rise");
  return {
    fit: { a: part.number("a", 1e-6, VALUE_MAX), b: part.number("b", -VALUE_MAX, VALUE_MAX) },
    thresholds,
    perHour: part.numbers("alarms_per_hour", count, 0, COUNT_MAX),
    recall: part.numbers("recall", count, 0, 1),
  };
}

function promptTable(part: JsonReader, looks: readonly LooksTable[]): PromptTable {
  const own = part.list("looks", looks.length, looks.length);
  return {
    hours: part.number("hours", 0, HOURS_MAX),
    positives: part.integer("positives", 0, COUNT_MAX),
    looks: own.map((one, k) => {
      const count = (looks[k] as LooksTable).thresholds.length;
      return { b: one.number("b", -VALUE_MAX, VALUE_MAX), alarms: one.numbers("alarms", count, 0, COUNT_MAX), recall: one.numbers("recall", count, 0, 1) };
    }),
  };
}
