// What is noted of a candidate that a rule holds back: by reason, with what decided.
import t from "tap";
import type { RuleNote } from "../../rules/rule-state.js";
import { whyHeldBack, type Suppression } from "../../rules/suppression.js";
import { all, field, hear, none, RuleBench, ruleSource, see } from "./support.js";

const second = (atMs: number): string => `:${atMs / 1000}`;

/** The one suppression that was noted. */
function only(notes: readonly RuleNote[]): Suppression {
  const found = notes.filter((note) => note.kind === "suppressed");
  if (found.length !== 1) throw new Error(`${found.length} suppressions`);
  return found[0] as Suppression;
}

void t.test("suppression: a cooldown says until when", (t) => {
  const bench = new RuleBench(ruleSource(field("door", "open"), { cooldownMs: 20_000 }));
  bench.line(10, "door", "open");
  bench.line(20, "door", "open");
  const held = only(bench.notes);
  t.match(held, { ruleId: "rule", groupId: "yard", reason: "cooldown", at: 20_000, cooldownUntil: 30_000, confidence: 1, summary: "read: door = open (badges 1.00)", absences: [] });
  t.equal(whyHeldBack(held, second), "the rule was cooling down until :30");
  t.end();
});

void t.test("suppression: hold_for says for how long it was met", (t) => {
  const bench = new RuleBench(ruleSource(hear("dog"), { holdForMs: 10_000 }));
  for (const at of [20, 21, 22.5]) bench.step(at, "barking", "audio", "dog", 7);
  bench.passTo(40);
  const held = only(bench.notes);
  t.match(held, { reason: "hold_for", at: 22_500, heldMs: 2500, holdForMs: 10_000 });
  t.equal(whyHeldBack(held, second), "it was met for 2.5 s, and hold_for asks for 10 s");
  t.end();
});

void t.test("suppression: an absence that was none names what happened, and not what did not", (t) => {
  const unless = [{ condition: see("owner"), withinMs: 5000, afterMs: 0 }, { condition: see("cat"), withinMs: 5000, afterMs: 0 }];
  const bench = new RuleBench(ruleSource(hear("dog"), { unless }));
  bench.healthy(0, "cam", "image");
  bench.step(17, "owner", "image", "owner", 7);
  bench.step(18, "owner", "image", "owner", 7);
  bench.step(20, "barking", "audio", "dog", 7);
  bench.passTo(21);
  const held = only(bench.notes);
  t.match(held.absences, [{ condition: "see: owner", from: 15_000, to: 20_000, happened: "true", met: { start: 17_000, end: 18_000 } }]);
  t.equal(whyHeldBack(held, second), "see: owner was met from :17 to :18");
  t.end();
});

void t.test("suppression: a not that was met is told like an unless", (t) => {
  const bench = new RuleBench(ruleSource(all(hear("dog"), none(see("person")))));
  bench.healthy(0, "cam", "image");
  bench.step(19, "a", "image", "person", 7);
  bench.step(20, "barking", "audio", "dog", 7);
  bench.passTo(21);
  t.match(only(bench.notes), { reason: "unless", absences: [{ condition: "see: person", from: 15_000, to: 20_000, happened: "true" }] });
  t.end();
});

void t.test("suppression: what nobody could tell names who was blind, and since when, however long ago", (t) => {
  const blindAt = (fromS: number, untilS: number | undefined, atS: number): string => {
    const bench = new RuleBench(ruleSource(hear("dog"), { unless: [{ condition: see("person"), withinMs: 5000, afterMs: 0 }] }));
    bench.healthy(0, "cam", "image");
    bench.healthy(fromS, "cam", "image", false);
    if (untilS !== undefined) bench.healthy(untilS, "cam", "image");
    bench.step(atS, "barking", "audio", "dog", 7);
    bench.passTo(atS + 1);
    t.equal(only(bench.notes).reason, "blind");
    return whyHeldBack(only(bench.notes), second);
  };
  t.equal(blindAt(18, undefined, 20), "see: person cannot be answered from :15 to :20, cam has not been watching since :18");
  t.equal(blindAt(16, 17, 20), "see: person cannot be answered from :15 to :20, cam was not watching from :16 to :17");
  t.equal(blindAt(10, 17, 20), "see: person cannot be answered from :15 to :20, cam was not watching from :10 to :17");
  t.equal(blindAt(10, undefined, 40_000), "see: person cannot be answered from :39995 to :40000, cam has not been watching since :10");
  t.end();
});

void t.test("suppression: where nobody ever watched, nobody is named", (t) => {
  const bench = new RuleBench(ruleSource(hear("dog"), { unless: [{ condition: see("person"), withinMs: 5000, afterMs: 0 }] }));
  bench.step(20, "barking", "audio", "dog", 7);
  bench.passTo(21);
  t.equal(whyHeldBack(only(bench.notes), second), "see: person cannot be answered from :15 to :20, no source was watching");
  t.end();
});

void t.test("suppression: an absence turned around names what did not happen", (t) => {
  const bench = new RuleBench(ruleSource(hear("dog"), { unless: [{ condition: none(see("person")), withinMs: 5000, afterMs: 0 }] }));
  bench.healthy(0, "cam", "image");
  bench.step(20, "barking", "audio", "dog", 7);
  bench.passTo(21);
  t.equal(whyHeldBack(only(bench.notes), second), "see: person was not met from :15 to :20");
  t.end();
});
