import { toUSVString } from "node:util";
import fc from "fast-check";
import t from "tap";
import { decode, encode } from "../../daemon/codec/msgpack.js";
import { decodeCheckpoint, decodeEntry, encodeCheckpoint, encodeEntry } from "../../daemon/intake/journal-codec.js";
import type { Step } from "../../daemon/groups/group-state.js";
import { EMPTY_COHORT, withSample } from "../../fusion/cohort.js";
import { hostileKey, hostileText } from "../support/hostile.js";
import { holds } from "../support/property.js";
import { field, RuleBench, ruleSource } from "../rules/support.js";

const line = { id: "o", sourceId: "s", modality: "text", seq: 1, capturedAt: 5, durationMs: 0, gate: "open", quality: 1 } as const;

void t.test("journal codec: whatever a text line says comes back as it was", (t) => {
  const fields = fc.array(fc.tuple(hostileKey, hostileText)).map((pairs) => new Map(pairs.map(([key, value]) => [toUSVString(key), toUSVString(value)])));
  holds(
    t,
    "round trip",
    fc.property(fields, hostileText, fc.array(fc.float({ noNaN: true })), (fields, text, vector) => {
      const observation = { ...line, text: toUSVString(text) };
      const step: Step = { kind: "observation", observation: { ...observation, fields, embedding: { space: "s", vector: Float32Array.from(vector) } } };
      const { observation: back } = decodeEntry(encodeEntry(step)) as Extract<Step, { kind: "observation" }>;
      const same = JSON.stringify([...(back.fields ?? [])]) === JSON.stringify([...fields]);
      return same && back.text === observation.text && [...(back.embedding?.vector ?? [])].every((x, i) => Object.is(x, Math.fround(vector[i] as number)));
    }),
  );
  const older = encode({ kind: "observation", observation: { ...line, fields: { door: "open" } } });
  t.match(decodeEntry(older), { observation: { fields: new Map([["door", "open"]]) } }, "as an older fusiond wrote it");
  t.end();
});

void t.test("journal codec: what a rule remembers comes back whole, the best look lately too", (t) => {
  const bench = new RuleBench(ruleSource(field("door", "open"), { cooldownMs: 60_000 }));
  for (const at of [10, 20]) bench.line(at, "door", "open");
  const rules = bench.engine.data;
  t.match(rules.rules.get("rule")?.leaves, [{ best: { at: 20_000, sourceId: "badges" } }]);
  const checkpoint = { encoders: "none", watermark: 0, state: { cohorts: new Map(), open: [], rules }, told: [] };
  t.strictSame(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
  t.end();
});

void t.test("journal codec: a cohort comes back as it was, and one of moments, as an older fusiond kept it, begins anew", (t) => {
  const rules = new RuleBench(ruleSource(field("door", "open"))).engine.data;
  const cohort = [Float32Array.of(1, -1), Float32Array.of(0.5, 1)].reduce(withSample, EMPTY_COHORT);
  const checkpoint = { encoders: "none", watermark: 0, state: { cohorts: new Map([["mic audio", cohort]]), open: [], rules }, told: [] };
  t.strictSame(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
  const moments = { count: 300, mean: { $f64: new Uint8Array(16) }, variance: { $f64: new Uint8Array(16) } };
  const older = decode(encodeCheckpoint(checkpoint)) as { state: { cohorts: { $map: unknown[] } } };
  older.state.cohorts.$map.push(["cam image", moments]);
  t.strictSame(decodeCheckpoint(encode(older)), checkpoint);
  t.end();
});
