// Complete looks of cameras, and what they are worth where an absence is asked for.
import fc from "fast-check";
import t from "tap";
import { PLAIN_FIT } from "../../fusion/model/condition.js";
import { plainTerms, type AskedCondition, type RuleSource } from "../../rules/compile-rule.js";
import { lastScanEnd, scannedWithin, scanPeriod, shiftedScans, withoutOlderScans, withScan, type Scan, type Scans } from "../../rules/scans.js";
import { holds } from "../support/property.js";
import { all, any, hear, none, RuleBench, ruleSource, see } from "./support.js";

const none_: Scans = new Map();

/** Scans in the order of their ends, each begun at or after the one before it. */
const scanning = fc.array(fc.record({ beginsMs: fc.integer({ min: 0, max: 3000 }), lastsMs: fc.integer({ min: 0, max: 4000 }) }), { minLength: 1, maxLength: 200 }).map((steps) => {
  const scans: Scan[] = [];
  for (const { beginsMs, lastsMs } of steps) {
    const before = scans.at(-1) ?? { from: 0, to: 0 };
    const from = before.from + beginsMs;
    scans.push({ from, to: Math.max(before.to, from + lastsMs) });
  }
  return scans;
});

void t.test("scans: an interval that is said to hold a whole scan does, and of the newest none is missed", (t) => {
  let [yes, no] = [0, 0];
  holds(
    t,
    "never a look that was not taken",
    fc.property(scanning, fc.nat(), fc.nat({ max: 20_000 }), (scans, at, lengthMs) => {
      const kept = scans.reduce<Scans>((before, scan) => withScan(before, "cam", scan), none_);
      const to = at % ((scans.at(-1) as Scan).to + 2000);
      const from = to - lengthMs;
      const said = scannedWithin(kept, "cam", from, to);
      const within = (list: readonly Scan[]): boolean => list.some((scan) => scan.from >= from && scan.to <= to);
      if (said) yes++;
      else no++;
      return (!said || within(scans)) && (said || !within(scans.slice(-16))) && !scannedWithin(kept, "other-cam", from, to);
    }),
    500,
  );
  t.ok(yes > 50 && no > 50, `${yes} held one, ${no} did not`);
  t.end();
});

void t.test("scans: those of an hour take no more room than those of a minute, and a period's length of any of it holds one", (t) => {
  let scans = none_;
  for (let second = 9; second <= 3600; second++) scans = withScan(scans, "cam", { from: (second - 8) * 1000, to: second * 1000 });
  t.ok((scans.get("cam")?.length ?? 0) <= 32);
  t.equal(scanPeriod(scans, "cam"), 8000);
  t.equal(scanPeriod(scans, "other-cam"), undefined);
  for (const from of [1000, 100_500, 3_500_250]) t.ok(scannedWithin(scans, "cam", from, from + 9000), `from ${from}`);
  t.notOk(scannedWithin(scans, "cam", 100_500, 108_000), "long ago a period is not enough to be sure");
  t.equal(lastScanEnd(scans, ["other-cam", "cam"], 3_590_400), 3_590_000);
  t.ok((lastScanEnd(scans, ["cam"], 100_400) ?? 0) >= 91_000, "long ago it is known to within a period");
  t.equal(lastScanEnd(scans, ["cam"], 8000), undefined);
  t.equal(lastScanEnd(scans, ["other-cam"], 8000), undefined);
  t.strictSame(withoutOlderScans(scans, 10_000_000).get("cam"), [{ from: 3_592_000, to: 3_600_000, lastFrom: 3_592_000, everyMs: 8000 }]);
  t.equal(withoutOlderScans(scans, 0), scans);
  t.equal(lastScanEnd(shiftedScans(scans, -1000), ["cam"], Infinity), 3_599_000);
  t.end();
});

