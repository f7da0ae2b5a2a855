import fc from "fast-check";
import t from "tap";
import { decodeEntry, encodeEntry } from "../../daemon/pipeline/journal-codec.js";
import type { Step } from "../../daemon/pipeline/group-state.js";
import { witnessChanges } from "../../daemon/pipeline/witness-changes.js";
import { inWholeMs } from "../../daemon/pipeline/whole-ms.js";
import { endedAt } from "../../fusion/model/observation.js";
import { holds } from "../support/property.js";

void t.test("journal codec: whatever a text line says comes back as it was", (t) => {
  const names = fc.oneof(fc.constantFrom("$f32", "$f64", "$map", "kind", "revision"), fc.string());
  holds(
    t,
    "round trip",
    fc.property(fc.dictionary(names, fc.string()), fc.string(), fc.array(fc.float({ noNaN: true })), (fields, text, vector) => {
      const observation = { id: "o", sourceId: "s", modality: "text", seq: 1, capturedAt: 5, durationMs: 0, gate: "open", quality: 1, text } as const;
      const step: Step = { kind: "observation", observation: { ...observation, fields, embedding: { space: "s", vector: Float32Array.from(vector) } } };
      const back = decodeEntry(encodeEntry(step)) as Extract<Step, { kind: "observation" }>;
      const same = Object.entries(fields).every(([name, value]) => name === "__proto__" || back.observation.fields?.[name] === value);
      return same && back.observation.text === text && [...(back.observation.embedding?.vector ?? [])].every((x, i) => Object.is(x, Math.fround(vector[i] as number)));
    }),
  );
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

void t.test("witness changes: one for each modality, and none where a modality does not come", (t) => {
  const source = { id: "cam", modalities: ["image", "audio"] } as const;
  t.strictSame(witnessChanges(source, { kind: "state", state: "healthy", at: 5, without: ["audio"] }), [
    { sourceId: "cam", modality: "image", at: 5, healthy: true },
    { sourceId: "cam", modality: "audio", at: 5, healthy: false },
  ]);
  t.ok(witnessChanges(source, { kind: "state", state: "ended", at: 5 }).every((change) => !change.healthy), "a file that is over sees nothing");
  t.end();
});
