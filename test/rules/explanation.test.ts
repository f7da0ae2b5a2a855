// How a rule stands: what it does, what it has and lacks, and how near it came.
import t from "tap";
import type { Modality } from "../../fusion/model/modality.js";
import type { RuleExplanation } from "../../rules/explanation.js";
import { compileRule } from "../../rules/compile-rule.js";
import { RuleEngine } from "../../rules/rule-engine.js";
import { shiftedRules } from "../../rules/shifted.js";
import { all, any, field, hear, RuleBench, ruleSource, see } from "./support.js";

const INPUTS: readonly { sourceId: string; modality: Modality }[] = [{ sourceId: "cam", modality: "image" }, { sourceId: "mic", modality: "audio" }, { sourceId: "badges", modality: "text" }];

function explained(bench: RuleBench, atS: number): RuleExplanation {
  bench.passTo(atS);
  return bench.engine.explain("rule", INPUTS, atS * 1000) as RuleExplanation;
}

void t.test("explanation: a rule that never matched tells how near it came, by whom and when", (t) => {
  const bench = new RuleBench(ruleSource(all(hear("glass", 0.9), see("person"))));
  bench.healthy(0, "mic", "audio");
  bench.healthy(0, "cam", "image");
  bench.step(10, "noise", "audio", "glass", 3);
  bench.step(11, "noise", "audio", "glass", 1);
  const { standing, conditions, lastFired } = explained(bench, 60);
  t.strictSame(standing, { state: "idle" });
  t.equal(lastFired, undefined);
  t.match(conditions, [
    { condition: "hear: glass", role: "needed", modality: "audio", happened: "false", confidence: 0.9, best: { sourceId: "mic", at: 10_000, confirmed: true }, blind: [] },
    { condition: "see: person", role: "needed", modality: "image", happened: "false", confidence: 0.7, best: undefined },
  ]);
  t.ok((conditions[0]?.best?.confidence ?? 1) < 0.9);
  t.end();
});

void t.test("explanation: the best look is of lately, and a confirmed one goes before a lone one", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { confirmations: 2, confidence: 0.99 }));
  const best = (): unknown => bench.engine.explain("rule", INPUTS, 0)?.conditions[0]?.best;
  bench.step(10, "a", "image", "person", 5);
  t.match(best(), { at: 10_000, confirmed: false }, "one look is no proof, but a look");
  bench.step(20, "b", "image", "person", 2);
  t.match(best(), { at: 10_000, confirmed: false }, "a fainter one does not count");
  bench.step(21, "b", "image", "person", 2);
  t.match(best(), { at: 20_000, confirmed: true }, "two that agree do");
  bench.step(30, "c", "image", "person", 5);
  t.match(best(), { at: 20_000, confirmed: true });
  bench.step(700, "d", "image", "person", 0.5);
  t.match(best(), { at: 700_000, confirmed: false }, "ten minutes later nothing of it counts");
  t.end();
});

void t.test("explanation: the best look is moved when the clock is set, and survives what is forgotten", (t) => {
  const rule = ruleSource(field("door", "open"));
  const bench = new RuleBench(rule);
  bench.line(10, "door", "open");
  bench.passTo(10_000);
  const data = shiftedRules(bench.engine.data, -3000);
  const engine = new RuleEngine({ site: "test", groupId: "yard", rules: [compileRule(rule, 0.05, () => 0)] }, data);
  t.match(engine.explain("rule", INPUTS, 0)?.conditions, [{ condition: "read: door = open", best: { confidence: 1, sourceId: "badges", at: 7000 } }]);
  t.notOk(engine.explain("other", INPUTS, 0), "of a rule that does not watch the group there is nothing");
  t.end();
});

void t.test("explanation: firing, then cooling down, then idle", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { cooldownMs: 20_000 }));
  bench.step(10, "a", "image", "person", 7);
  t.match(explained(bench, 11), { standing: { state: "firing", since: 10_000 }, lastFired: { startedAt: 10_000, endedAt: undefined }, conditions: [{ happened: "true" }] });
  t.match(explained(bench, 20), { standing: { state: "cooling_down", until: 30_000 }, lastFired: { endedAt: 10_000 } });
  bench.step(22, "a", "image", "person", 7);
  t.match(explained(bench, 23), { standing: { state: "cooling_down" } }, "also while something is held back for it");
  t.match(explained(bench, 31), { standing: { state: "idle" } });
  t.end();
});