void t.test("scans: an outage between scans is not looked over", (t) => {
  let scans = none_;
  for (let second = 9; second <= 200; second++) if (second < 50 || second > 108) scans = withScan(scans, "cam", { from: (second - 8) * 1000, to: second * 1000 });
  t.ok(scannedWithin(scans, "cam", 10_000, 20_000));
  t.notOk(scannedWithin(scans, "cam", 45_000, 105_000));
  t.ok(scannedWithin(scans, "cam", 45_000, 110_000));
  for (let i = 0; i < 100; i++) scans = withScan(scans, "cam", { from: 1_000_000 + i * 9000, to: 1_008_000 + i * 9000 });
  t.equal(scans.get("cam")?.length, 32, "scans apart from each other: the oldest go");
  t.end();
});

const unlessSeen = ruleSource(hear("dog"), { unless: [{ condition: see("person"), withinMs: 30_000, afterMs: 0 }] });

void t.test("rules: a camera that watched but took no complete look proves no absence of what is seen", (t) => {
  const bench = new RuleBench(unlessSeen);
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  bench.scanned(5, 12);
  bench.step(40, "barking", "audio", "dog", 7);
  bench.passTo(41);
  t.equal(bench.states, "");
  t.match(bench.notes, [{ kind: "suppressed", reason: "no_complete_look", absences: [{ happened: "unknown", blind: [{ sourceId: "cam", reason: "no_complete_look", since: 12_000 }] }] }]);
  t.end();
});

void t.test("rules: one complete look within the time asked about does, and the alert says when it was", (t) => {
  const bench = new RuleBench(unlessSeen);
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  bench.scanned(20, 28);
  bench.scanned(38, 46); // too late to be of any use
  bench.step(46, "barking", "audio", "dog", 7);
  bench.passTo(47);
  t.match(bench.incidents, [{ state: "firing", lastScanAt: 46_000 }]);
  t.end();
});

void t.test("rules: a complete look of a camera that was blind meanwhile counts for nothing, and that of another does", (t) => {
  for (const [healthy, states] of [[["cam-a"], ""], [["cam-a", "cam-b"], "firing"]] as const) {
    const bench = new RuleBench(unlessSeen);
    bench.scanning = false;
    for (const cam of healthy) bench.healthy(0, cam, "image");
    bench.scanned(20, 28, "cam-a");
    if (healthy.length > 1) bench.scanned(20, 29, "cam-b");
    bench.healthy(30, "cam-a", "image", false);
    bench.step(40, "barking", "audio", "dog", 7);
    bench.passTo(41);
    t.equal(bench.states, states);
    t.match(bench.notes, states === "" ? [{ reason: "blind" }] : [{ incident: { lastScanAt: 29_000 } }]);
  }
  t.end();
});

void t.test("rules: what was seen makes an absence false whether or not anybody looked at all, and sound needs no look", (t) => {
  const seen = new RuleBench(unlessSeen);
  seen.scanning = false;
  seen.step(30, "visit", "image", "person", 7);
  seen.step(40, "barking", "audio", "dog", 7);
  seen.passTo(41);
  t.match(seen.notes, [{ reason: "unless" }]);
  const heard = new RuleBench(ruleSource(see("person"), { unless: [{ condition: hear("dog"), withinMs: 5000, afterMs: 0 }] }));
  heard.scanning = false;
  heard.healthy(0, "mic", "audio");
  heard.step(40, "visit", "image", "person", 7);
  heard.passTo(41);
  t.match(heard.incidents, [{ state: "firing" }]);
  t.equal(heard.incidents[0]?.lastScanAt, undefined);
  t.end();
});

void t.test("rules: where a rule fires blind, it says so and how old the last complete look was", (t) => {
  const bench = new RuleBench({ ...unlessSeen, whenBlind: "fire" });
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  bench.scanned(1, 9);
  bench.step(100, "barking", "audio", "dog", 7);
  bench.passTo(101);
  t.match(bench.incidents, [{ state: "firing", unwitnessed: true, lastScanAt: 9000 }]);
  t.end();
});

