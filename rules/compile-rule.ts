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

/**
 * Compiles a rule: each distinct condition becomes one leaf.
 *
 * `promptIndex` gives the row of a prompt's words in the scores, and must know every prompt of the rule.
 */
export function compileRule(source: RuleSource, defaultPrior: number, promptIndex: (words: string) => number): Rule {
  const leaves: Leaf[] = [];
  const compile = (condition: ConditionSource): ConditionNode => {
    switch (condition.kind) {
      case "all":
      case "any":
        return { kind: condition.kind, of: condition.of.map(compile) };
      case "not":
        return { kind: "not", of: compile(condition.of) };
      default:
        return { kind: "leaf", leaf: indexOfLeaf(leaves, leafOf(condition, source.confidence, promptIndex)) };
    }
  };
  const condition = compile(source.condition);
  const unless: Exclusion[] = source.unless.map((exclusion) => ({
    node: compile(exclusion.condition),
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

function indexOfLeaf(leaves: Leaf[], leaf: Leaf): number {
  const same = leaves.findIndex((other) => JSON.stringify(other) === JSON.stringify(leaf));
  return same === -1 ? leaves.push(leaf) - 1 : same;
}
