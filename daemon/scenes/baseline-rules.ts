// What would be told without fusion: rules that ask one sense alone, and a judge that asks only for the same time. Pure.
import type { Modality } from "../../fusion/model/modality.js";
import type { ConditionNode, Rule } from "../../rules/rule.js";
import type { Span } from "../score/spans.js";
import { modalityOf } from "./rule-truth.js";

/**
 * The rule with only what one modality is asked for, everything else as it is, under an id of its own; undefined if nothing
 * positive is left of it, or if nothing was left out.
 */
export function alone(rule: Rule, modality: Modality, id: string): Rule | undefined {
  const kept = (leaf: number): boolean => modalityOf(rule.leaves[leaf] as Rule["leaves"][number]) === modality;
  const condition = only(rule.condition, kept);
  if (condition === undefined || rule.leaves.every((_, leaf) => kept(leaf))) return undefined;
  const unless = rule.unless.flatMap((exclusion) => {
    const node = only(exclusion.node, kept);
    return node === undefined ? [] : [{ ...exclusion, node }];
  });
  return { ...rule, id, condition, unless };
}

/** When something opened the gate of a source. */
export interface Moment extends Span {
  readonly modality: Modality;
}

/**
 * What the same time alone would tell: an incident whenever something that opened the gate was heard and something that
 * opened it was seen within `withinMs` of each other, whatever it was. It goes on until that was not so for `silentMs`.
 * From when to when, ms: it begins when the second of both ended. `moments` in order of their ends.
 */
export function sameTime(moments: readonly Moment[], { withinMs, silentMs }: { readonly withinMs: number; readonly silentMs: number }): Span[] {
  const told: Span[] = [];
  const lastEnd: Record<Modality, number> = { image: -Infinity, audio: -Infinity, text: -Infinity };
  for (const { modality, fromMs, toMs } of moments) {
    lastEnd[modality] = Math.max(lastEnd[modality], toMs);
    const other = modality === "image" ? lastEnd.audio : modality === "audio" ? lastEnd.image : -Infinity;
    if (other < fromMs - withinMs) continue;
    const last = told.at(-1);
    if (last === undefined || toMs - last.toMs >= silentMs) told.push({ fromMs: toMs, toMs });
    else told[told.length - 1] = { fromMs: last.fromMs, toMs };
  }
  return told;
}

/** What is left of a condition: undefined if nothing is. */
function only(node: ConditionNode, kept: (leaf: number) => boolean): ConditionNode | undefined {
  switch (node.kind) {
    case "leaf":
      return kept(node.leaf) ? node : undefined;
    case "not": {
      const of = only(node.of, kept);
      return of === undefined ? undefined : { kind: "not", of };
    }
    default: {
      const of = node.of.flatMap((child) => only(child, kept) ?? []);
      const first = of.find((child) => child.kind !== "not");
      if (first === undefined) return undefined;
      return of.length === 1 ? first : { kind: node.kind, of };
    }
  }
}