void t.test("rules: an absence is judged by a threshold of its own, one turned around by the rule's", (t) => {
  const termsOf = ({ confidence, absent }: AskedCondition) => ({ fit: PLAIN_FIT, confidence: confidence ?? (absent ? 0.3 : 0.7) });
  const faint = 2; // 0.28 at a prior of 0.05: below either; 3: 0.51, between them; 6: above both
  for (const [llr, absent, present] of [[faint, "firing", ""], [3, "", ""], [6, "", "firing"]] as const) {
    const unless = new RuleBench([unlessSeen], termsOf);
    unless.healthy(0, "cam", "image");
    unless.step(30, "visit", "image", "person", llr);
    unless.step(40, "barking", "audio", "dog", 7);
    unless.passTo(41);
    t.equal(unless.states, absent, `unless: person of ${llr}`);
    const turned = new RuleBench([ruleSource(hear("dog"), { unless: [{ condition: none(see("person")), withinMs: 30_000, afterMs: 0 }] })], termsOf);
    turned.healthy(0, "cam", "image");
    turned.step(30, "visit", "image", "person", llr);
    turned.step(40, "barking", "audio", "dog", 7);
    turned.passTo(41);
    t.equal(turned.states, present, `unless not: person of ${llr}`);
  }
  const own = new RuleBench([ruleSource(all(hear("dog"), none(see("person", 0.6))), { withinMs: 20_000 })], termsOf);
  own.healthy(0, "cam", "image");
  own.step(30, "visit", "image", "person", 3);
  own.step(40, "barking", "audio", "dog", 7);
  own.passTo(41);
  t.equal(own.states, "firing", "a condition's own confidence goes before it");
  t.end();
});

/** A camera that takes ten seconds from look to look at a place, and rules that it meets. */
function scannedBench(...rules: readonly RuleSource[]): RuleBench {
  return scanned(new RuleBench(rules));
}

function scanned(bench: RuleBench): RuleBench {
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  bench.scanned(2, 12);
  return bench;
}

void t.test("rules: who stands still is confirmed by two places that show them, and stays from scan to scan", (t) => {
  const apart = scannedBench(ruleSource(any(see("person")), { confirmations: 2 }));
  for (const atS of [14, 15]) apart.step(atS, `look-${atS}`, "image", "person", 6, "cam", atS);
  t.equal(apart.states, "", "each look is an event of its own here, and one look proves nothing");
  const standing = scannedBench(ruleSource(any(see("person")), { confirmations: 2 }));
  standing.step(14, "standing", "image", "person", 6, "cam", 7);
  t.equal(standing.states, "");
  standing.step(21, "standing", "image", "person", 6, "cam", 8);
  t.equal(standing.states, "firing", "7 s apart in one scan, though the rule's own time is 5 s");
  for (const atS of [24, 31, 34, 41, 44, 51]) {
    standing.passTo(atS - 0.001);
    t.equal(standing.states, "firing", `still there before the look at ${atS}`);
    standing.step(atS, "standing", "image", "person", 6, "cam", atS % 10 === 4 ? 7 : 8);
  }
  t.equal(standing.incidents.length, 1);
  standing.passTo(51 + 10 + 4);
  t.equal(standing.states, "firing");
  standing.passTo(51 + 10 + 4.1);
  t.equal(standing.states, "resolved", "nobody looked there again");
  t.equal(standing.incidents[0]?.endedAt, 51_000);
  t.end();
});

void t.test("rules: one place confirms nothing by looking the same again, but is enough for an absence to be none", (t) => {
  const told = ruleSource(any(see("person")), { id: "told", confirmations: 2 });
  const bench = scannedBench(told, { ...unlessSeen, confirmations: 2 });
  for (const atS of [14, 24, 34]) bench.step(atS, "standing", "image", "person", 6, "cam", 7);
  t.equal(bench.states, "");
  bench.scanned(24, 34);
  for (const atS of [35, 36]) bench.step(atS, "barking", "audio", "dog", 7);
  bench.passTo(37);
  t.match(bench.notes, [{ kind: "suppressed", reason: "unless" }]);
  t.equal(bench.states, "");
  t.end();
});

