// Which rules a label excuses: what is truly there is no false incident.
import type { ConditionConfig } from "../../config/schema/conditions.js";
import type { RuleConfig } from "../../config/schema/rules.js";
import type { Pack } from "../../encoders/pack.js";
import { knownLabels, labelsLike } from "../models/labels.js";

/** A phrase that a rule waits for, and the sense that it asks. */
export interface WaitedFor {
  readonly kind: "hear" | "see" | "read";
  readonly phrase: string;
}

/** The phrases of a rule's positive conditions: those of its `not` and `unless` are left out. */
export function waitedFor(rule: Pick<RuleConfig, "condition">): WaitedFor[] {
  const walk = (condition: ConditionConfig): WaitedFor[] => {
    switch (condition.kind) {
      case "all":
      case "any":
        return condition.of.flatMap(walk);
      case "not":
      case "field":
        return [];
      default:
        return [{ kind: condition.kind, phrase: condition.prompt }];
    }
  };
  return walk(rule.condition);
}

/**
 * For a phrase of a label, the ids of the rules that it excuses: those that ask, in whatever sense, for what means the same
 * to the pack. Only that: footsteps are no excuse for "speech", though a person makes both.
 */
export function excusesOf(pack: Pack, rules: readonly RuleConfig[]): (what: string) => ReadonlySet<string> {
  const asked = rules.flatMap((rule) => waitedFor(rule).map(({ phrase }) => ({ ruleId: rule.id, label: phrase })));
  const known = knownLabels(pack, asked);
  const remembered = new Map<string, ReadonlySet<string>>();
  return (what) => {
    const before = remembered.get(what);
    if (before !== undefined) return before;
    const meant = new Set(labelsLike(pack, known, what));
    const excused = new Set(asked.flatMap(({ ruleId, label }) => (meant.has(known.indexOf(label) ?? -1) ? [ruleId] : [])));
    remembered.set(what, excused);
    return excused;
  };
}
