import t from "tap";
import { all, any, field, hear, none, RuleBench, ruleSource, see } from "./support.js";

const dogAndPerson = ruleSource(all(hear("dog"), see("person")));

void t.test("rules: two events within the time make one incident that names its evidence", (t) => {
  const bench = new RuleBench(dogAndPerson);
  bench.step(10, "people", "image", "person", 6);
  t.equal(bench.states, "");
  bench.step(13, "barking", "audio", "dog", 7);
  const [incident] = bench.incidents;
  t.match(incident, {
    state: "firing",
    ruleId: "rule",
    startedAt: 10_000,
    events: [{ id: "people" }, { id: "barking" }],
    evidence: [
      { condition: "hear: dog", sourceId: "mic", offsetMs: 3000, eventId: "barking" },
      { condition: "see: person", sourceId: "cam", offsetMs: 0 },
    ],
    calibrated: true,
  });
  t.match(incident?.summary, /see: person \(cam 0\.9\d\); hear: dog \(mic 0\.9\d\)|hear: dog \(mic 0\.9\d\); see: person \(cam 0\.9\d\)/);
  t.ok((incident?.confidence as number) < 0.97, "the weakest condition decides");
  t.end();
});

void t.test("rules: too far apart is not together", (t) => {
  const bench = new RuleBench(dogAndPerson);
  bench.step(10, "people", "image", "person", 6);
  bench.step(15.1, "barking", "audio", "dog", 7);
  t.equal(bench.states, "");
  bench.step(15.2, "people", "image", "person", 6);
  t.equal(bench.states, "firing");
  t.end();
});

void t.test("rules: a faint likeness is not enough, several sources together may be", (t) => {
  const bench = new RuleBench(ruleSource(see("person")));
  bench.step(10, "people", "image", "person", 2.5);
  t.equal(bench.states, "", "0.39 with the prior of 0.05");
  bench.step(10.5, "people", "image", "person", 2.5, "cam-2");
  t.equal(bench.states, "firing", "two witnesses of the same");
  bench.step(11, "people", "image", "person", -4, "cam-3");
  t.equal(bench.incidents[0]?.evidence.length, 2, "who does not see it says nothing against it");
  t.end();
});

void t.test("rules: one odd moment of a source confirms nothing", (t) => {
  const bench = new RuleBench(ruleSource(hear("dog"), { confirmations: 2 }));
  bench.step(10, "a", "audio", "dog", 6);
  bench.step(10, "a", "audio", "dog", 6);
  t.equal(bench.states, "", "one moment, however often");
  bench.step(10.5, "a", "audio", "dog", 1);
  t.equal(bench.states, "", "the second says too little");
  bench.step(11, "a", "audio", "dog", 6);
  t.equal(bench.states, "firing");
  t.match(bench.incidents[0]?.evidence, [{ sourceId: "mic" }], "the best of its looks is shown");
  const slow = new RuleBench(ruleSource(hear("dog"), { confirmations: 2 }));
  slow.step(10, "a", "audio", "dog", 8);
  slow.step(15.5, "a", "audio", "dog", 8);
  t.equal(slow.states, "", "the first look is not fresh any more");
  t.end();
});

void t.test("rules: one clear look is carried on by fainter ones", (t) => {
  const bench = new RuleBench(ruleSource(see("person")));
  bench.step(10, "people", "image", "person", 7);
  bench.step(13, "people", "image", "person", 0.5);
  bench.passTo(16.9);
  t.equal(bench.states, "firing");
  bench.passTo(17.1);
  t.equal(bench.states, "resolved");
  t.match(bench.incidents[0], { endedAt: 13_000, updatedAt: 17_000 });
  t.end();
});

void t.test("rules: same_event wants one event that meets everything", (t) => {
  const bench = new RuleBench(ruleSource(all(hear("dog"), see("dog")), { sameEvent: true }));
  bench.step(10, "seen", "image", "dog", 7);
  bench.step(11, "heard", "audio", "dog", 7);
  t.equal(bench.states, "");
  bench.step(12, "seen", "audio", "dog", 7);
  t.equal(bench.states, "firing");
  t.strictSame(bench.incidents[0]?.events.map((e) => e.id), ["seen"]);
  t.end();
});

void t.test("rules: any is met by one, nested conditions by their own logic", (t) => {
  const bench = new RuleBench(ruleSource(any(hear("glass"), all(hear("dog"), see("person")))));
  bench.step(10, "a", "audio", "dog", 7);
  t.equal(bench.states, "");
  bench.step(11, "b", "audio", "glass", 5);
  t.equal(bench.states, "firing");
  bench.step(12, "c", "image", "person", 7);
  t.ok((bench.incidents[0]?.confidence as number) > 0.97, "the strongest alternative decides");
  t.end();
});

