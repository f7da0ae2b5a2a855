import { toUSVString } from "node:util";
import fc from "fast-check";
import t from "tap";
import { decode, encode } from "../../daemon/codec/msgpack.js";
import { decodeCheckpoint, decodeEntry, encodeCheckpoint, encodeEntry } from "../../daemon/pipeline/journal-codec.js";
import type { Step } from "../../daemon/groups/group-state.js";
import { witnessChanges, witnessesOf } from "../../daemon/pipeline/witness-changes.js";
import { inWholeMs } from "../../daemon/pipeline/whole-ms.js";
import { EMPTY_COHORT, withSample } from "../../fusion/cohort.js";
import { endedAt } from "../../fusion/model/observation.js";
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

void t.test("whole ms: samples are never behind a progress that was told before them", (t) => {
  const time = fc.double({ min: 0, max: 1e6, noNaN: true });
  const duration = fc.double({ min: 0, max: 2000, noNaN: true });
  holds(
    t,
    "order is kept",
    fc.property(time, duration, time, (capturedAt, durationMs, progress) => {
      const capture = inWholeMs({
        kind: "capture",
        capture: { modality: "text", text: "", sourceId: "s", seq: 0, capturedAt, durationMs, receivedAtMs: 0 },
      });
      const told = inWholeMs({ kind: "progress", modality: "text", time: progress });
      if (capture.kind !== "capture" || told.kind !== "progress") return false;
      const whole = [capture.capture.capturedAt, capture.capture.durationMs, told.time].every(Number.isInteger);
      const late = capturedAt + durationMs > progress && endedAt(capture.capture) <= told.time;
      return whole && !late && capture.capture.durationMs >= 0;
    }),
  );
  t.end();
});

void t.test("witness changes: one for each modality, each since its own time", (t) => {
  const source = { id: "cam", modalities: ["image", "audio"] } as const;
  const witnesses = [
    { modality: "image", healthy: true, at: 3 },
    { modality: "audio", healthy: false, at: 4, why: "digital silence" },
  ] as const;
  t.strictSame(witnessChanges(source.id, witnessesOf(source, { kind: "state", state: "healthy", at: 5, witnesses })), [
    { sourceId: "cam", modality: "image", at: 3, healthy: true },
    { sourceId: "cam", modality: "audio", at: 4, healthy: false },
  ]);
  t.ok(witnessesOf(source, { kind: "state", state: "healthy", at: 5 }).every((change) => change.healthy && change.at === 5), "all, where nothing else is said");
  t.ok(witnessesOf(source, { kind: "state", state: "ended", at: 5 }).every((change) => !change.healthy), "a file that is over sees nothing");
  t.end();
});
