// From a rule as written to a rule as evaluated.
import { PLAIN_FIT, type ConditionFit } from "../fusion/model/condition.js";
import type { Modality } from "../fusion/model/modality.js";
import type { ConditionNode, Exclusion, Leaf, Rule } from "./rule.js";

/** How sure a condition must be, as the configuration says it: as a probability, or by what it may cost; both absent: the pack's default. */
export interface Sureness {
  /** 0..1. */
  readonly confidence?: number | undefined;
  /** False alarms an hour. */
  readonly atMostPerHour?: number | undefined;
}

type PromptSource = { readonly kind: "hear" | "see" | "read"; readonly prompt: string } & Sureness;

/** A condition as the configuration gives it. */
export type ConditionSource =
  | PromptSource
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
export interface RuleSource extends Omit<Rule, "groups" | "leaves" | "condition" | "unless" | "prior">, Sureness {
  readonly groups?: readonly string[] | undefined;
  readonly condition: ConditionSource;
  readonly unless: readonly ExclusionSource[];
  readonly prior?: number | undefined;
}

/** A condition on a prompt, with what a pack must know to say what is sure enough. */
export interface AskedCondition extends Sureness {
  readonly modality: Modality;
  readonly words: string;
  /** Whether `atMostPerHour` is what the rule says, and not the condition itself. */
  readonly byRule: boolean;
  /** Whether the rule asks for its absence: then what is missed costs, not what is found too often. */
  readonly absent: boolean;
  /** Whether it is not enough alone: another sense must agree. */
  readonly accompanied: boolean;
  readonly confirmations: number;
  /** What the rule says, 0..1. */
  readonly prior?: number | undefined;
}

/** What a pack says of a condition: what its looks mean, the confidence, 0..1, that it takes, and where it knows, the prior. */
export interface ConditionTerms {
  readonly fit: ConditionFit;
  readonly confidence: number;
  readonly prior?: number;
}

/** How sure a condition must be that says nothing itself, where the pack knows no better. */
const PLAIN_CONFIDENCE = 0.7;

/** The terms of a pack that has no calibration of conditions. */
export function plainTerms({ confidence = PLAIN_CONFIDENCE }: Sureness): ConditionTerms {
  return { fit: PLAIN_FIT, confidence };
}

const MODALITY_OF: Readonly<Record<"hear" | "see" | "read", Modality>> = { hear: "audio", see: "image", read: "text" };

/**
 * Compiles a rule: each distinct condition becomes one leaf, one whose absence is asked for another than one that must be there.
 *
 * `promptIndex` gives the row of a prompt's words in the scores, and must know every prompt of the rule; `termsOf`, what
 * the pack says of a condition.
 */
export function compileRule(
  source: RuleSource,
  defaultPrior: number,
  promptIndex: (words: string) => number,
  termsOf: (asked: AskedCondition) => ConditionTerms = plainTerms,
): Rule {
  const leaves: Leaf[] = [];
  const compile = (condition: ConditionSource, beside: Beside): ConditionNode => {
    switch (condition.kind) {
      case "all":
        return { kind: "all", of: condition.of.map((child, i) => compile(child, joined(beside, condition.of.toSpliced(i, 1)))) };
      case "any":
        return { kind: "any", of: condition.of.map((child) => compile(child, beside)) };
      case "not":
        return { kind: "not", of: compile(condition.of, beside === ABSENT ? ALONE : ABSENT) };
      case "field":
        return { kind: "leaf", leaf: indexOfLeaf(leaves, fieldLeaf(condition)) };
      default: {
        const asked = askedOf(condition, source, beside);
        return { kind: "leaf", leaf: indexOfLeaf(leaves, promptLeaf(condition, asked, termsOf(asked), defaultPrior, promptIndex(condition.prompt))) };
      }
    }
  };
  const condition = compile(source.condition, ALONE);
  const unless: Exclusion[] = source.unless.map((exclusion) => ({
    node: compile(exclusion.condition, ABSENT),
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

/** What must hold beside a condition; "absent": its absence is asked for. */
type Beside = ReadonlySet<Modality> | "absent";

const ALONE: Beside = new Set();
const ABSENT: Beside = "absent";

function joined(beside: Beside, others: readonly ConditionSource[]): Beside {
  return beside === "absent" ? beside : new Set([...beside, ...others.flatMap((other) => [...sensesOf(other)])]);
}

/** The modalities without which a condition cannot hold. */
function sensesOf(condition: ConditionSource): ReadonlySet<Modality> {
  switch (condition.kind) {
    case "not":
      return new Set();
    case "field":
      return new Set(["text"]);
    case "all":
      return new Set(condition.of.flatMap((child) => [...sensesOf(child)]));
    case "any": {
      const [first, ...rest] = condition.of.map(sensesOf);
      return new Set([...(first ?? [])].filter((sense) => rest.every((other) => other.has(sense))));
    }
    default:
      return new Set([MODALITY_OF[condition.kind]]);
  }
}

/** What a condition asks for: its own word goes first, then the rule's, which says nothing of absences. */
function askedOf({ kind, prompt, confidence, atMostPerHour }: PromptSource, rule: RuleSource, beside: Beside): AskedCondition {
  const own = confidence !== undefined || atMostPerHour !== undefined;
  const absent = beside === "absent";
  const said: Sureness = own ? { confidence, atMostPerHour } : absent ? {} : { confidence: rule.confidence, atMostPerHour: rule.atMostPerHour };
  const modality = MODALITY_OF[kind];
  return {
    ...said,
    modality,
    words: prompt,
    byRule: !own,
    absent,
    accompanied: !absent && [...beside].some((other) => other !== modality),
    confirmations: kind === "read" ? 1 : rule.confirmations,
    prior: rule.prior,
  };
}

function promptLeaf({ kind, prompt: words }: PromptSource, asked: AskedCondition, terms: ConditionTerms, defaultPrior: number, prompt: number): Leaf {
  const { fit, confidence, prior = asked.prior ?? defaultPrior } = terms;
  return { kind: "prompt", label: `${kind}: ${words}`, modality: asked.modality, prompt, fit, prior, confidence, ...(asked.absent ? { absent: true } : {}) };
}

function fieldLeaf({ field, equals }: Extract<ConditionSource, { kind: "field" }>): Leaf {
  return { kind: "field", label: `read: ${field} = ${equals}`, field, equals };
}

function indexOfLeaf(leaves: Leaf[], leaf: Leaf): number {
  const same = leaves.findIndex((other) => JSON.stringify(other) === JSON.stringify(leaf));
  return same === -1 ? leaves.push(leaf) - 1 : same;
}
