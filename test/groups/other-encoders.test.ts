import fc from "fast-check";
import t, { type Test } from "tap";
import { GroupRunner } from "../../daemon/groups/group-runner.js";
import type { GroupCheckpoint, JournalValue } from "../../daemon/groups/journal.js";
import { withoutVectors } from "../../daemon/groups/other-encoders.js";
import { decodeCheckpoint, decodeEntry, encodeCheckpoint, encodeEntry } from "../../daemon/intake/journal-codec.js";
import type { CommitBatch, RecoveredGroup } from "../../daemon/store/store.js";
import { embeddingOf, observationId, type Observation } from "../../fusion/model/observation.js";
import type { Scene } from "../../fusion/simulator/scene.js";
import { Scorer } from "../../fusion/scorer.js";
import { compileRule, type RuleSource } from "../../rules/compile-rule.js";
import type { Told } from "../../rules/publication.js";
import { any, field, hear, ruleSource, see } from "../rules/support.js";
import { openStore, temporaryFolder } from "../store/store-support.js";
import { holds } from "../support/property.js";
import { MemoryStore, pipelineOver, recover, recoveredFrom, runnerOptions, runToEnd, silent } from "../pipeline/rig.js";
import { optionsFor, sceneOf } from "./scene-support.js";
import { alertsOf, faultsOf, observationsOf } from "./told.js";

/** The scene with every fifth sample taken at a closed gate, so that there are cohorts. */
function oldScene(seed: number): Scene {
  const scene = sceneOf(seed, 3);
  const observations = scene.observations.map((one, i) => (i % 5 === 0 ? { ...one, observation: { ...one.observation, gate: "closed" as const } } : one));
  return { ...scene, observations };
}

/** The same scene as other encoders give it: they know everything, and every axis means something else. */
function encodedAnew(scene: Scene, space: string): Scene {
  const concepts = scene.space.concepts.map(({ name, vector }) => ({ name, vector: vector.toReversed() }));
  const observations = scene.observations.map(({ observation, ...label }) => {
    const vector = (observation.embedding as { vector: Float32Array }).vector.toReversed();
    return { ...label, observation: { ...observation, embedding: embeddingOf(space, vector) } };
  });
  return { ...scene, space: { ...scene.space, id: space, concepts }, observations };
}

/** Every vector that these batches hold, cohorts excluded, as text. */
function vectorsIn(batches: readonly CommitBatch[]): ReadonlySet<string> {
  const found = new Set<string>();
  const search = (value: unknown): void => {
    if (value instanceof Map) for (const item of value.values()) search(item);
    else if (value !== null && typeof value === "object") {
      if ("space" in value && "vector" in value) found.add(`${String(value.space)} ${String(value.vector)}`);
      else if (!ArrayBuffer.isView(value)) for (const item of Object.values(value)) search(item);
    }
  };
  for (const batch of batches) {
    for (const one of batch.checkpoints) search(decodeCheckpoint(one.bytes));
    for (const entry of batch.journal) search(decodeEntry(entry.bytes));
  }
  return found;
}

/** What a store holds after a while, as a fusiond left it that did not note the encoders. */
function withoutRecord(left: RecoveredGroup): RecoveredGroup {
  if (left.checkpoint === undefined) return left;
  const { encoders: _unknown, ...checkpoint } = decodeCheckpoint(left.checkpoint);
  return { ...left, checkpoint: encodeCheckpoint(checkpoint) };
}

/** Scenes, and the space of the encoders that come after: another one, or of the same name as the old one. */
const AFTERWARDS = [{ seed: 1, space: "another" }, { seed: 2, space: "simulated" }, { seed: 3, space: "another" }, { seed: 4, space: "simulated" }] as const;

