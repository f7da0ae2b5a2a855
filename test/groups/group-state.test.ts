import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { GroupState, type StepOutput } from "../../daemon/groups/group-state.js";
import { stepOrder, type Step } from "../../daemon/groups/step.js";
import { compareObservations, endedAt } from "../../fusion/model/observation.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import type { Scene } from "../../fusion/simulator/scene.js";
import { SpeculativeFold } from "../../fusion/speculative-fold.js";
import { holds } from "../support/property.js";
import { optionsFor, sceneOf } from "./scene-support.js";

const LATENESS_MS = 3000;

/** Arrives in any order within the lateness, the watermark following; gives what was committed. */
function run(scene: Scene, order: readonly number[]): { outputs: readonly StepOutput[]; refolds: number } {
  const fold = new SpeculativeFold<Step, StepOutput, GroupState>(new GroupState(optionsFor(scene)), stepOrder);
  fold.observe({ kind: "witness", change: { sourceId: "cam-a", modality: "image", at: 0, healthy: true } });
  const outputs: StepOutput[] = [];
  let refolds = 0;
  let newest = -Infinity;
  for (const index of order) {
    const observation = (scene.observations[index] as { observation: Scene["observations"][number]["observation"] }).observation;
    const arrival = fold.observe({ kind: "observation", observation });
    if (arrival === "late") throw new Error("late within the lateness bound");
    if (arrival === "refolded") refolds++;
    newest = Math.max(newest, endedAt(observation));
    outputs.push(...fold.advance(newest - LATENESS_MS));
  }
  outputs.push(...fold.advance(200_000));
  return { outputs, refolds };
}

/** What must not depend on the order of arrival: memberships, ends of events, fates of incidents (told in whatever order). */
function essence(outputs: readonly StepOutput[]): string {
  const lines = outputs.map((output) => {
    if (output.kind === "rule") return JSON.stringify(output.note);
    const { change } = output;
    const member = change.kind === "founded" || change.kind === "joined" ? change.observation.id : "";
    return JSON.stringify([change.kind, change.event.id, member, change.event.startedAt, change.event.endedAt]);
  });
  return lines.sort().join("\n");
}

/** An order of arrival in which nothing is overtaken by more than the lateness. */
function jittered(scene: Scene, seed: number): readonly number[] {
  const random = seededRandom(seed);
  const arrivals = scene.observations.map((o, index) => ({ index, at: endedAt(o.observation) + random.unit() * (LATENESS_MS - 1) }));
  return arrivals.sort((a, b) => a.at - b.at).map((arrival) => arrival.index);
}

void t.test("group state: any order of arrival within the lateness commits the same", (t) => {
  let incidents = 0;
  let refolds = 0;
  holds(
    t,
    "same memberships, event ids and incidents",
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (seed, arrivalSeed) => {
      const scene = sceneOf(seed);
      const inOrder = run(scene, scene.observations.map((_, i) => i));
      const shuffled = run(scene, jittered(scene, arrivalSeed));
      incidents += inOrder.outputs.filter((o) => o.kind === "rule").length;
      refolds += shuffled.refolds;
      return essence(inOrder.outputs) === essence(shuffled.outputs);
    }),
    40,
  );
  t.ok(incidents > 20, `the rules had something to say (${incidents} notes)`);
  t.ok(refolds > 100, `the order really was another (${refolds} refolds)`);
  t.end();
});

void t.test("group state: a scan comes after the observations of its last moment, and of one moment by source, then by start", (t) => {
  const observation = sceneOf(1).observations.map((one) => one.observation).find(({ modality }) => modality === "image");
  if (observation === undefined) throw new Error("the scene shows nothing");
  const to = endedAt(observation);
  const steps: readonly Step[] = [
    { kind: "witness", change: { sourceId: "cam-b", modality: "image", at: to, healthy: true } },
    { kind: "observation", observation },
    { kind: "scan", sourceId: "cam-a", from: to - 3000, to },
    { kind: "scan", sourceId: "cam-a", from: to - 2000, to },
    { kind: "scan", sourceId: "cam-b", from: to - 4000, to },
  ];
  t.same([...steps].reverse().sort((a, b) => stepOrder.compare(a, b)), steps);
  t.ok(steps.every((step) => stepOrder.timeOf(step) === to));
  t.end();
});

void t.test("group state: the state now is the fold of what was committed and the tail, wherever a refold began", (t) => {
  let longest = 0;
  holds(
    t,
    "same events and incidents",
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const scene = sceneOf(seed);
      const options = optionsFor(scene);
      const fold = new SpeculativeFold<Step, StepOutput, GroupState>(new GroupState(options), stepOrder);
      let newest = -Infinity;
      return jittered(scene, seed).every((index, i) => {
        const { observation } = scene.observations[index] as Scene["observations"][number];
        fold.observe({ kind: "observation", observation });
        newest = Math.max(newest, endedAt(observation));
        if (i % 5 === 0) fold.advance(newest - 2 * LATENESS_MS);
        longest = Math.max(longest, fold.tail.length);
        if (i % 7 !== 0) return true;
        const anew = fold.committed.clone();
        for (const step of fold.tail) {
          anew.advance(stepOrder.timeOf(step), fold.watermark + 1);
          anew.apply(step, fold.watermark + 1);
        }
        const shape = (state: GroupState): string => JSON.stringify([state.incidents, state.data.open.map(({ event }) => event)]);
        return shape(anew) === shape(fold.now);
      });
    }),
    15,
  );
  t.ok(longest > 32, `the tail was long enough for marks (${longest} steps)`);
  t.end();
});