void t.test("rules: who walks by a place does not stand there", (t) => {
  const bench = scannedBench(ruleSource(all(hear("glass"), see("person"))));
  bench.step(14, "walking", "image", "person", 6, "cam", 7, true);
  bench.step(20, "crash", "audio", "glass", 7);
  t.equal(bench.states, "");
  const stays = scannedBench(ruleSource(all(hear("glass"), see("person")), { confirmations: 2 }));
  for (const atS of [14, 15]) stays.step(atS, "walking", "image", "person", 6);
  stays.step(16, "walking", "image", "person", 6, "cam", 8);
  stays.step(23, "crash", "audio", "glass", 7);
  t.equal(stays.states, "", "and one place is not enough to say that they came to stand");
  t.end();
});

void t.test("rules: conditions meet by what was seen and heard within their time, not by what it faintly carried on", (t) => {
  for (const [heardAt, states] of [[18.5, "firing"], [21, ""]] as const) {
    for (const place of [undefined, 8]) {
      const bench = scannedBench(ruleSource(all(hear("glass"), see("person")), { confirmations: 2 }));
      for (const atS of [14, 15]) bench.step(atS, "walking", "image", "person", 6);
      bench.step(18, "walking", "image", "person", 1, "cam", place);
      for (const atS of [heardAt, heardAt + 0.5]) bench.step(atS, "crash", "audio", "glass", 7);
      t.equal(bench.states, states, `heard ${heardAt - 14} s after they were clearly seen`);
    }
  }
  t.end();
});

void t.test("rules: a sound beside someone who stands still is one with them, however long ago the place was looked at", (t) => {
  const bench = new RuleBench(ruleSource(all(hear("glass"), see("person"))));
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  bench.scanned(2, 12);
  bench.step(14, "standing", "image", "person", 6, "cam", 7);
  bench.step(23, "crash", "audio", "glass", 7);
  t.equal(bench.states, "firing", "9 s after the look, with 10 s from look to look");
  bench.passTo(27);
  t.equal(bench.states, "firing");
  bench.passTo(27.1);
  t.equal(bench.states, "resolved", "what both must show is over when the sound is");
  bench.step(40, "crash-2", "audio", "glass", 7);
  t.equal(bench.states, "resolved", "and who stood there does not stand there for ever");
  t.end();
});

void t.test("rules: furniture is told of nobody and absent for nobody", (t) => {
  const rule = ruleSource(hear("dog"), { confirmations: 2, unless: [{ condition: see("person"), withinMs: 30_000, afterMs: 0 }] });
  const bench = new RuleBench([rule, ruleSource(any(see("person")), { id: "seen" })]);
  bench.scanning = false;
  bench.healthy(0, "cam", "image");
  for (const atS of [22, 30]) {
    bench.scanned(atS - 8, atS);
    bench.furniture(atS, "person", 6);
  }
  for (const atS of [39, 40]) bench.step(atS, "barking", "audio", "dog", 7);
  bench.passTo(41);
  t.equal(bench.states, "", "neither rule fires");
  t.match(bench.notes, [{ kind: "suppressed", ruleId: "rule", reason: "unless" }]);
  bench.scanned(80, 88);
  for (const atS of [100, 101]) bench.step(atS, "barking-2", "audio", "dog", 7);
  bench.passTo(102);
  t.equal(bench.states, "firing", "it has left since");
  t.end();
});

void t.test("rules: who stood there does so until the place is looked at again and does not show them", (t) => {
  for (const shows of [-2, 0] as const) {
    const bench = scannedBench(ruleSource(all(hear("glass"), see("person"))));
    bench.step(14, "standing", "image", "person", 6, "cam", 7);
    bench.step(20, "standing", "image", "person", shows, "cam", 7);
    bench.step(23, "crash", "audio", "glass", 7);
    t.equal(bench.states, "", `9 s after the look, but 3 s ago the place was looked at again: ${shows}`);
  }
  const untold = scannedBench(ruleSource(all(hear("glass"), see("person"))));
  untold.step(14, "standing", "image", "person", 6, "cam", 7);
  untold.furniture(20, "person", 4);
  untold.step(23, "crash", "audio", "glass", 7);
  t.equal(untold.states, "", "nor if it shows what it always shows, whatever that looks like");
  t.end();
});

