// Which settings of an existing stream are worth a word.
import t from "tap";
import { streamDifferences } from "../../daemon/bus/stream-differences.js";

const spec = { name: "S", subjects: ["a.b.>", "a.c.>"], maxAgeMs: 7_000, maxBytes: 1, duplicateWindowMs: 1_000 };
const same = { subjects: ["a.b.>", "a.c.>"], retention: "limits", storage: "file", discard: "old", denyDelete: true, denyPurge: true, maxAgeMs: 7_000, duplicateWindowMs: 1_000 };

await t.test("stream differences: none where it promises as much or more", (t) => {
  t.same(streamDifferences(spec, same), []);
  t.same(streamDifferences(spec, { ...same, subjects: ["a.>"], maxAgeMs: 0, duplicateWindowMs: 9_000 }), []);
  t.same(streamDifferences(spec, { ...same, subjects: [">", "x"] }), []);
  t.same(streamDifferences(spec, { ...same, subjects: ["*.b.>", "*.*.>"] }), []);
  t.end();
});

await t.test("stream differences: each weaker setting in a clause of its own", (t) => {
  t.same(streamDifferences(spec, { ...same, subjects: ["a.b.>", "a.*"] }), ["it does not take a.c.>"]);
  t.same(streamDifferences(spec, { ...same, subjects: ["a.b.x", "a.c.>.d"] }).length, 1);
  const weak = { subjects: [], retention: "interest", storage: "memory", discard: "new", denyDelete: false, denyPurge: false, maxAgeMs: 1, duplicateWindowMs: 1 };
  t.equal(streamDifferences(spec, weak).length, 8);
  t.end();
});
