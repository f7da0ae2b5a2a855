// What a rule keeps in mind, and for how long.
import t from "tap";
import { compileRule } from "../../rules/compile-rule.js";
import { RuleEngine } from "../../rules/rule-engine.js";
import { lookBackMs } from "../../rules/rule.js";
import { all, any, hear, none, RuleBench, ruleSource, see } from "./support.js";

void t.test("rules: what an exclusion looks at neither founds an incident nor counts as its evidence", (t) => {
  const bench = new RuleBench(ruleSource(hear("dog"), { unless: [{ condition: see("owner"), withinMs: 2000, afterMs: 0 }] }));
  bench.healthy(0, "cam", "image");
  bench.step(17, "owner", "image", "owner", 7);
  bench.step(20, "barking", "audio", "dog", 7);
  bench.passTo(21);
  t.match(bench.incidents, [{ state: "firing", startedAt: 20_000, events: [{ id: "barking" }], evidence: [{ condition: "hear: dog" }] }]);
  t.equal(bench.incidents[0]?.events.length, 1);
  t.end();
});

void t.test("rules: an alternative that is not met whole adds nothing", (t) => {
  const bench = new RuleBench(ruleSource(any(hear("glass"), all(hear("dog"), see("person")))));
  bench.step(19, "barking", "audio", "dog", 7);
  bench.step(20, "crash", "audio", "glass", 7);
  t.strictSame(bench.incidents[0]?.events.map((event) => event.id), ["crash"]);
  t.equal(bench.incidents[0]?.startedAt, 20_000);
  bench.step(21, "people", "image", "person", 7);
  t.strictSame(bench.incidents[0]?.events.map((event) => event.id), ["crash", "barking", "people"]);
  t.end();
});

void t.test("rules: an absence among alternatives lends no confidence", (t) => {
  const bench = new RuleBench(ruleSource(any(hear("dog", 0.5), none(see("person")))));
  bench.step(20, "barking", "audio", "dog", 3.5);
  bench.passTo(21);
  t.ok((bench.incidents[0]?.confidence as number) < 0.7);
  t.end();
});

void t.test("rules: a decision is the same however far time leaps past it", (t) => {
  const rule = ruleSource(all(hear("dog"), none(see("person"))));
  for (const leaps of [[21, 100, 40_000], [40_000]]) {
    const bench = new RuleBench(rule);
    bench.healthy(0, "cam", "image");
    bench.step(20, "barking", "audio", "dog", 7);
    bench.healthy(20.5, "cam", "image", false);
    for (const at of leaps) bench.passTo(at);
    t.match(bench.notes, [{ incident: { state: "firing" } }, { incident: { state: "resolved", updatedAt: 24_000 } }], `${leaps.length} leaps`);
    t.strictSame(bench.engine.data.spans, [{ sourceId: "cam", modality: "image", from: 0, to: 20_500 }], "of what is long over only the newest is remembered");
  }
  t.end();
});

void t.test("rules: what lasts longer than the cooldown fires when it is over", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { cooldownMs: 20_000 }));
  bench.step(10, "a", "image", "person", 7);
  bench.passTo(15);
  for (let at = 20; at < 30; at++) bench.step(at, "a", "image", "person", 7);
  t.equal(bench.states, "resolved");
  bench.step(30, "a", "image", "person", 7);
  t.equal(bench.states, "resolved firing");
  t.strictSame(bench.notes.map((note) => note.kind), ["incident", "incident", "suppressed", "incident"], "kept back once, not once an observation");
  t.end();
});

void t.test("rules: what was there before a long hold is not pushed out by what came since", (t) => {
  const rule = ruleSource(hear("dog"), { holdForMs: 60_000, unless: [{ condition: see("owner"), withinMs: 30_000, afterMs: 0 }] });
  const bench = new RuleBench(rule);
  bench.healthy(0, "cam", "image");
  bench.step(95, "owner", "image", "owner", 7);
  for (let at = 100; at <= 161; at++) {
    bench.step(at, "barking", "audio", "dog", 7);
    for (let frame = 1; frame < 5; frame++) bench.step(at + frame / 5, "owner", "image", "owner", 7);
  }
  t.equal(bench.states, "");
  t.match(bench.notes, [{ reason: "unless" }]);
  t.ok((bench.engine.data.rules.get("rule")?.leaves[1]?.runs.length ?? 0) <= 2, "frames of one presence are one run");
  t.end();
});

void t.test("rules: many sources do not push out each other's looks", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { confirmations: 2 }));
  for (let round = 0; round < 2; round++) {
    for (let cam = 0; cam < 80; cam++) bench.step(10 + round + cam / 100, "a", "image", "person", 6, `cam-${cam}`);
  }
  t.equal(bench.states, "firing");
  for (let i = 0; i < 100; i++) bench.step(12 + i / 100, "a", "image", "person", 6, "cam-0");
  const looks = bench.engine.data.rules.get("rule")?.leaves[0]?.byEvent.get("a")?.looks ?? [];
  t.equal(looks.filter((look) => look.sourceId === "cam-0").length, 32);
  t.end();
});

void t.test("rules: a rule whose conditions changed starts anew, another one goes on", (t) => {
  const bench = new RuleBench(ruleSource(see("person")));
  bench.step(10, "a", "image", "person", 7);
  const engineOf = (prompt: string): RuleEngine =>
    new RuleEngine({ site: "test", groupId: "yard", rules: [compileRule(ruleSource(see(prompt)), 0.05, () => 0)] }, bench.engine.data);
  t.equal(engineOf("person").incidents().length, 1);
  t.equal(engineOf("cat").incidents().length, 0);
  t.end();
});

void t.test("rules: the past is kept as long as absences may ask for it", (t) => {
  const rule = ruleSource(see("person"), { withinMs: 300_000, unless: [{ condition: hear("dog"), withinMs: 600_000, afterMs: 5000 }], resolveAfterMs: 1, holdForMs: 2 });
  t.equal(lookBackMs(compileRule(rule, 0.05, () => 0)), 905_003);
  t.end();
});
