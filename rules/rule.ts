// A rule, compiled: conditions over the events of one group, with prompts as numbers.
import type { ConditionFit } from "../fusion/model/condition.js";
import type { Modality } from "../fusion/model/modality.js";
import type { Severity } from "./incident.js";

/** A condition on what events show: met by one modality at a confidence. */
export interface PromptLeaf {
  readonly kind: "prompt";
  /** As the configuration writes it: `hear: dog`. */
  readonly label: string;
  readonly modality: Modality;
  /** Index into the prompts that scores are made for. */
  readonly prompt: number;
  /** What the mean of its best looks says. */
  readonly fit: ConditionFit;
  /** How probable it is beforehand, 0..1: that a stretch in which something goes on shows it. */
  readonly prior: number;
  /** How probable it must be, 0..1. */
  readonly confidence: number;
  /** What is asked for is its absence: `confidence` is what it takes not to miss it. */
  readonly absent?: true;
}

/** A condition on an exact field of a text line. */
export interface FieldLeaf {
  readonly kind: "field";
  readonly label: string;
  readonly field: string;
  readonly equals: string;
}

/** A condition that is not made of others. */
export type Leaf = PromptLeaf | FieldLeaf;

/** A condition: `leaf` is an index into the rule's leaves. */
export type ConditionNode =
  | { readonly kind: "leaf"; readonly leaf: number }
  | { readonly kind: "all" | "any"; readonly of: readonly ConditionNode[] }
  | { readonly kind: "not"; readonly of: ConditionNode };

/** What must not have happened: from `withinMs` before the incident's start to `afterMs` after it. */
export interface Exclusion {
  readonly node: ConditionNode;
  readonly withinMs: number;
  readonly afterMs: number;
}

/** A compiled rule. Durations in ms of event time. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** The groups it watches; undefined: all. */
  readonly groups?: readonly string[];
  readonly leaves: readonly Leaf[];
  readonly condition: ConditionNode;
  readonly unless: readonly Exclusion[];
  /** All conditions must be met within this time. */
  readonly withinMs: number;
  /** One event must meet all conditions. */
  readonly sameEvent: boolean;
  /** How many observations of a source, at different moments within `withinMs`, must meet a condition; text needs one. */
  readonly confirmations: number;
  /** The conditions must be met again and again for this long before it fires. */
  readonly holdForMs: number;
  /** Not met for this long: resolved. */
  readonly resolveAfterMs: number;
  /** From an incident's end to the earliest moment at which the next may fire; what lasts until then fires then. */
  readonly cooldownMs: number;
  /** Shortest time between two alerts that tell nothing new. */
  readonly updateEveryMs: number;
  /** What to do when an absence could not be witnessed. */
  readonly whenBlind: "stay_silent" | "fire";
}

/** The longest time back that the rule looks, ms: absences count from an incident's start, which is up to `withinMs` ago. */
export function lookBackMs(rule: Rule): number {
  const exclusions = rule.unless.map((exclusion) => exclusion.withinMs + exclusion.afterMs);
  return rule.withinMs + Math.max(rule.withinMs, ...exclusions) + rule.resolveAfterMs + rule.holdForMs;
}
