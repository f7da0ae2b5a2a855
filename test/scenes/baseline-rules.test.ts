import t from "tap";
import { compileRule, promptsOfRules, type ConditionSource, type RuleSource } from "../../rules/compile-rule.js";
import { alone, sameTime, type Moment } from "../../daemon/scenes/baseline-rules.js";

const HEAR: ConditionSource = { kind: "hear", prompt: "dog" };
const SEE: ConditionSource = { kind: "see", prompt: "person" };

function compiled(condition: ConditionSource, unless: RuleSource["unless"] = []): ReturnType<typeof compileRule> {
  const source: RuleSource = {
    ...{ id: "r", severity: "info", condition, unless, withinMs: 5_000, sameEvent: false, confirmations: 2, confidence: 0.7 },
    ...{ holdForMs: 0, resolveAfterMs: 4_000, cooldownMs: 0, updateEveryMs: 30_000, whenBlind: "stay_silent" },
  };
  return compileRule(source, 0.01, (words) => promptsOfRules([source]).indexOf(words));
}

void t.test("baseline rules: one sense alone is the rule without what the other is asked for", (t) => {
  const rule = compiled({ kind: "all", of: [HEAR, SEE] });
  t.match(alone(rule, "audio", "r.audio"), { id: "r.audio", condition: { kind: "leaf", leaf: 0 }, withinMs: 5_000, leaves: rule.leaves });
  t.match(alone(rule, "image", "r.image"), { condition: { kind: "leaf", leaf: 1 } });
  const nested = compiled({ kind: "all", of: [{ kind: "any", of: [HEAR, { kind: "hear", prompt: "siren" }, SEE] }, { kind: "not", of: { kind: "see", prompt: "cat" } }] }, [
    { condition: SEE, withinMs: 1_000, afterMs: 0 },
    { condition: HEAR, withinMs: 1_000, afterMs: 0 },
  ]);
  const heard = alone(nested, "audio", "r.audio");
  t.same(heard?.condition, { kind: "any", of: [{ kind: "leaf", leaf: 0 }, { kind: "leaf", leaf: 1 }] });
  t.equal(heard?.unless.length, 1);
  t.end();
});

void t.test("baseline rules: a rule of one sense has no baseline of that sense, nor one of the other", (t) => {
  const rule = compiled({ kind: "any", of: [HEAR, { kind: "hear", prompt: "siren" }] });
  t.equal(alone(rule, "audio", "x"), undefined);
  t.equal(alone(rule, "image", "x"), undefined);
  t.equal(alone(compiled({ kind: "all", of: [HEAR, { kind: "not", of: SEE }] }), "image", "x"), undefined, "an absence alone is no rule");
  t.end();
});

void t.test("baseline time only: whatever is heard and seen at the same time is told once while it goes on", (t) => {
  const moments: Moment[] = [
    { modality: "image", fromMs: 0, toMs: 0 },
    { modality: "audio", fromMs: 5_000, toMs: 7_000 },
    { modality: "audio", fromMs: 7_000, toMs: 9_000 },
    { modality: "text", fromMs: 9_000, toMs: 9_000 },
    { modality: "image", fromMs: 10_000, toMs: 10_000 },
    { modality: "audio", fromMs: 30_000, toMs: 32_000 },
    { modality: "image", fromMs: 36_000, toMs: 36_000 },
  ];
  t.same(sameTime(moments, { withinMs: 5_000, silentMs: 4_000 }), [{ fromMs: 7_000, toMs: 10_000 }, { fromMs: 36_000, toMs: 36_000 }]);
  t.same(sameTime(moments, { withinMs: 5_000, silentMs: 60_000 }), [{ fromMs: 7_000, toMs: 36_000 }], "and not again too soon");
  t.same(sameTime(moments.filter(({ modality }) => modality === "audio"), { withinMs: 5_000, silentMs: 0 }), []);
  t.end();
});