void t.test("rules: a look at another place, of another camera or of what moves says nothing of who stands there", (t) => {
  const bench = scannedBench(ruleSource(all(hear("glass"), see("person"))));
  bench.step(14, "standing", "image", "person", 6, "cam", 7);
  bench.step(20, "standing", "image", "person", -2, "cam", 8);
  bench.step(20, "standing", "image", "person", -2, "cam-2", 7);
  bench.step(20, "standing", "image", "person", -2);
  bench.step(23, "crash", "audio", "glass", 7);
  t.equal(bench.states, "firing");
  t.end();
});

void t.test("rules: what a rule looks back to stays seen, whether or not they stand there still", (t) => {
  const bench = scannedBench(ruleSource(all(hear("glass"), see("person")), { withinMs: 60_000, confirmations: 2 }));
  for (const place of [7, 8]) bench.step(14 + place, "standing", "image", "person", 6, "cam", place);
  for (const place of [7, 8]) bench.step(24 + place, "standing", "image", "person", -2, "cam", place);
  for (const atS of [60, 61]) bench.step(atS, "crash", "audio", "glass", 7);
  t.equal(bench.states, "firing", "seen 38 s ago, where the rule asks for a minute");
  t.end();
});

void t.test("rules: a hold and the time within which conditions must meet do not add up", (t) => {
  const bench = scannedBench(ruleSource(all(hear("glass"), see("person"))));
  bench.step(14, "standing", "image", "person", 6, "cam", 7);
  bench.step(25, "crash", "audio", "glass", 7);
  t.equal(bench.states, "", "11 s after the look at a place that is looked at once in 10 s");
  t.end();
});

void t.test("rules: an incident that a place held resolves when the place no longer shows it, and not before", (t) => {
  const bench = scannedBench(ruleSource(any(see("person"))));
  bench.step(14, "standing", "image", "person", 6, "cam", 7);
  bench.step(15, "standing", "image", "person", 6, "cam", 8);
  bench.step(18, "standing", "image", "person", -2, "cam", 7);
  bench.passTo(20);
  t.equal(bench.states, "firing", "the other place shows it still");
  bench.furniture(21, "person", -2, "cam", 8);
  bench.passTo(25);
  t.equal(bench.states, "firing");
  bench.passTo(25.1);
  t.equal(bench.states, "resolved", "4 s after the look that no longer showed it, not 10 s after the one that did");
  t.match(bench.incidents, [{ endedAt: 15_000, updatedAt: 25_000 }]);
  t.end();
});

void t.test("rules: an incident of one event is held by whichever of its events a place shows", (t) => {
  const bench = scannedBench(ruleSource(any(see("person")), { sameEvent: true }));
  bench.step(14, "one", "image", "person", 6, "cam", 7);
  bench.step(15, "other", "image", "person", 6, "cam", 8);
  bench.furniture(18, "person", -2, "cam", 7);
  bench.passTo(24);
  t.equal(bench.states, "firing", "the other is seen until 25");
  bench.passTo(29.1);
  t.equal(bench.states, "resolved");
  t.end();
});

void t.test("rules: of who is not to be there one look that misses them is no proof that they have left", (t) => {
  const bench = scannedBench({ ...unlessSeen, confirmations: 2 });
  bench.step(14, "standing", "image", "person", 6, "cam", 7);
  bench.step(24, "standing", "image", "person", -2, "cam", 7);
  bench.furniture(25, "person", -2, "cam", 7);
  bench.step(28, "standing", "image", "person", 6, "cam", 8);
  bench.scanned(24, 34);
  for (const atS of [35, 36]) bench.step(atS, "barking", "audio", "dog", 7);
  bench.passTo(37);
  t.match(bench.notes, [{ kind: "suppressed", reason: "unless" }]);
  t.end();
});

