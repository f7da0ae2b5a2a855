import t from "tap";
import { GroupRunner, type GroupRunnerOptions } from "../../daemon/groups/group-runner.js";
import { embeddingOf, observationId, type Observation } from "../../fusion/model/observation.js";
import type { Modality } from "../../fusion/model/modality.js";
import { Scorer } from "../../fusion/scorer.js";
import { compileRule, type ConditionSource } from "../../rules/compile-rule.js";
import { all, hear, ruleSource, see } from "../rules/support.js";
import { silent } from "../pipeline/rig.js";
import { optionsFor, sceneOf } from "./scene-support.js";

const scene = sceneOf(1);
const concept = (i: number): Float32Array => (scene.space.concepts[i] as { vector: Float32Array }).vector;

function runnerFor(condition: ConditionSource, more: { sameEvent?: boolean; maxDurationMs?: number } = {}): GroupRunner {
  const state = optionsFor(scene);
  const rule = compileRule(ruleSource(condition, { sameEvent: more.sameEvent ?? false }), 0.05, () => 0);
  const options: GroupRunnerOptions = {
    groupId: "yard",
    encoders: scene.space.id,
    inputs: [{ sourceId: "cam", modality: "image" }],
    allowedLatenessMs: 1000,
    idleAfterMs: 30_000,
    updateEveryMs: () => 30_000,
    state: {
      ...state,
      scorer: new Scorer(scene.space, [concept(0)]),
      clusterer: { ...state.clusterer, maxDurationMs: more.maxDurationMs ?? 300_000 },
      rules: { site: "test", groupId: "yard", rules: [rule] },
    },
  };
  return new GroupRunner(options, silent);
}

function seen(capturedAt: number, modality: Modality = "image", vector = concept(0), more: Partial<Observation> = {}): Observation {
  const key = { sourceId: modality, modality, run: 0, seq: capturedAt, capturedAt, durationMs: 0 };
  return { ...key, id: observationId(key), gate: "open", quality: 1, embedding: embeddingOf(scene.space.id, vector), ...more };
}

void t.test("group: a presence that outlasts the longest event is one incident", (t) => {
  const runner = runnerFor(see("person"));
  const results = [];
  for (let at = 0; at <= 720_000; at += 1000) results.push(runner.take({ kind: "observation", observation: seen(at) }), runner.take({ kind: "complete", to: at - 2000 }));
  results.push(runner.take({ kind: "complete", to: 800_000 }));
  const alerts = results.flatMap((result) => result.publication.alerts);
  t.equal(new Set(alerts.map((alert) => alert.incident.id)).size, 1);
  t.equal(alerts.filter((alert) => alert.incident.state === "resolved").length, 1);
  t.match(alerts.at(-1)?.incident, { state: "resolved", startedAt: 0, endedAt: 720_000 });
  t.ok(alerts.length <= 2 + 720 / 30, `${alerts.length} alerts in twelve minutes`);
  const events = new Map(results.flatMap((result) => result.events).map((event) => [event.id, event]));
  t.strictSame([...events.values()].map((event) => event.closeReason), ["max_duration", "max_duration", "gap"]);
  const [first, second, third] = [...events.values()];
  t.equal(second?.continues, first?.id);
  t.equal(third?.continues, second?.id);
  t.ok(third !== undefined && alerts.at(-1)?.incident.events.some((event) => event.id === third.id));
  t.end();
});

void t.test("group: an event that is whole only by a merge meets a same_event rule at once", (t) => {
  const runner = runnerFor(all(see("thing"), hear("thing")), { sameEvent: true });
  const odd = { track: 7 };
  runner.take({ kind: "observation", observation: seen(1000, "image", concept(5), { ...odd, quality: 0.5 }) });
  runner.take({ kind: "observation", observation: seen(1500, "audio") });
  t.equal(runner.openEvents, 2, "two happenings, it seems");
  const told = [2000, 2200, 2400].flatMap((at) => runner.take({ kind: "observation", observation: seen(at, "image", concept(0), odd) }).publication.alerts);
  t.equal(runner.openEvents, 1, "it was one");
  t.match(told[0]?.incident, { state: "firing", evidence: [{ modality: "image", capturedAt: 2000 }, { modality: "audio" }] });
  t.end();
});

void t.test("group: tells each event once a step of the watermark, as it then stands", (t) => {
  const runner = runnerFor(see("person"));
  for (let at = 1000; at <= 5000; at += 1000) t.strictSame(runner.take({ kind: "observation", observation: seen(at) }).events, [], "nothing before the watermark");
  t.match(runner.take({ kind: "complete", to: 3000 }).events, [{ revision: 3, phase: "open", counts: { image: 3 } }]);
  t.match(runner.take({ kind: "complete", to: 60_000 }).events, [{ revision: 6, phase: "closed", closeReason: "gap" }]);
  t.strictSame(runner.take({ kind: "complete", to: 70_000 }).events, []);
  t.end();
});
