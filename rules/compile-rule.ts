// From a rule as written to a rule as evaluated.
import type { Modality } from "../fusion/model/modality.js";
import type { ConditionNode, Exclusion, Leaf, Rule } from "./rule.js";

/** A condition as the configuration gives it. */
export type ConditionSource =
  | { readonly kind: "hear" | "see" | "read"; readonly prompt: string; readonly confidence?: number | undefined }
  | { readonly kind: "field"; readonly field: string; readonly equals: string }
  | { readonly kind: "all" | "any"; readonly of: readonly ConditionSource[] }
  | { readonly kind: "not"; readonly of: ConditionSource };

/** An exclusion as the configuration gives it. */
export interface ExclusionSource {
  readonly condition: ConditionSource;
  readonly withinMs: number;
  readonly afterMs: number;
}

/** A rule as the configuration gives it: conditions in words, and defaults of its own. */
export interface RuleSource extends Omit<Rule, "groups" | "leaves" | "condition" | "unless" | "prior"> {
  readonly groups?: readonly string[] | undefined;
  readonly condition: ConditionSource;
  readonly unless: readonly ExclusionSource[];
  /** Default of its conditions, 0..1. */
  readonly confidence: number;
  readonly prior?: number | undefined;
}

const MODALITY_OF: Readonly<Record<"hear" | "see" | "read", Modality>> = { hear: "audio", see: "image", read: "text" };

/** The confidence, 0..1, from which a prompt of a modality is taken to be there where its absence is asked for; undefined: it is not known. */
export type AbsenceConfidence = (words: string, modality: Modality) => number | undefined;

/**
 * Compiles a rule: each distinct condition becomes one leaf, one whose absence is asked for another than one that must be there.
 *
 * `promptIndex` gives the row of a prompt's words in the scores, and must know every prompt of the rule. What `absenceConfidence`
 * does not know is judged by the rule's confidence.
 */
export function compileRule(
  source: RuleSource,
  defaultPrior: number,
  promptIndex: (words: string) => number,
  absenceConfidence: AbsenceConfidence = () => undefined,
): Rule {
  const leaves: Leaf[] = [];
  const compile = (condition: ConditionSource, absent: boolean): ConditionNode => {
    switch (condition.kind) {
      case "all":
      case "any":
        return { kind: condition.kind, of: condition.of.map((child) => compile(child, absent)) };
      case "not":
        return { kind: "not", of: compile(condition.of, !absent) };
      default: {
        const leaf = leafOf(condition, source.confidence, promptIndex);
        return { kind: "leaf", leaf: indexOfLeaf(leaves, absent ? absentLeaf(leaf, condition, absenceConfidence) : leaf) };
      }
    }
  };
  const condition = compile(source.condition, false);
  const unless: Exclusion[] = source.unless.map((exclusion) => ({
    node: compile(exclusion.condition, true),
    withinMs: exclusion.withinMs,
    afterMs: exclusion.afterMs,
  }));
  return {
    id: source.id,
    severity: source.severity,
    ...(source.groups === undefined ? {} : { groups: source.groups }),
    leaves,
    condition,
    unless,
    withinMs: source.withinMs,
    sameEvent: source.sameEvent,
    prior: source.prior ?? defaultPrior,
    confirmations: source.confirmations,
    holdForMs: source.holdForMs,
    resolveAfterMs: source.resolveAfterMs,
    cooldownMs: source.cooldownMs,
    updateEveryMs: source.updateEveryMs,
    whenBlind: source.whenBlind,
  };
}

/** Every prompt that the rules look for, each once, in order of appearance. */
export function promptsOfRules(rules: readonly RuleSource[]): readonly string[] {
  const words = new Set<string>();
  const collect = (condition: ConditionSource): void => {
    if (condition.kind === "all" || condition.kind === "any") condition.of.forEach(collect);
    else if (condition.kind === "not") collect(condition.of);
    else if (condition.kind === "hear" || condition.kind === "see" || condition.kind === "read") words.add(condition.prompt);
  };
  for (const rule of rules) {
    collect(rule.condition);
    for (const exclusion of rule.unless) collect(exclusion.condition);
  }
  return [...words];
}

function leafOf(
  condition: Extract<ConditionSource, { kind: "hear" | "see" | "read" | "field" }>,
  confidence: number,
  promptIndex: (words: string) => number,
): Leaf {
  if (condition.kind === "field") {
    return { kind: "field", label: `read: ${condition.field} = ${condition.equals}`, field: condition.field, equals: condition.equals };
  }
  return {
    kind: "prompt",
    label: `${condition.kind}: ${condition.prompt}`,
    modality: MODALITY_OF[condition.kind],
    prompt: promptIndex(condition.prompt),
    confidence: condition.confidence ?? confidence,
  };
}

/** A field is there or not; of all else the condition's own confidence goes before what is known not to miss it. */
function absentLeaf(leaf: Leaf, condition: ConditionSource, absenceConfidence: AbsenceConfidence): Leaf {
  if (leaf.kind === "field" || !("prompt" in condition)) return leaf;
  return { ...leaf, confidence: condition.confidence ?? absenceConfidence(condition.prompt, leaf.modality) ?? leaf.confidence, absent: true };
}

function indexOfLeaf(leaves: Leaf[], leaf: Leaf): number {
  const same = leaves.findIndex((other) => JSON.stringify(other) === JSON.stringify(leaf));
  return same === -1 ? leaves.push(leaf) - 1 : same;
}
