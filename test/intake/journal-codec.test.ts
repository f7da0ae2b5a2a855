import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import t from "tap";
import { decode, encode } from "../../daemon/codec/msgpack.js";
import { GroupState } from "../../daemon/groups/group-state.js";
import type { Step } from "../../daemon/groups/step.js";
import { decodeBackground, decodeCheckpoint, decodeEntry, encodeBackground, encodeCheckpoint, encodeEntry } from "../../daemon/intake/journal-codec.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { EMPTY_COHORT, withSample } from "../../fusion/cohort.js";
import { embeddingOf, type Embedding, type Observation } from "../../fusion/model/observation.js";
import { optionsFor, PLACES, sceneOf, withPlaces } from "../groups/scene-support.js";
import { alertsOf, faultsOf, momentOf, type Alert } from "../groups/told.js";
import { anyObservation } from "../report/reports.js";
import { field, RuleBench, ruleSource } from "../rules/support.js";
import { holds } from "../support/property.js";
import { MemoryStore, pipelineOver, runToEnd } from "../pipeline/rig.js";

/**
 * What a fusiond without versions left of a simulated scene, in base64: once with open events in its checkpoint, once with all in
 * its journal. `taken`: "<source> <seq>" of what it had taken in.
 */
interface OlderState {
  readonly seed: number;
  readonly checkpoint: string;
  readonly journal: readonly string[];
  readonly background: string;
  readonly taken: readonly string[];
  readonly alerts: readonly Omit<Alert, "startedAt">[];
}

void t.test("journal codec: an observation comes back as it was, bit for bit, whatever a line says", (t) => {
  const back = (observation: Observation): unknown => decodeEntry(encodeEntry({ kind: "observation", observation }));
  holds(t, "round trip", fc.property(anyObservation, (observation) => isDeepStrictEqual(back(observation), { kind: "observation", observation })), 500);
  const [observation] = fc.sample(anyObservation, { numRuns: 1, seed: 1 }) as [Observation];
  t.throws(() => encodeEntry({ kind: "observation", observation: { ...observation, quality: NaN } }), { code: "report_invalid" }, "what could not be read back is not written");
  t.end();
});

void t.test("journal codec: what is folded again from what was written comes out exactly alike", (t) => {
  const scene = withPlaces(sceneOf(5), 5, 60_000, Array.from({ length: PLACES + 1 }, (_, i) => i));
  const steps = scene.observations.map(({ observation }, i): Step => ({ kind: "observation", observation: i % 7 === 0 && observation.modality === "audio" ? { ...observation, gate: "closed" } : observation }));
  const options = optionsFor(scene);
  const fold = (state: GroupState, list: readonly Step[]): GroupState => {
    for (const step of list) state.apply(step, -Infinity);
    return state;
  };
  const written = (state: GroupState): string => Buffer.from(encodeCheckpoint({ watermark: 0, state: state.data, told: [] })).toString("hex") + [...state.backgrounds].map(([sourceId, places]) => [...places].map(([place, background]) => Buffer.from(encodeBackground({ encoders: "x", sourceId, place, background })).toString("hex")).join()).join();
  const live = written(fold(new GroupState(options), steps));
  holds(
    t,
    "after a checkpoint anywhere and its journal",
    fc.property(fc.nat(steps.length), (cut) => {
      const before = fold(new GroupState(options), steps.slice(0, cut));
      const { state } = decodeCheckpoint(encodeCheckpoint({ watermark: 0, state: before.data, told: [] }));
      const rows = [...before.backgrounds].map(([sourceId, places]) => [sourceId, new Map([...places].map(([place, background]) => [place, decodeBackground(encodeBackground({ encoders: "x", sourceId, place, background })).background]))] as const);
      const again = fold(new GroupState(options, state, new Map(rows)), steps.slice(cut).map((step) => decodeEntry(encodeEntry(step)) as Step));
      return written(again) === live;
    }),
    40,
  );
  t.end();
});

