import t from "tap";
import type { Incident } from "../../rules/incident.js";
import { all, any, hear, ruleSource, RuleBench, see } from "./support.js";

/** A rule that fires at 1 s and is met again at 3 s, and its incident as it was told then. */
function toldBy(...rules: Parameters<typeof ruleSource>): Incident {
  const bench = new RuleBench(ruleSource(...rules));
  bench.step(1, "e", "audio", "dog", 6);
  bench.step(1, "e", "image", "person", 6);
  bench.step(3, "e", "audio", "dog", 7);
  return bench.incidents.at(-1) as Incident;
}

const both = all(hear("dog"), see("person"));

void t.test("uphold: a rule that knows nothing goes on with the incident as it was told", (t) => {
  const told = toldBy(both);
  const bench = new RuleBench(ruleSource(both));
  bench.engine.uphold(told);
  t.strictSame(bench.engine.uphold(told), [], "saying the same twice changes nothing");
  t.match(bench.incidents, [{ ...told, summary: /dog.*person/ }]);
  bench.step(5, "new", "image", "person", 6);
  bench.step(5, "new", "audio", "dog", 6);
  t.match(bench.incidents, [{ id: told.id, state: "firing", updatedAt: 5000, events: [{ id: "e" }, { id: "new" }] }], "it is met again and is the same");
  bench.passTo(20);
  t.match(bench.incidents, [{ id: told.id, state: "resolved", endedAt: 5000, updatedAt: 9000 }]);
  t.strictSame(bench.engine.uphold(told), [], "what is over stays so");
  t.equal(bench.states, "resolved");
  t.end();
});

void t.test("uphold: one that was told as resolved resolves at the same time, and cools down", (t) => {
  const told = toldBy(both, { cooldownMs: 30_000 });
  const bench = new RuleBench(ruleSource(both, { cooldownMs: 30_000 }));
  t.match(bench.engine.uphold({ ...told, state: "resolved", updatedAt: 7000, endedAt: 3000 }), [{ kind: "incident" }]);
  bench.passTo(10);
  t.match(bench.incidents, [{ id: told.id, state: "resolved", endedAt: 3000, updatedAt: 7000 }]);
  bench.step(20, "new", "image", "person", 6);
  bench.step(20, "new", "audio", "dog", 6);
  t.match(bench.notes.at(-1), { kind: "suppressed", reason: "cooldown" });
  t.end();
});

void t.test("uphold: what was decided against or still waits fires as it was told, and newer knowledge stays", (t) => {
  const unless = [{ condition: see("postman"), withinMs: 1000, afterMs: 2000 }];
  const told = { ...toldBy(both), unwitnessed: true };
  const bench = new RuleBench(ruleSource(both, { unless }));
  bench.completeTo = 0;
  bench.step(1, "e", "audio", "dog", 6);
  bench.step(1, "e", "image", "person", 6);
  t.match(bench.incidents, [{ id: told.id, state: "pending" }]);
  bench.completeTo = 4;
  bench.passTo(4);
  t.match(bench.notes.at(-1), { kind: "suppressed", reason: "blind" });
  bench.engine.uphold(told);
  t.match(bench.incidents, [{ id: told.id, state: "firing", unwitnessed: true }]);
  bench.step(6, "e", "audio", "dog", 6);
  bench.engine.uphold(told);
  t.match(bench.incidents, [{ id: told.id, state: "firing", updatedAt: 6000 }]);
  t.end();
});

void t.test("uphold: an incident of other conditions, or of another rule, is left alone", (t) => {
  const bench = new RuleBench(ruleSource(any(hear("cat"))));
  t.strictSame(bench.engine.uphold(toldBy(both)), []);
  t.strictSame(bench.engine.uphold({ ...toldBy(both), ruleId: "other" }), []);
  t.strictSame(bench.incidents, []);
  t.end();
});