void t.test("other encoders: after a crash at any commit incidents go on, and no vector does", async (t) => {
  let goingOn = 0;
  let notCommitted = 0;
  for (const { seed, space } of AFTERWARDS) {
    const scene = oldScene(seed);
    const anew = encodedAnew(scene, space);
    const known = new Set(anew.observations.map(({ observation }) => `${space} ${String(observation.embedding?.vector)}`));
    const whole = new MemoryStore();
    await runToEnd(pipelineOver(scene, whole));
    const telling = whole.batches.flatMap((batch, i) => (alertsOf([batch]).some(({ state }) => state === "firing") ? [i + 1] : []));
    const cuts = new Set([...telling.flatMap((cut) => [cut, cut + 16]), 1, Math.floor(whole.batches.length / 2), whole.batches.length]);
    for (const cut of cuts) {
      const before = whole.batches.slice(0, cut);
      const left = recoveredFrom(before);
      const after = new MemoryStore();
      await runToEnd(pipelineOver(anew, after, left, observationsOf(before), "new towers"));
      const faults = faultsOf(alertsOf([...before, ...after.batches]));
      t.strictSame(faults, [], `seed ${seed}, cut after ${cut} of ${whole.batches.length}: each revision once, in order, to the end`);
      t.strictSame([...vectorsIn(after.batches)].filter((vector) => !known.has(vector)), [], "no vector of the old encoders was kept");
      const last = new Map(alertsOf(before).map((alert) => [alert.id, alert]));
      const firing = new Set([...last.values()].filter(({ state }) => state === "firing").map(({ id }) => id));
      const withdrawn = alertsOf(after.batches).filter(({ id, reason }) => firing.has(id) && reason === "withdrawn");
      t.strictSame(withdrawn, [], "what had been told was not taken back");
      goingOn += firing.size;
      const incidents = left.checkpoint === undefined ? [] : incidentsOf(decodeCheckpoint(left.checkpoint));
      notCommitted += [...firing].filter((id) => !incidents.includes(id)).length;
    }
  }
  t.ok(goingOn > 10, `${goingOn} incidents were going on`);
  t.ok(notCommitted > 10, `${notCommitted} of them by the tail of the journal alone`);
});

function incidentsOf({ state }: GroupCheckpoint): readonly string[] {
  return [...state.rules.rules.values()].flatMap(({ episode }) => episode?.id ?? []);
}

void t.test("other encoders: the recovery is the same however often it is done, and what is unknown counts as other", async (t) => {
  const scene = oldScene(4);
  const anew = encodedAnew(scene, "another");
  const whole = new MemoryStore();
  await runToEnd(pipelineOver(scene, whole));
  const shape = (runner: GroupRunner): string => {
    const { state, ...rest } = runner.checkpoint();
    return JSON.stringify([rest, state.cohorts.size, state.open.length, [...state.rules.rules], state.rules.spans, runner.tail.filter(({ kind }) => kind !== "witness")]);
  };
  const made = (): GroupRunner => new GroupRunner(runnerOptions(anew), silent);
  holds(
    t,
    "once, twice, and without a record",
    fc.property(fc.integer({ min: 1, max: whole.batches.length - 1 }), (cut) => {
      const left = recoveredFrom(whole.batches.slice(0, cut));
      const [same, once, twice, unknown] = [new GroupRunner(runnerOptions(scene), silent), made(), made(), made()];
      const nothing = recover(same, left);
      const forgotten = recover(once, left);
      const again = twice.recover(once.checkpoint(), once.tail).forgotten;
      recover(unknown, withoutRecord(left));
      const goesOn = once.watermark === same.watermark && JSON.stringify(once.checkpoint().told) === JSON.stringify(same.checkpoint().told);
      return nothing === undefined && forgotten !== undefined && again === undefined && shape(once) === shape(twice) && shape(once) === shape(unknown) && goesOn;
    }),
    40,
  );
  t.equal(recover(made(), { groupId: "yard", journal: [], backgrounds: [] }), undefined, "a first start has no past");
});

const scene = sceneOf(1);
const concept = (i: number): Float32Array => (scene.space.concepts[i] as { vector: Float32Array }).vector;

