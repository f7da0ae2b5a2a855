// When a rule is truly met, by the labels of a scene. Pure.
import type { Modality } from "../../fusion/model/modality.js";
import type { ConditionNode, Leaf, Rule } from "../../rules/rule.js";
import { common, merged, without, type Span } from "../score/spans.js";

/** When what a condition looks for is truly there: by the condition, ms of event time. */
export type LeafTruth = (leaf: Leaf) => readonly Span[];

/**
 * The times in which the rule is truly met: each condition is, or was at most `within` ago, and nothing is there that must
 * not be. They begin when the last condition begins and end `within` after the first one ended. `whole`: the scene.
 */
export function timesMet(rule: Rule, truth: LeafTruth, whole: Span): Span[] {
  const met = timesOf(rule, rule.condition, truth, whole);
  return rule.unless.reduce((left, { node, withinMs, afterMs }) => {
    const there = timesThere(rule, node, truth, whole);
    return without(left, widened(there, { before: afterMs, after: withinMs }));
  }, met);
}

/** By which modality a condition's truth is told. */
export function modalityOf(leaf: Leaf): Modality {
  return leaf.kind === "prompt" ? leaf.modality : "text";
}

function timesOf(rule: Rule, node: ConditionNode, truth: LeafTruth, whole: Span): Span[] {
  switch (node.kind) {
    case "leaf":
      return widened(timesThere(rule, node, truth, whole), { before: 0, after: rule.withinMs });
    case "not":
      return without([whole], widened(timesThere(rule, node.of, truth, whole), { before: 0, after: rule.withinMs }));
    case "all":
      return node.of.map((child) => timesOf(rule, child, truth, whole)).reduce((a, b) => common(a, b));
    case "any":
      return merged(node.of.flatMap((child) => timesOf(rule, child, truth, whole)));
  }
}

/** As `timesOf`, but at the very moment. */
function timesThere(rule: Rule, node: ConditionNode, truth: LeafTruth, whole: Span): Span[] {
  switch (node.kind) {
    case "leaf":
      return merged(truth(rule.leaves[node.leaf] as Leaf));
    case "not":
      return without([whole], timesThere(rule, node.of, truth, whole));
    case "all":
      return node.of.map((child) => timesThere(rule, child, truth, whole)).reduce((a, b) => common(a, b));
    case "any":
      return merged(node.of.flatMap((child) => timesThere(rule, child, truth, whole)));
  }
}

/** Each span longer by so much at its two ends, ms. */
function widened(spans: readonly Span[], { before, after }: { readonly before: number; readonly after: number }): Span[] {
  return merged(spans.map(({ fromMs, toMs }) => ({ fromMs: fromMs - before, toMs: toMs + after })));
}
