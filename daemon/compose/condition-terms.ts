// How sure is sure enough: what the pack's tables make of each condition of the configuration.
import type { ConfigPrompt, LoadedConfig } from "../../config/load.js";
import type { ConfigProblem } from "../../config/problem.js";
import { conditionCosts, leastMeasurable, thresholdByCost, thresholdByMisses, type ConditionCosts } from "../../encoders/condition-costs.js";
import type { ConditionTable } from "../../encoders/condition-tables.js";
import type { Pack } from "../../encoders/pack.js";
import { meansTheSame } from "../../encoders/taught.js";
import { conditionLlr, statisticAt } from "../../fusion/model/condition.js";
import { logistic, logit, probabilityText } from "../../fusion/model/likelihood.js";
import { plainTerms, type AskedCondition, type ConditionTerms } from "../../rules/compile-rule.js";
import { askedPrompts, type AskedPrompt } from "./asked-conditions.js";

/** What of a pack decides. */
export type TermsPack = Pick<Pack, "conditions" | "vocabulary" | "space" | "manifest">;

/** In absences: what the default threshold may miss, as a share of what is there, if that does not cost too much. */
const ABSENCE_MISSES = 0.02;

/**
 * In absences: how often an hour what is not there may be taken for there, whatever that misses. So half a minute in which it is
 * not there is taken for one in which it is every seventh time at most (1 - exp(-20 / 120)). Source: docs/calibration.md.
 */
const ABSENCE_ALARMS_MAX_PER_HOUR = 20;

/** Missed more often than this, what is there will now and then be concluded to be absent. */
const ABSENCE_MISSES_TOLD = 0.25;

/**
 * How much more than the pack's default a condition may cost that is not enough alone: another sense must agree. No more,
 * since the other may be met all the time: whoever stands in view all day agrees with every false alarm of sound.
 */
const ACCOMPANIED_FACTOR = 5;

/** Found less often than this, a condition is not worth waiting for. */
const RECALL_LEAST = 0.5;

/** What the pack says of the conditions that rules ask for. */
export function termsOf(pack: TermsPack): (asked: AskedCondition) => ConditionTerms {
  return (asked) => {
    const costs = costsOf(pack, asked);
    if (costs === undefined) return plainTerms(asked);
    const prior = priorOf(pack, asked);
    return { fit: costs.fit, prior, confidence: asked.confidence ?? confidenceAt(costs, thresholdOf(pack, costs, asked), prior) };
  };
}

/** Every `at_most` that the pack was not measured long enough for. */
export function unmeasuredCosts(loaded: LoadedConfig, pack: TermsPack): ConfigProblem[] {
  return askedIn(loaded, pack).flatMap(({ prompt, asked }) => {
    if (asked.atMostPerHour === undefined || asked.modality === "text") return [];
    const least = leastMeasurable(costsOf(pack, asked)?.hours ?? 0);
    if (asked.atMostPerHour >= least) return [];
    const path = [...(asked.byRule ? ["rules", prompt.ruleId] : prompt.path.slice(0, -1)), "at_most"];
    const what = `${prompt.kind}: "${prompt.text}"`;
    const why = Number.isFinite(least)
      ? `not measured: the pack "${pack.manifest.id}" was tried on ${(3 / least).toFixed(1)} hours without ${what}, which tell no less than ${rateText(least)}; ask for that or more, or say a confidence`
      : `not measured: the pack "${pack.manifest.id}" does not say how often ${what} is wrong; say a confidence instead`;
    return [loaded.problem(path, why)];
  });
}

/** What finds too little at the cost that it may have, and absences that something is often taken for, or that miss much. */
export function weakConditions(loaded: LoadedConfig, pack: TermsPack): ConfigProblem[] {
  return askedIn(loaded, pack).flatMap(({ prompt, asked }) => {
    const costs = costsOf(pack, asked);
    if (costs === undefined) return [];
    const at = thresholdOf(pack, costs, asked);
    if (asked.absent) return absenceTexts(prompt, costs, at).map((message) => loaded.problem(prompt.path, message));
    if (costs.positives === 0) return [];
    const recall = costs.recall[at] as number;
    if (recall >= RECALL_LEAST) return [];
    const message =
      `${prompt.kind}: "${prompt.text}" finds only ${percent(recall)} of what is there at ${costText(costs, at)}, by ${costs.positives} tries: ` +
      "allow more with at_most, join it with another condition, or try it on your own recordings";
    return [loaded.problem(prompt.path, message)];
  });
}