void t.test("rules: two places of one picture confirm each other, and who walks through it does not hide who stands there", (t) => {
  const slow = scannedBench(ruleSource(any(see("person")), { confirmations: 2 }));
  for (const place of [7, 8]) slow.step(14, "standing", "image", "person", 6, "cam", place);
  t.equal(slow.states, "firing", "a camera of one picture a second looks at neighbours at once");
  const crowd = scannedBench(ruleSource(all(hear("glass"), see("person"))));
  crowd.step(14, "people", "image", "person", 6, "cam", 7);
  crowd.step(14, "people", "image", "person", 7);
  crowd.step(23, "crash", "audio", "glass", 7);
  t.equal(crowd.states, "firing", "9 s after who walked by, but the place shows somebody until it is looked at again");
  const twice = scannedBench(ruleSource(any(see("person")), { confirmations: 2 }));
  for (const llr of [6, 7]) twice.step(14, "walking", "image", "person", llr);
  t.equal(twice.states, "", "two regions of one picture are one look");
  t.end();
});

void t.test("rules: where something moves a place holds nothing, but nobody is absent who was seen there", (t) => {
  const moving = scannedBench(ruleSource(all(hear("glass"), see("person"))));
  moving.step(14, "walking", "image", "person", 6, "cam", 7, true);
  moving.step(23, "crash", "audio", "glass", 7);
  t.equal(moving.states, "");
  const source = { ...unlessSeen, confirmations: 2, withinMs: 5000 };
  const beside = scannedBench(source);
  for (const atS of [14, 24, 34]) beside.step(atS, "beside a curtain", "image", "person", 6, "cam", 7, true);
  beside.scanned(24, 34);
  for (const atS of [35, 36]) beside.step(atS, "barking", "audio", "dog", 7);
  beside.passTo(37);
  t.match(beside.notes, [{ kind: "suppressed", reason: "unless" }], "seen once in each scan, 10 s apart");
  t.end();
});

void t.test("rules: a camera that hardly shows it takes nothing from another that does, and nothing is held that was never met", (t) => {
  const bench = scanned(new RuleBench(ruleSource(all(hear("glass"), see("person"))), (asked) => ({ ...plainTerms(asked), fit: { a: 1, b: asked.modality === "image" ? -1 : 0 } })));
  bench.step(14, "yard", "image", "person", 0.1, "cam-2");
  bench.step(15, "yard", "image", "person", 5, "cam", 7);
  bench.step(22, "crash", "audio", "glass", 7);
  t.equal(bench.states, "firing", "4 nats are enough by themselves");
  t.ok((bench.incidents[0]?.startedAt ?? -Infinity) >= 14_000);
  const faint = scanned(new RuleBench(ruleSource(all(hear("glass"), see("person"))), (asked) => ({ ...plainTerms(asked), fit: { a: 1, b: -1 } })));
  for (const [atS, place] of [[14, 7], [15, 8]] as const) faint.step(atS, "yard", "image", "person", 0.5, "cam", place);
  faint.step(22, "crash", "audio", "glass", 9);
  t.equal(faint.states, "");
  t.end();
});

void t.test("rules: a faint look at another place does not lengthen what clear ones hold", (t) => {
  const bench = scannedBench(ruleSource(any(see("person")), { confirmations: 2 }));
  for (const place of [7, 8]) bench.step(7 + place, "standing", "image", "person", 6, "cam", place);
  bench.step(23, "standing", "image", "person", 0.1, "cam", 9);
  bench.passTo(29);
  t.equal(bench.states, "firing");
  bench.passTo(29.1);
  t.equal(bench.states, "resolved", "4 s after the clear looks, at 14 and 15, stand for nothing any more");
  t.end();
});