/** A group of a camera, a microphone and a badge reader; prompt "0" is the scene's first concept. */
function runnerFor(encoders: string, source: RuleSource): GroupRunner {
  const rules = { site: "test", groupId: "yard", rules: [compileRule(source, 0.05, Number)] };
  const inputs = [{ sourceId: "cam", modality: "image" }, { sourceId: "mic", modality: "audio" }, { sourceId: "badges", modality: "text" }] as const;
  return new GroupRunner({ ...runnerOptions(scene, encoders), inputs, state: { ...optionsFor(scene), scorer: new Scorer(scene.space, [concept(0), concept(1)]), rules } }, silent);
}

function sample(sourceId: string, modality: Observation["modality"], capturedAt: number, more: Partial<Observation> = {}): Observation {
  const key = { sourceId, modality, run: 0, seq: capturedAt, capturedAt, durationMs: 0 };
  return { ...key, id: observationId(key), gate: "open", quality: 1, embedding: embeddingOf(scene.space.id, concept(0)), ...more };
}

/** What a runner and what it told since its checkpoint leave in a real store, read by another start. */
async function leftIn(t: Test, checkpoint: GroupCheckpoint, journal: readonly JournalValue[]): Promise<RecoveredGroup> {
  const folder = temporaryFolder(t);
  const { store } = await openStore(t, { folder });
  const entries = journal.map((entry) => ({ groupId: "yard", bytes: encodeEntry(entry) }));
  await store.commit({ checkpoints: [{ groupId: "yard", bytes: encodeCheckpoint(checkpoint) }], journal: entries, outbox: [] });
  await store.close();
  const { recovered } = await openStore(t, { folder });
  return recovered[0] as RecoveredGroup;
}

void t.test("other encoders: cohorts start anew, open events are closed and told, an incident goes on", async (t) => {
  const rule = ruleSource(see("0"), { resolveAfterMs: 20_000 });
  const old = runnerFor("old", rule);
  for (const at of [1000, 2000, 3000]) old.take({ kind: "observation", observation: sample("mic", "audio", at, { gate: "closed" }) });
  for (let at = 4000; at <= 9000; at += 1000) old.take({ kind: "observation", observation: sample("cam", "image", at) });
  old.take({ kind: "complete", to: 6000 });
  const told = old.checkpoint().told[0] as Told;
  const left = await leftIn(t, old.checkpoint(), old.tail);

  const runner = runnerFor("new", rule);
  t.strictSame(recover(runner, left), { cohorts: 1, events: 1, observations: 3, incidents: 1 });
  t.equal(runner.cohort({ sourceId: "mic", modality: "audio" }), undefined, "not warm, not even begun");
  t.equal(runner.openEvents, 0);
  t.equal(runner.watermark, 6000);
  const passed = runner.take({ kind: "complete", to: 7000 });
  t.match(passed.events, [{ phase: "closed", closeReason: "encoders_changed", counts: { image: 3 } }], "the event that was open at the watermark");
  t.strictSame(passed.publication.alerts, [], "of what has not changed nothing is told");
  t.strictSame(runner.take({ kind: "complete", to: 8000 }).events, [], "and the event is told once");
  const again = runner.take({ kind: "observation", observation: sample("cam", "image", 15_000) }).publication.alerts;
  t.match(again, [{ revision: told.revision + 1, incident: { id: told.incident.id, state: "firing" } }], "seen by the new encoders, it is the same incident");
  t.match(runner.take({ kind: "complete", to: 60_000 }).publication.alerts, [{ revision: told.revision + 2, incident: { id: told.incident.id, state: "resolved", endedAt: 15_000 } }]);
});