function absenceTexts({ kind, text, absence }: ConfigPrompt, costs: ConditionCosts, at: number): string[] {
  const blocked = (costs.perHour[at] as number) > ABSENCE_ALARMS_MAX_PER_HOUR;
  const missing = costs.positives > 0 && 1 - (costs.recall[at] as number) > ABSENCE_MISSES_TOLD;
  return [
    ...(blocked ? [`${kind}: "${text}" is taken for there ${costText(costs, at)} although it is not, and "${absence}" then keeps the rule silent: say a higher confidence here, or none`] : []),
    ...(missing
      ? [`"${absence}" will be taken to hold although it is there: of ${costs.positives} tries ${kind}: "${text}" is missed ${missesText(costs, at)}; say a lower confidence here, if the rule may stay silent more often`]
      : []),
  ];
}

/** One line for each condition that looks or listens: what it takes, and what that costs and finds. */
export function conditionLines(loaded: LoadedConfig, pack: TermsPack): string[] {
  return askedIn(loaded, pack).flatMap(({ prompt, asked }) => {
    const costs = costsOf(pack, asked);
    if (costs === undefined) return [];
    const { confidence } = termsOf(pack)(asked);
    const at = thresholdOf(pack, costs, asked);
    const share = asked.absent ? `misses ${missesText(costs, at)}` : `finds ${percent(costs.recall[at] as number)}`;
    const found = costs.positives === 0 ? "never tried on what is there" : `${share} of what is there (${costs.positives} tries)`;
    const cost = `${costText(costs, at)} ${costs.hours === 0 ? "for the mean prompt" : `(${costs.hours.toFixed(1)} h measured)`}`;
    const what = `${asked.absent ? `${prompt.absence} ` : ""}${prompt.kind}: ${prompt.text} from ${probabilityText(confidence)} up`;
    return [`${prompt.ruleId}: ${what}: ${asked.absent ? "taken for there" : "wrong"} ${cost}, ${found}`];
  });
}

/** What each prompt of the rules asks for, but those that the pack does not know: they are told elsewhere. */
function askedIn(loaded: LoadedConfig, { vocabulary }: TermsPack): readonly AskedPrompt[] {
  return askedPrompts(loaded).filter(({ prompt }) => vocabulary.vector(prompt.text) !== undefined);
}

function priorOf({ conditions, space }: TermsPack, { prior, modality }: AskedCondition): number {
  return prior ?? conditions[modality]?.prior ?? space.prior;
}

function costsOf(pack: TermsPack, { modality, words, confirmations }: AskedCondition): ConditionCosts | undefined {
  const table = pack.conditions[modality];
  return table === undefined ? undefined : conditionCosts(table, conceptOf(pack, table, words), confirmations);
}

/** The table's name for what the words mean. */
function conceptOf({ vocabulary }: TermsPack, { prompts }: ConditionTable, words: string): string | undefined {
  const vector = vocabulary.vector(words);
  if (vector === undefined) return undefined;
  return [...prompts.keys()].find((name) => {
    const other = vocabulary.vector(name);
    return other !== undefined && meansTheSame(other, vector);
  });
}

/** The threshold of a condition, by its index: the one that its confidence asks for, or its cost, or that of the pack. */
function thresholdOf(pack: TermsPack, costs: ConditionCosts, asked: AskedCondition): number {
  const { fit, thresholds } = costs;
  if (asked.confidence !== undefined) {
    const statistic = statisticAt(fit, asked.confidence, priorOf(pack, asked));
    return Math.max(0, thresholds.findLastIndex((threshold) => threshold <= statistic));
  }
  if (asked.absent) return Math.max(thresholdByMisses(costs, ABSENCE_MISSES), thresholdByCost(costs, ABSENCE_ALARMS_MAX_PER_HOUR));
  return thresholdByCost(costs, asked.atMostPerHour ?? (pack.conditions[asked.modality] as ConditionTable).defaultPerHour * (asked.accompanied ? ACCOMPANIED_FACTOR : 1));
}

function confidenceAt({ fit, thresholds }: ConditionCosts, index: number, prior: number): number {
  return logistic(logit(prior) + conditionLlr(fit, thresholds[index] as number));
}

/** How often it is wrong there: where nothing was, no more than can be told. */
function costText({ perHour, hours }: ConditionCosts, at: number): string {
  const rate = perHour[at] as number;
  return rate > 0 || hours === 0 ? `some ${rateText(rate)}` : `less than ${rateText(leastMeasurable(hours))}`;
}

function missesText({ recall }: ConditionCosts, at: number): string {
  return percent(1 - (recall[at] as number));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `0.3/h`, two digits that count. */
function rateText(perHour: number): string {
  return `${Number(perHour.toPrecision(2))}/h`;
}