void t.test("journal codec: what a newer fusiond wrote is refused in a sentence, nothing of it is guessed", (t) => {
  for (const bytes of [encode({ v: 2, value: {} }), encode({ v: 2, kind: "observation" }), encode({ v: "1" })]) {
    for (const read of [decodeEntry, decodeCheckpoint, decodeBackground]) {
      t.throws(() => read(bytes), { code: "store_version", message: /was written by a newer fusiond .*: run that one, or choose another state folder/ });
    }
  }
  t.end();
});

const olderStates = JSON.parse(readFileSync(join(packageRoot, "test/intake/state-version-0.json"), "utf8")) as readonly OlderState[];

void t.test("journal codec: a group that a fusiond left before its state had versions goes on, though it crashes again", async (t) => {
  for (const { seed, checkpoint, journal, taken, alerts } of olderStates) {
    const entries = journal.map((entry) => decodeEntry(Buffer.from(entry, "base64")));
    const left = { groupId: "yard", checkpoint: encodeCheckpoint(decodeCheckpoint(Buffer.from(checkpoint, "base64"))), journal: entries.map(encodeEntry), backgrounds: [] };
    t.strictSame(left.journal.map(decodeEntry), entries, "written down anew it is the same");
    const embeddings = [
      ...decodeCheckpoint(left.checkpoint).state.open.flatMap(({ event }) => event.representatives.map((one) => one.embedding)),
      ...entries.flatMap((entry) => ("kind" in entry && entry.kind === "observation" ? [entry.observation.embedding as Embedding] : [])),
    ];
    t.ok(embeddings.length > 10);
    for (const one of embeddings) t.strictSame(one, embeddingOf("simulated", one.vector), "rounded, as all that meets it");
    for (const entry of entries) if ("kind" in entry && entry.kind === "observation") t.match(entry.observation, { id: /^[0-9a-f]{16}$/, run: 0 });

    const scene = sceneOf(seed);
    const except = new Set(scene.observations.flatMap(({ observation }) => (taken.includes(`${observation.sourceId} ${observation.seq}`) ? [momentOf(observation)] : [])));
    t.ok(except.size > 10);
    const store = new MemoryStore();
    await runToEnd(pipelineOver(scene, store, left, except));
    const later = alertsOf(store.batches);
    const firing = alerts.filter(({ id, state }) => state === "firing" && !alerts.some((other) => other.id === id && other.state === "resolved"));
    t.ok(firing.length > 0, "there is something to lose");
    for (const { id } of firing) t.match(later.find((alert) => alert.id === id), { id, reason: undefined }, "what was firing goes on");
    t.strictSame(later.filter(({ id, reason }) => reason === "withdrawn" && firing.some((alert) => alert.id === id)), [], "and is not taken back");
    t.strictSame(faultsOf([...alerts, ...later]), [], "each revision once, in order, to the end");
  }
});

void t.test("journal codec: what a place always shows is known on, as a fusiond without versions wrote it", (t) => {
  const place = decodeBackground(Buffer.from(olderStates[0]?.background ?? "", "base64"));
  t.strictSame(place.background.appearances[0]?.mean, Float32Array.of(0.6, 0.8));
  t.strictSame(decodeBackground(encodeBackground(place)), place);
  t.end();
});

void t.test("journal codec: the fields of a line, as the oldest fusiond wrote them, are a map", (t) => {
  const older = encode({ kind: "observation", observation: { id: "o", sourceId: "s", modality: "text", seq: 1, capturedAt: 5, durationMs: 0, gate: "open", quality: 1, fields: { door: "open" } } });
  t.match(decodeEntry(older), { observation: { run: 0, fields: new Map([["door", "open"]]) } });
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
  const cohort = [Int8Array.of(127, -127), Int8Array.of(64, 127)].reduce(withSample, EMPTY_COHORT);
  const checkpoint = { encoders: "none", watermark: 0, state: { cohorts: new Map([["mic audio", cohort]]), open: [], rules }, told: [] };
  t.strictSame(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
  const moments = { count: 300, mean: { $f64: new Uint8Array(16) }, variance: { $f64: new Uint8Array(16) } };
  const { value: older } = decode(encodeCheckpoint(checkpoint)) as { value: { state: { cohorts: { $map: unknown[] } } } };
  older.state.cohorts.$map.push(["cam image", moments]);
  t.strictSame(decodeCheckpoint(encode(older)), checkpoint);
  t.end();
});
