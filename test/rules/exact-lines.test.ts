// Conditions on exact fields: an incident names the lines that it is about, not those of the one before.
import fc from "fast-check";
import t from "tap";
import type { Incident } from "../../rules/incident.js";
import { holds } from "../support/property.js";
import { all, any, field, RuleBench, ruleSource } from "./support.js";

const texts = (incident: Incident | undefined): readonly (string | undefined)[] => (incident?.evidence ?? []).map((one) => one.text);
const resolved = (bench: RuleBench): readonly Incident[] => bench.notes.flatMap((note) => (note.kind === "incident" && note.incident.state === "resolved" ? [note.incident] : []));

void t.test("exact lines: the second incident tells the second line and its time", (t) => {
  const bench = new RuleBench(ruleSource(field("kind", "forced"), { resolveAfterMs: 1000, withinMs: 5000 }));
  bench.line(10, "kind", "forced", "door front");
  bench.line(13, "kind", "forced", "door back");
  bench.passTo(20);
  const [first, second] = resolved(bench);
  t.match(first, { startedAt: 10_000, evidence: [{ text: "door front", offsetMs: 0 }] });
  t.match(second, { startedAt: 13_000, evidence: [{ text: "door back", offsetMs: 0 }], events: [{}] });
  t.same(texts(second), ["door back"]);
  t.equal(second?.summary, "read: kind = forced (badges 1.00)");
  t.not(first?.id, second?.id);
  t.end();
});

void t.test("exact lines: within one incident each that says something else is evidence, the newest first", (t) => {
  const bench = new RuleBench(ruleSource(field("kind", "forced"), { resolveAfterMs: 10_000 }));
  for (const [atS, door] of [[10, "front"], [13, "back"], [14, "front"], [15, "side"]] as const) bench.line(atS, "kind", "forced", `door ${door}`);
  t.same(texts(bench.incidents[0]), ["door side", "door back", "door front"]);
  t.match(bench.incidents[0], { startedAt: 10_000, updatedAt: 15_000, summary: "read: kind = forced (badges 1.00)" });
  for (let i = 0; i < 40; i++) bench.line(16 + i / 10, "kind", "forced", `door ${i}`);
  const told = texts(bench.incidents[0]);
  t.same(told, [...Array.from({ length: 15 }, (_, i) => `door ${39 - i}`), "door front"], "sixteen: the newest, and the one that founded it");
  t.end();
});

void t.test("exact lines: of several that came before the rest of a rule the newest founds, all are evidence", (t) => {
  const bench = new RuleBench(ruleSource(all(field("badge", "rejected"), field("door", "forced")), { withinMs: 10_000, resolveAfterMs: 1000 }));
  bench.line(10, "badge", "rejected", "badge 1");
  bench.line(12, "badge", "rejected", "badge 2");
  bench.line(14, "door", "forced", "door");
  t.match(bench.incidents[0], { startedAt: 12_000 });
  t.same(new Set(texts(bench.incidents[0])), new Set(["badge 2", "badge 1", "door"]));
  bench.line(18, "badge", "rejected", "badge 3");
  bench.passTo(30);
  t.match(resolved(bench)[1], { startedAt: 14_000 }, "a line of the past counts where the rule is not met without it");
  t.same(texts(resolved(bench)[1]), ["badge 3", "door"]);
  t.end();
});

void t.test("exact lines: a choice is not about what it was about before", (t) => {
  const bench = new RuleBench(ruleSource(any(field("a", "1"), field("b", "1")), { resolveAfterMs: 1000 }));
  bench.line(10, "a", "1", "the first");
  bench.line(13, "b", "1", "the second");
  bench.passTo(20);
  t.match(resolved(bench)[1], { startedAt: 13_000, evidence: [{ text: "the second" }] });
  t.equal(resolved(bench)[1]?.evidence.length, 1);
  t.end();
});

void t.test("exact lines: many of them leave the evidence of others in its place", (t) => {
  const bench = new RuleBench(ruleSource(all({ kind: "see", prompt: "person", confidence: undefined }, field("kind", "forced")), { withinMs: 60_000, resolveAfterMs: 60_000 }));
  bench.step(10, "e", "image", "person", 5);
  for (let i = 0; i < 100; i++) bench.line(11 + i / 10, "kind", "forced", `line ${i}`);
  t.equal(bench.incidents[0]?.evidence.length, 16);
  t.ok(bench.incidents[0]?.evidence.some(({ modality }) => modality === "image"));
  t.ok((bench.engine.data.rules.get("rule")?.leaves[1]?.byEvent.size ?? 0) <= 64, "and are not remembered for ever");
  t.end();
});

void t.test("exact lines: each incident is about the lines of its own time, whatever came when", (t) => {
  const lines = fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 6000 }), door: fc.nat(4) }), { minLength: 1, maxLength: 40 });
  const span = fc.integer({ min: 0, max: 8000 });
  holds(
    t,
    "one condition",
    fc.property(lines, span, span, (said, withinMs, resolveAfterMs) => {
      const bench = new RuleBench(ruleSource(field("kind", "forced"), { withinMs, resolveAfterMs }));
      const expected: { start: number; doors: Set<string> }[] = [];
      let at = 0;
      let last = -Infinity;
      for (const { afterMs, door } of said) {
        at += afterMs;
        if (at > last + resolveAfterMs) expected.push({ start: at, doors: new Set() });
        last = at;
        expected.at(-1)?.doors.add(`door ${door}`);
        bench.line(at / 1000, "kind", "forced", `door ${door}`);
      }
      bench.passTo(at / 1000 + 100);
      const told = resolved(bench).map((incident) => ({ start: incident.startedAt, doors: new Set(texts(incident)) }));
      const plain = (list: readonly { start: number; doors: ReadonlySet<string | undefined> }[]): string => JSON.stringify(list.map(({ start, doors }) => [start, [...doors].sort()]));
      return plain(told) === plain(expected);
    }),
    300,
  );
  t.end();
});