void t.test("group state: a restart from its data goes on as if nothing had happened", (t) => {
  holds(
    t,
    "same after restore",
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(), (seed, cut) => {
      const scene = sceneOf(seed);
      const whole = run(scene, scene.observations.map((_, i) => i)).outputs;
      const options = optionsFor(scene);
      const steps: Step[] = [
        { kind: "witness", change: { sourceId: "cam-a", modality: "image", at: 0, healthy: true } },
        ...scene.observations.map(({ observation }): Step => ({ kind: "observation", observation })),
      ];
      const at = cut % steps.length;
      let state = new GroupState(options);
      const outputs = steps.flatMap((step, i) => {
        if (i === at) state = new GroupState(options, structuredClone(state.data));
        const time = stepOrder.timeOf(step);
        return [...state.advance(time, time), ...state.apply(step, time)];
      });
      return essence([...outputs, ...state.advance(200_000, 200_001)]) === essence(whole);
    }),
    25,
  );
  t.end();
});

void t.test("group state: the state now speaks before the watermark, and agrees with it in the end", (t) => {
  const scene = sceneOf(11);
  const fold = new SpeculativeFold<Step, StepOutput, GroupState>(new GroupState(optionsFor(scene)), stepOrder);
  for (const { observation } of scene.observations) fold.observe({ kind: "observation", observation });
  t.equal(fold.committed.incidents.length, 0, "nothing is committed yet");
  const plain = fold.now.incidents.filter((incident) => incident.ruleId === "plain");
  t.ok(plain.length > 0, "incidents without an absence are there at once");
  t.equal(fold.tail.length, scene.observations.length);
  const last = endedAt((scene.observations.at(-1) as { observation: { capturedAt: number; durationMs: number } }).observation);
  fold.advance(last);
  t.strictSame(fold.now.incidents, fold.committed.incidents);
  t.equal(fold.observe({ kind: "observation", observation: (scene.observations[0] as { observation: Scene["observations"][number]["observation"] }).observation }), "late");
  t.strictSame(fold.advance(last - 1), [], "the watermark never goes back");
  t.equal(fold.watermark, last);
  t.end();
});

void t.test("group state: the cohort learns from sound at a closed gate alone, whatever else happens", (t) => {
  const scene = sceneOf(6);
  const observations = scene.observations.map(({ observation }) => observation);
  holds(
    t,
    "only closed gates teach",
    fc.property(fc.array(fc.boolean(), { minLength: observations.length, maxLength: observations.length }), (closed) => {
      const state = new GroupState(optionsFor(scene));
      const taught = new Map<string, number>();
      observations.forEach((observation, i) => {
        const before = state.cohort(observation.sourceId, observation.modality);
        state.apply({ kind: "observation", observation: { ...observation, gate: closed[i] === true ? "closed" : "open" } }, 0);
        const key = `${observation.sourceId} ${observation.modality}`;
        if (closed[i] === true && observation.modality === "audio") taught.set(key, (taught.get(key) ?? 0) + 1);
        else assert.equal(state.cohort(observation.sourceId, observation.modality), before);
      });
      return observations.every(({ sourceId, modality }) => (state.cohort(sourceId, modality)?.count ?? 0) === (taught.get(`${sourceId} ${modality}`) ?? 0));
    }),
    10,
  );
  t.end();
});

void t.test("group state: closed-gate samples teach the cohort and found nothing", (t) => {
  const scene = sceneOf(5);
  const state = new GroupState(optionsFor(scene));
  for (const { observation } of scene.observations) t.strictSame(state.apply({ kind: "observation", observation: { ...observation, gate: "closed" } }, 0), []);
  t.equal(state.openCount, 0);
  const first = (scene.observations[0] as { observation: Scene["observations"][number]["observation"] }).observation;
  const taught = new Map(scene.observations.map(({ observation: { sourceId, modality } }) => [modality, state.cohort(sourceId, modality)?.count ?? 0]));
  t.ok((taught.get("audio") ?? 0) > 0);
  t.equal(taught.get("image"), 0, "of a picture that nothing moves does not say that nobody is there");
  const { embedding: _none, ...blank } = first;
  t.strictSame(state.apply({ kind: "observation", observation: blank }, 0), []);
  t.strictSame(state.apply({ kind: "observation", observation: { ...blank, gate: "closed" } }, 0), []);
  t.equal(compareObservations(first, first), 0);
  t.end();
});