void t.test("other encoders: an incident that the watermark decided since the checkpoint stays decided", async (t) => {
  const rule = ruleSource(see("0"), { unless: [{ condition: see("1"), withinMs: 1000, afterMs: 3000 }] });
  const old = runnerFor("old", rule);
  old.take({ kind: "witness", change: { sourceId: "cam", modality: "image", at: 1000, healthy: true } });
  old.take({ kind: "observation", observation: sample("cam", "image", 4000) });
  old.take({ kind: "scan", sourceId: "cam", from: 3500, to: 4500 });
  old.take({ kind: "complete", to: 5000 });
  const checkpoint = old.checkpoint();
  const { alerts } = old.take({ kind: "complete", to: 7500 }).publication;
  t.match(alerts, [{ revision: 1, incident: { state: "firing", updatedAt: 4000 } }], "nobody came, and somebody watched");
  const left = await leftIn(t, checkpoint, [{ kind: "passed", watermark: 7500 }, ...alerts]);

  const runner = runnerFor("new", rule);
  t.match(recover(runner, left), { incidents: 1 });
  t.equal(runner.watermark, 7500);
  const later = runner.take({ kind: "complete", to: 60_000 }).publication.alerts;
  t.match(later, [{ revision: 2, incident: { id: alerts[0]?.incident.id, state: "resolved", endedAt: 4000 } }]);
  t.equal(later[0]?.incident.reason, undefined);
});

void t.test("other encoders: what was heard and cannot be asked again is not taken for silence", async (t) => {
  for (const whenBlind of ["stay_silent", "fire"] as const) {
    const rule = ruleSource(any(field("door", "open")), { unless: [{ condition: hear("0"), withinMs: 5000, afterMs: 0 }], whenBlind });
    const old = runnerFor("old", rule);
    old.take({ kind: "witness", change: { sourceId: "mic", modality: "audio", at: 1000, healthy: true } });
    old.take({ kind: "complete", to: 4000 });
    old.take({ kind: "observation", observation: sample("mic", "audio", 6000) });
    const { embedding: _none, ...line } = sample("badges", "text", 7000, { fields: new Map([["door", "open"]]) });
    old.take({ kind: "observation", observation: line });
    const left = await leftIn(t, old.checkpoint(), old.tail);

    const runner = runnerFor("new", rule);
    recover(runner, left);
    const { alerts } = runner.take({ kind: "complete", to: 8000 }).publication;
    if (whenBlind === "fire") t.match(alerts, [{ incident: { state: "firing", unwitnessed: true } }], "the line itself is no vector and goes on");
    else t.strictSame(alerts, []);
    t.strictSame(runner.checkpoint().state.rules.spans, [{ sourceId: "mic", modality: "audio", from: 1000, to: 4001 }], "nobody listened since the checkpoint");
  }
});

void t.test("other encoders: of a journal whose checkpoint is lost, text goes on witnessing and vectors go; who was taken back is not upheld", (t) => {
  const incident = { id: "i", ruleId: "r", groupId: "yard", state: "firing", updatedAt: 4000, evidence: [] } as unknown as Told["incident"];
  const withdrawn = { ...incident, id: "w", state: "resolved", reason: "withdrawn" } as Told["incident"];
  const over = { ...incident, id: "o", state: "resolved", endedAt: 3000 } as Told["incident"];
  const origin = { run: 1, seq: 7 };
  const witness = (modality: "image" | "text"): JournalValue => ({ kind: "witness", change: { sourceId: "s", modality, at: 1, healthy: true }, origin });
  const scan: JournalValue = { kind: "scan", sourceId: "s", from: 1, to: 2, origin };
  const told = [{ incident, revision: 2 }, { incident: withdrawn, revision: 3 }, { incident: over, revision: 4 }];
  const seen: JournalValue = { kind: "observation", observation: sample("cam", "image", 5000) };
  const kept = withoutVectors(undefined, [seen, witness("image"), witness("text"), scan, ...told]);
  t.equal(kept.checkpoint, undefined);
  t.strictSame(kept.forgotten, { cohorts: 0, events: 0, observations: 1, incidents: 1 });
  t.strictSame(kept.journal.filter((one) => "kind" in one && one.kind === "upheld"), [
    { kind: "upheld", at: 4000, incident, toldRevision: 2 },
    { kind: "upheld", at: 3000, incident: over, toldRevision: 4 },
  ]);
  const changes = kept.journal.flatMap((one) => ("kind" in one && one.kind === "witness" ? [one] : []));
  t.match(changes, [{ change: { modality: "image", healthy: false }, origin }, { change: { modality: "text", healthy: true }, origin }], "which report it was stays known");
  t.ok(kept.journal.includes(scan));
  t.end();
});