void t.test("rules: hold_for wants the conditions met again and again", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { holdForMs: 3000 }));
  bench.step(10, "a", "image", "person", 7);
  bench.step(12, "a", "image", "person", 7);
  t.equal(bench.states, "pending");
  bench.step(13, "a", "image", "person", 7);
  t.equal(bench.states, "firing");
  const short = new RuleBench(ruleSource(see("person"), { holdForMs: 3000 }));
  short.step(10, "a", "image", "person", 7);
  short.passTo(20);
  t.equal(short.states, "");
  t.match(short.notes, [{ kind: "suppressed", reason: "hold_for" }]);
  t.end();
});

void t.test("rules: cooldown keeps the next one back, then the same event has a next episode", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { cooldownMs: 20_000 }));
  bench.step(10, "a", "image", "person", 7);
  bench.passTo(15);
  bench.step(20, "a", "image", "person", 7);
  bench.passTo(25);
  t.equal(bench.states, "resolved");
  bench.step(31, "a", "image", "person", 7);
  t.equal(bench.states, "resolved firing");
  t.not(bench.incidents[0]?.id, bench.incidents[1]?.id);
  t.match(bench.notes.map((note) => note.kind), ["incident", "incident", "suppressed", "incident"]);
  t.end();
});

void t.test("rules: unless looks back, needs a witness and complete time", (t) => {
  const rule = ruleSource(see("person"), { unless: [{ condition: field("result", "accepted"), withinMs: 30_000, afterMs: 0 }] });
  const quiet = new RuleBench(rule);
  quiet.healthy(0, "badges", "text");
  quiet.completeTo = 40;
  quiet.step(40, "a", "image", "person", 7);
  t.equal(quiet.states, "pending", "a badge of this very moment could still come");
  t.equal(quiet.engine.waitsFor, 40_000);
  quiet.completeTo = 40.001;
  quiet.passTo(40);
  t.equal(quiet.states, "firing");
  t.equal(quiet.engine.waitsFor, Infinity);

  const accepted = new RuleBench(rule);
  accepted.healthy(0, "badges", "text");
  accepted.line(15, "result", "accepted");
  accepted.step(40, "a", "image", "person", 7);
  accepted.passTo(41);
  t.equal(accepted.states, "");
  t.match(accepted.notes, [{ kind: "suppressed", reason: "unless" }]);

  const rejected = new RuleBench(rule);
  rejected.healthy(0, "badges", "text");
  rejected.line(15, "result", "rejected");
  rejected.step(40, "a", "image", "person", 7);
  rejected.passTo(41);
  t.equal(rejected.states, "firing", "another value is not the value");
  t.end();
});

void t.test("rules: absence that nobody witnessed is unknown", (t) => {
  const rule = ruleSource(see("person"), { unless: [{ condition: field("result", "accepted"), withinMs: 30_000, afterMs: 0 }] });
  const blind = new RuleBench(rule);
  blind.healthy(20, "badges", "text");
  blind.step(40, "a", "image", "person", 7);
  blind.passTo(41);
  t.equal(blind.states, "", "the reader came back in the middle of the interval");
  t.match(blind.notes, [{ kind: "suppressed", reason: "blind" }]);
  const fire = new RuleBench({ ...rule, whenBlind: "fire" });
  fire.healthy(0, "badges", "text");
  fire.healthy(20, "badges", "text", false);
  fire.step(40, "a", "image", "person", 7);
  fire.passTo(41);
  t.match(fire.incidents[0], { state: "firing", unwitnessed: true });
  t.end();
});

void t.test("rules: unless may look forward, and then the alert waits for it", (t) => {
  const rule = ruleSource(hear("glass"), { unless: [{ condition: see("person"), withinMs: 2000, afterMs: 10_000 }] });
  const bench = new RuleBench(rule);
  bench.healthy(0, "cam", "image");
  bench.step(20, "a", "audio", "glass", 7);
  bench.passTo(29);
  t.equal(bench.states, "pending", "kept although its own conditions are over");
  bench.passTo(31);
  t.equal(bench.states, "resolved", "nobody came: it was one");
  const came = new RuleBench(rule);
  came.healthy(0, "cam", "image");
  came.step(20, "a", "audio", "glass", 7);
  came.step(28, "b", "image", "person", 7);
  came.passTo(31);
  t.equal(came.states, "");
  t.end();
});

