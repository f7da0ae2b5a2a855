// rules: patterns over the events of one group.
import { z } from "zod";
import { conditionSchema, onlyOneSureness, PROMPT_KINDS, promptOf, prompts, surenessFits, type ConditionConfig } from "./conditions.js";
import { CONFIRMATIONS_MAX } from "../../fusion/model/condition.js";
import { duration, EVEN_IF_WRONG, exactlyOneOf, fraction, present, ratePerHour, requireOneOf, strict, text } from "./common.js";

/** What must not have happened around an incident's start. */
export interface UnlessConfig {
  readonly condition: ConditionConfig;
  /** How far before the incident's start it looks. */
  readonly withinMs: number;
  /** How far after the incident's start it looks; delays the alert by as much. */
  readonly afterMs: number;
}

/** A rule. */
export interface RuleConfig {
  readonly id: string;
  readonly enabled: boolean;
  readonly description?: string;
  readonly severity: "info" | "warning" | "critical";
  /** Ids of the groups it watches, each for itself; never empty. */
  readonly groups: readonly string[];
  /** All conditions must be met within this time. */
  readonly withinMs: number;
  /** One event must meet all conditions. */
  readonly sameEvent: boolean;
  /** Of kind "all" or "any". */
  readonly condition: ConditionConfig;
  readonly unless: readonly UnlessConfig[];
  /** 0..1, for conditions without their own; at most one of this and `atMostPerHour`; neither: what the pack knows to be sure enough. */
  readonly confidence?: number;
  /** How often an hour a condition without its own may be wrong; says nothing of absences. */
  readonly atMostPerHour?: number;
  /** 0..1 exclusive; absent: the pack's. */
  readonly prior?: number;
  /** How many observations of a source must meet a condition; text needs one. */
  readonly confirmations: number;
  readonly holdForMs: number;
  readonly resolveAfterMs: number;
  readonly cooldownMs: number;
  readonly updateEveryMs: number;
  readonly whenBlind: "stay_silent" | "fire";
}

/** A rule as the schema leaves it: groups not looked up. */
export type ParsedRule = Omit<RuleConfig, "id" | "groups"> & { readonly groups?: readonly string[] };

/** How many looks of a source a rule asks for that does not say. */
export const CONFIRMATIONS_DEFAULT = 2;

const TOP_KINDS = ["all", "any"];

const unless = strict({
  ...prompts,
  within: duration("0s", "1d").optional().describe("how far before the incident's start it looks; default: the rule's within"),
  after: duration("0s", "1h").prefault("0s").describe("how far after the start it looks; delays the alert by as much"),
})
  .meta(requireOneOf(PROMPT_KINDS))
  .superRefine(exactlyOneOf(PROMPT_KINDS), EVEN_IF_WRONG)
  .superRefine(surenessFits, EVEN_IF_WRONG);

/** One rule, its id still apart. */
export const ruleSchema = strict({
  enabled: z.boolean().default(true).describe("false: keep it in the file, but do not run it"),
  description: text.max(500).optional().describe("what it means, for those who get the alert"),
  severity: z.enum(["info", "warning", "critical"]).default("warning").describe("how grave an incident is"),
  groups: z.array(text).min(1).optional().describe("ids of the groups it watches, each for itself; default: all"),
  within: duration("0s", "1h").prefault("5s").describe("all conditions must be met within this time"),
  same_event: z.boolean().default(false).describe("true: one event must meet all conditions of all"),
  all: z.array(conditionSchema).min(1).optional().describe("conditions that must all be met"),
  any: z.array(conditionSchema).min(1).optional().describe("conditions of which one must be met"),
  unless: z.union([unless, z.array(unless)]).optional().describe("what must not have happened around the start; one or a list"),
  confidence: fraction
    .optional()
    .describe("how sure a condition must be that says nothing itself, from 0 to 1; default: for each prompt what the pack knows to be sure enough"),
  at_most: ratePerHour.optional().describe("instead of confidence: how often each condition that says nothing itself may be wrong, such as 0.5/h"),
  prior: z.number().gt(0).lt(1).optional().describe("how probable it is beforehand, in a stretch in which something goes on; default: the pack's"),
  confirmations: z
    .int()
    .min(1)
    .max(CONFIRMATIONS_MAX, { error: `must be at most ${CONFIRMATIONS_MAX}: what more looks say together was never measured, so no confidence could be told` })
    .default(CONFIRMATIONS_DEFAULT)
    .describe("how many looks or windows of a source, at different moments, must say so: one alone can look like anything; text needs one"),
  hold_for: duration("0s", "1d").prefault("0s").describe("conditions must stay met for this long before it fires"),
  resolve_after: duration("0s", "1d").prefault("4s").describe("resolved when conditions were not met for this long"),
  cooldown: duration("0s", "7d").prefault("0s").describe("silence after an incident was resolved; what lasts until it is over fires then"),
  update_every: duration("1s", "1d").prefault("30s").describe("how often an incident that goes on is told again"),
  when_blind: z
    .enum(["stay_silent", "fire"])
    .default("stay_silent")
    .describe("what to do when no healthy source could witness an absence (not, unless)"),
})
  .meta(requireOneOf(TOP_KINDS))
  .superRefine(exactlyOneOf(TOP_KINDS), EVEN_IF_WRONG)
  .superRefine((rule, context) => {
    if (rule.same_event !== true || rule.any === undefined) return;
    context.addIssue({ code: "custom", path: ["same_event"], message: 'only works with "all": remove it' });
  }, EVEN_IF_WRONG)
  .superRefine(onlyOneSureness, EVEN_IF_WRONG)
  .transform((rule): ParsedRule => ({
    enabled: rule.enabled,
    severity: rule.severity,
    withinMs: rule.within,
    sameEvent: rule.same_event,
    condition: rule.all === undefined ? { kind: "any", of: rule.any ?? [] } : { kind: "all", of: rule.all },
    unless: [rule.unless ?? []].flat().map((one) => unlessOf(one, rule.within)),
    confirmations: rule.confirmations,
    holdForMs: rule.hold_for,
    resolveAfterMs: rule.resolve_after,
    cooldownMs: rule.cooldown,
    updateEveryMs: rule.update_every,
    whenBlind: rule.when_blind,
    ...present({ description: rule.description, groups: rule.groups, prior: rule.prior, confidence: rule.confidence, atMostPerHour: rule.at_most }),
  }));

function unlessOf(one: z.output<typeof unless>, ruleWithinMs: number): UnlessConfig {
  return { condition: promptOf(one), withinMs: one.within ?? ruleWithinMs, afterMs: one.after };
}