void t.test("explanation: pending says whether it waits for time or for more of the same", (t) => {
  const held = new RuleBench(ruleSource(see("person"), { holdForMs: 10_000 }));
  held.step(10, "a", "image", "person", 7);
  held.step(12, "a", "image", "person", 7);
  t.match(explained(held, 13).standing, { state: "pending", since: 10_000, heldMs: 2000, waitsFor: undefined });
  const waiting = new RuleBench(ruleSource(see("person"), { unless: [{ condition: hear("dog"), withinMs: 1000, afterMs: 5000 }] }));
  waiting.step(10, "a", "image", "person", 7);
  t.match(explained(waiting, 11).standing, { state: "pending", waitsFor: 15_000 });
  t.end();
});

void t.test("explanation: what is held back and still goes on says so", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { unless: [{ condition: hear("dog"), withinMs: 5000, afterMs: 0 }] }));
  bench.step(10, "a", "image", "person", 7);
  t.match(explained(bench, 12).standing, { state: "held_back", since: 10_000, reason: "blind" });
  t.end();
});

void t.test("explanation: who is blind is named for every condition, today's sources only", (t) => {
  const bench = new RuleBench(ruleSource(any(see("person"), hear("glass")), { unless: [{ condition: field("door", "open"), withinMs: 30_000, afterMs: 0 }] }));
  bench.healthy(0, "cam", "image");
  bench.healthy(100, "cam", "image", false);
  bench.healthy(0, "old-cam", "image");
  bench.healthy(50, "old-cam", "image", false);
  bench.healthy(0, "mic", "audio");
  const { conditions, needs } = explained(bench, 40_000);
  t.equal(needs, "any");
  t.strictSame(conditions.map(({ role, happened, blind, from, to }) => [role, happened, blind, to - from]), [
    ["needed", "unknown", [{ sourceId: "cam", modality: "image", reason: "not_watching", since: 100_000 }], 5000],
    ["needed", "false", [], 5000],
    ["absent", "unknown", [{ sourceId: "badges", modality: "text", reason: "not_watching" }], 30_000],
  ]);
  t.end();
});

void t.test("explanation: conditions within conditions are said to be so", (t) => {
  const needs = (...[condition]: Parameters<typeof ruleSource>): unknown => new RuleBench(ruleSource(condition)).engine.explain("rule", INPUTS, 0)?.needs;
  t.equal(needs(see("person")), "all");
  t.equal(needs(all(see("person"), hear("dog"))), "all");
  t.equal(needs(all(see("person"), any(hear("dog"), hear("glass")))), "nested");
  t.end();
});

void t.test("explanation: a camera that watches and took no complete look says when it took the last one", (t) => {
  const bench = new RuleBench(ruleSource(hear("dog"), { unless: [{ condition: see("person"), withinMs: 30_000, afterMs: 0 }] }));
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  const absent = (): unknown => explained(bench, 100).conditions.filter(({ role }) => role === "absent").map(({ happened, blind }) => [happened, blind]);
  t.strictSame(absent(), [["unknown", [{ sourceId: "cam", modality: "image", reason: "no_complete_look" }]]]);
  bench.scanned(40, 48);
  t.strictSame(absent(), [["unknown", [{ sourceId: "cam", modality: "image", reason: "no_complete_look", since: 48_000 }]]]);
  bench.scanned(80, 88);
  t.strictSame(absent(), [["false", []]]);
  t.match(explained(bench, 100).conditions.filter(({ role }) => role === "absent"), [{ lastScanAt: 88_000 }]);
  t.end();
});

void t.test("explanation: who always stands there is why a rule stays silent, as long as they do", (t) => {
  const rule = ruleSource(any(see("person")));
  const bench = new RuleBench(rule);
  const settled = (atS: number): unknown => explained(bench, atS).conditions[0]?.settled;
  bench.furniture(10, "person", 1);
  t.equal(settled(11), undefined, "what is not enough like it is no reason");
  bench.furniture(11, "person", 6, "cam", 7, false);
  t.equal(settled(12), undefined, "nor what no rule looks for, however a rule would take it");
  bench.furniture(20, "person", 6);
  t.strictSame(settled(21), { sourceId: "cam", at: 20_000 });
  const moved = new RuleEngine({ site: "test", groupId: "yard", rules: [compileRule(rule, 0.05, () => 0)] }, shiftedRules(bench.engine.data, -3000));
  t.match(moved.explain("rule", INPUTS, 21_000)?.conditions, [{ settled: { at: 17_000 } }]);
  t.equal(settled(81), undefined, "nobody looks there any more, or they have left");
  t.end();
});
