import fc from "fast-check";
import t from "tap";
import { PLAIN_FIT } from "../../fusion/model/condition.js";
import type { ConditionNode, Leaf, Rule } from "../../rules/rule.js";
import { timesMet, type LeafTruth } from "../../daemon/scenes/rule-truth.js";
import type { Span } from "../../daemon/score/spans.js";
import { holds } from "../support/property.js";

const WHOLE: Span = { fromMs: 0, toMs: 60_000 };
const HEAR: Leaf = { kind: "prompt", label: "hear: dog", modality: "audio", prompt: 0, fit: PLAIN_FIT, prior: 0.05, confidence: 0.7 };
const SEE: Leaf = { kind: "prompt", label: "see: person", modality: "image", prompt: 1, fit: PLAIN_FIT, prior: 0.05, confidence: 0.7 };
const BOTH: ConditionNode = { kind: "all", of: [{ kind: "leaf", leaf: 0 }, { kind: "leaf", leaf: 1 }] };

function ruleOf(condition: ConditionNode, more: Partial<Rule> = {}): Rule {
  return {
    ...{ id: "r", severity: "info", leaves: [HEAR, SEE], condition, unless: [], withinMs: 5_000, sameEvent: false, confirmations: 2 },
    ...{ holdForMs: 0, resolveAfterMs: 4_000, cooldownMs: 0, updateEveryMs: 30_000, whenBlind: "stay_silent", ...more },
  };
}

function truth(heard: readonly Span[], seen: readonly Span[]): LeafTruth {
  return (leaf) => (leaf.kind === "prompt" && leaf.modality === "audio" ? heard : seen);
}

function span(fromMs: number, toMs: number): Span {
  return { fromMs, toMs };
}

void t.test("rule truth: both conditions within the rule's time, from when the last begins", (t) => {
  const met = (heard: Span, seen: Span): Span[] => timesMet(ruleOf(BOTH), truth([heard], [seen]), WHOLE);
  t.same(met(span(10_000, 12_000), span(0, 30_000)), [span(10_000, 17_000)], "within 5 s after the sound ended");
  t.same(met(span(10_000, 12_000), span(14_000, 30_000)), [span(14_000, 17_000)], "the person comes 2 s after the sound");
  t.same(met(span(10_000, 12_000), span(18_000, 30_000)), [], "6 s after it");
  t.same(timesMet(ruleOf({ kind: "any", of: BOTH.kind === "all" ? BOTH.of : [] }), truth([span(10_000, 12_000)], [span(30_000, 31_000)]), WHOLE), [span(10_000, 17_000), span(30_000, 36_000)]);
  t.end();
});

void t.test("rule truth: what must not be there takes its time away", (t) => {
  const hear: ConditionNode = { kind: "leaf", leaf: 0 };
  const see: ConditionNode = { kind: "leaf", leaf: 1 };
  const alone = ruleOf({ kind: "all", of: [hear, { kind: "not", of: see }] });
  t.same(timesMet(alone, truth([span(10_000, 12_000)], [span(0, 30_000)]), WHOLE), []);
  t.same(timesMet(alone, truth([span(10_000, 12_000)], [span(0, 3_000)]), WHOLE), [span(10_000, 17_000)]);
  const unless = ruleOf(hear, { unless: [{ node: see, withinMs: 3_000, afterMs: 1_000 }] });
  t.same(timesMet(unless, truth([span(10_000, 12_000)], [span(15_000, 16_000)]), WHOLE), [span(10_000, 14_000)], "from 1 s before it to 3 s after it");
  t.same(timesMet(unless, truth([span(10_000, 12_000)], []), WHOLE), [span(10_000, 17_000)]);
  const neither = ruleOf({ kind: "all", of: [hear, { kind: "not", of: { kind: "any", of: [see, { kind: "all", of: [see, { kind: "not", of: hear }] }] } }] });
  t.same(timesMet(neither, truth([span(10_000, 12_000)], [span(0, 30_000)]), WHOLE), []);
  t.end();
});

void t.test("rule truth: is what looking at every moment says", (t) => {
  const spans = fc.array(fc.tuple(fc.nat(55), fc.integer({ min: 1, max: 8 })).map(([from, length]) => span(from * 1_000, (from + length) * 1_000)), { maxLength: 4 });
  holds(t, "moments", fc.property(spans, spans, (heard, seen) => {
    const met = timesMet(ruleOf(BOTH), truth(heard, seen), WHOLE);
    const lately = (of: readonly Span[], at: number): boolean => of.some(({ fromMs, toMs }) => fromMs <= at && at <= toMs + 5_000);
    return Array.from({ length: 600 }, (_, i) => i * 100 + 50).every((at) => (lately(heard, at) && lately(seen, at)) === met.some(({ fromMs, toMs }) => fromMs <= at && at <= toMs));
  }));
  t.end();
});