void t.test("rules: not inside all is judged over the rule's own time", (t) => {
  const rule = ruleSource(all(hear("dog"), none(see("person"))));
  const alone = new RuleBench(rule);
  alone.healthy(0, "cam", "image");
  alone.step(20, "a", "audio", "dog", 7);
  t.equal(alone.states, "pending");
  alone.passTo(20.1);
  t.equal(alone.states, "firing");
  const withOwner = new RuleBench(rule);
  withOwner.healthy(0, "cam", "image");
  withOwner.step(17, "b", "image", "person", 7);
  withOwner.step(20, "a", "audio", "dog", 7);
  withOwner.passTo(20.1);
  t.equal(withOwner.states, "");
  t.match(withOwner.notes, [{ reason: "unless" }]);
  const blind = new RuleBench(rule);
  blind.step(20, "a", "audio", "dog", 7);
  blind.passTo(20.1);
  t.match(blind.notes, [{ reason: "blind" }]);
  t.end();
});

void t.test("rules: three-valued logic holds in nested absences", (t) => {
  const either = ruleSource(hear("dog"), { unless: [{ condition: any(see("person"), none(see("cat"))), withinMs: 5000, afterMs: 0 }] });
  const bench = new RuleBench(either);
  bench.healthy(0, "cam", "image");
  bench.step(19, "c", "image", "cat", 7);
  bench.step(20, "a", "audio", "dog", 7);
  bench.passTo(21);
  t.equal(bench.states, "firing", "a cat was there and nobody else");
  const both = ruleSource(hear("dog"), { unless: [{ condition: all(see("person"), see("cat")), withinMs: 5000, afterMs: 0 }] });
  const unseen = new RuleBench(both);
  unseen.step(20, "a", "audio", "dog", 7);
  unseen.passTo(21);
  t.equal(unseen.states, "");
  const orNot = ruleSource(all(any(hear("dog"), none(see("cat"))), hear("glass")));
  const optional = new RuleBench(orNot);
  optional.step(19, "g", "audio", "glass", 7);
  optional.step(20, "a", "audio", "dog", 7);
  optional.passTo(21);
  t.equal(optional.states, "firing", "one true alternative needs no witness for the other");
  t.end();
});

void t.test("rules: fields make an incident of their own, with the line as its event", (t) => {
  const bench = new RuleBench(ruleSource(field("result", "rejected")));
  bench.line(5, "result", "rejected");
  t.match(bench.incidents[0], { state: "firing", confidence: 1, evidence: [{ condition: "read: result = rejected", text: "result rejected" }] });
  bench.line(6, "result", "accepted");
  t.equal(bench.incidents[0]?.updatedAt, 5000);
  t.end();
});

void t.test("rules: a merged event keeps its evidence under the other's id, a continued one carries it on", (t) => {
  const bench = new RuleBench(dogAndPerson);
  bench.step(10, "people", "image", "person", 6);
  bench.step(11, "others", "image", "person", 4);
  bench.step(12, "barking", "audio", "dog", 7);
  bench.engine.carryOver("others", bench.event("people", 12_000), true);
  t.ok(bench.incidents[0]?.events.every((e) => e.id !== "others"));
  bench.engine.carryOver("people", bench.event("people-2", 13_000), false);
  bench.engine.carryOver("unknown", bench.event("people-2", 13_000), true);
  bench.step(14, "people-2", "image", "person", 0.3);
  t.equal(bench.incidents[0]?.updatedAt, 14_000, "what was clear stays clear");
  const copy = bench.engine.clone();
  t.strictSame(copy.incidents(), bench.incidents);
  t.end();
});

void t.test("rules: remember no more than they need", (t) => {
  const bench = new RuleBench(ruleSource(see("person"), { resolveAfterMs: 500 }));
  for (let i = 0; i < 400; i++) {
    bench.step(i * 2, `e${i}`, "image", "person", 7);
    bench.close(`e${i}`);
  }
  const state = bench.engine.data.rules.get("rule");
  t.ok((state?.leaves[0]?.byEvent.size ?? 0) < 50, `${state?.leaves[0]?.byEvent.size} matches`);
  t.ok((state?.leaves[0]?.runs.length ?? 0) <= 64);
  t.ok((state?.episodes.size ?? 0) <= 256);
  t.ok((state?.resolved.length ?? 0) <= 8);
  const long = new RuleBench(ruleSource(see("person")));
  for (let i = 0; i < 100; i++) long.step(i, `e${i}`, "image", "person", 7);
  t.equal(long.incidents[0]?.events.length, 64);
  t.equal(long.incidents[0]?.events[0]?.id, "e0", "the founding one stays");
  for (let i = 0; i < 30; i++) long.step(100, "e99", "image", "person", 7, `cam-${i}`);
  t.equal(long.incidents[0]?.evidence.length, 16);
  t.end();
});
