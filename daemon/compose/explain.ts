// How a rule stands, put together from the groups, what they held back, and why sources are blind.
import type { Modality } from "../../fusion/model/modality.js";
import type { Rule } from "../../rules/rule.js";
import type { ConditionStanding, RuleExplanation } from "../../rules/explanation.js";
import type { Gap } from "../../rules/witnesses.js";
import type { HealthSnapshot } from "../telemetry/health.js";
import type { HeldBackView } from "../telemetry/held-back.js";
import type { Groups } from "./groups.js";

/** A source that tells nothing of a modality at present, and why, in an operator's words. */
export interface BlindNow extends Gap {
  readonly why?: string;
}

/** How the rule stands in one group. */
export interface GroupAnswer extends Omit<RuleExplanation, "conditions"> {
  readonly conditions: readonly (Omit<ConditionStanding, "blind"> & { readonly blind: readonly BlindNow[] })[];
  /** Since the daemon started. */
  readonly heldBack: HeldBackView;
}

/** What `fusiond explain` is told. Times are Unix ms of event time. */
export interface RuleAnswer {
  readonly ruleId: string;
  readonly nowMs: number;
  /** Groups that the rule watches and that have a running source. */
  readonly groups: readonly GroupAnswer[];
}

/** Where it comes from. */
export interface ExplainSources {
  readonly rules: readonly Rule[];
  readonly groups: Groups;
  readonly heldBack: (ruleId: string, groupId: string) => HeldBackView;
  readonly health: HealthSnapshot;
  readonly nowMs: number;
}

/** How the rule stands; undefined if there is no such rule. */
export function answerFor(ruleId: string, { rules, groups, heldBack, health, nowMs }: ExplainSources): RuleAnswer | undefined {
  if (!rules.some(({ id }) => id === ruleId)) return undefined;
  const explained = groups.all.flatMap((group) => group.explain(ruleId, nowMs) ?? []);
  return {
    ruleId,
    nowMs,
    groups: explained.map((explanation) => ({
      ...explanation,
      conditions: explanation.conditions.map((condition) => ({ ...condition, blind: condition.blind.map((gap) => withWhy(gap, health)) })),
      heldBack: heldBack(ruleId, explanation.groupId),
    })),
  };
}

function withWhy(gap: Gap, health: HealthSnapshot): BlindNow {
  const why = gap.until === undefined && gap.reason === "not_watching" ? whyBlind(gap.sourceId, gap.modality, health) : undefined;
  return why === undefined ? gap : { ...gap, why };
}

function whyBlind(sourceId: string, modality: Modality, { sources, blind }: HealthSnapshot): string | undefined {
  const source = sources.get(sourceId);
  const ofModality = source?.blind.find((one) => one.modality === modality)?.why;
  const lost = blind.find((one) => one.sourceId === sourceId && one.modality === modality)?.why;
  return ofModality ?? lost ?? source?.why ?? source?.state;
}
