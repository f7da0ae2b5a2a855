// Rules and groups that are taken out of the configuration while their incidents fire.
import t from "tap";
import { GroupRunner } from "../../daemon/groups/group-runner.js";
import { goneGroups } from "../../daemon/intake/gone-groups.js";
import { encodeCheckpoint, encodeEntry } from "../../daemon/intake/journal-codec.js";
import type { GroupCheckpoint } from "../../daemon/groups/journal.js";
import { observationId, type Observation } from "../../fusion/model/observation.js";
import { compileRule, type RuleSource } from "../../rules/compile-rule.js";
import { incidentId } from "../../rules/episode.js";
import type { Incident } from "../../rules/incident.js";
import { underRules } from "../../rules/other-rules.js";
import { newRuleState } from "../../rules/rule-state.js";
import { any, field, ruleSource } from "../rules/support.js";
import { openStore, temporaryFolder } from "../store/store-support.js";
import { runnerOptions, silent } from "./rig.js";
import { sceneOf } from "../groups/scene-support.js";

const door = ruleSource(any(field("door", "open")), { id: "door", resolveAfterMs: 60_000 });

function runnerWith(...rules: readonly RuleSource[]): GroupRunner {
  const options = runnerOptions(sceneOf(5));
  const compiled = rules.map((rule) => compileRule(rule, 0.05, () => 0));
  return new GroupRunner({ ...options, state: { ...options.state, rules: { ...options.state.rules, rules: compiled } } }, silent);
}

function opening(capturedAt: number): Observation {
  const key = { sourceId: "badges", modality: "text", run: 0, seq: capturedAt, capturedAt, durationMs: 0 } as const;
  return { ...key, id: observationId(key), gate: "open", quality: 1, text: "open", fields: new Map([["door", "open"]]) };
}

/** A group in which the door's incident was told as firing, as its checkpoint has it. */
function firing(): GroupCheckpoint {
  const runner = runnerWith(door);
  t.match(runner.take({ kind: "observation", observation: opening(10_000) }).publication.alerts, [{ revision: 1, incident: { state: "firing" } }]);
  runner.take({ kind: "complete", to: 12_000 });
  return runner.checkpoint();
}

void t.test("removed: an incident of a rule that is gone ends at the next start, once, and the rule that returns starts anew", (t) => {
  const left = firing();
  const without = runnerWith();
  without.recover(left, [], 50_000);
  t.match(without.removed, [{ revision: 2, incident: { ruleId: "door", state: "resolved", reason: "removed", updatedAt: 50_000, endedAt: 10_000 } }]);
  t.strictSame(without.take({ kind: "complete", to: 60_000 }).publication.alerts, [], "and nothing more is told of it");
  const back = runnerWith(door);
  back.recover(without.checkpoint(), without.tail, 70_000);
  t.strictSame(back.removed, []);
  t.strictSame(back.take({ kind: "complete", to: 71_000 }).publication.alerts, [], "what was does not come back");
  t.match(back.take({ kind: "observation", observation: opening(72_000) }).publication.alerts, [{ revision: 1, incident: { state: "firing", startedAt: 72_000 } }]);
  t.end();
});

void t.test("removed: a rule that looks for something else ends what it had told, one that is only surer goes on", (t) => {
  const other = runnerWith({ ...door, condition: any(field("door", "forced")) });
  other.recover(firing(), [], 50_000);
  t.match(other.removed, [{ incident: { reason: "removed" } }]);
  const patient = runnerWith({ ...door, resolveAfterMs: 100_000, cooldownMs: 5000, severity: "critical" });
  patient.recover(firing(), [], 50_000);
  t.strictSame(patient.removed, []);
  t.strictSame(patient.take({ kind: "complete", to: 100_000 }).publication.alerts, []);
  t.match(patient.take({ kind: "complete", to: 120_000 }).publication.alerts, [{ revision: 2, incident: { state: "resolved", severity: "warning", endedAt: 10_000 } }]);
  t.end();
});

void t.test("removed: a rule that returns counts on from what it told", (t) => {
  const rule = compileRule(door, 0.05, () => 0);
  const options = { site: "plant", groupId: "yard", rules: [rule] };
  const incident = (founding: string, number: number): Incident => ({ ...firing().told[0]!.incident, id: incidentId(options, "door", founding, number), events: [{ id: founding, revision: 1 }] });
  const other: Incident = { ...incident("a", 2), ruleId: "other" };
  const past = { spans: [], rules: new Map() };
  const counts = (...told: readonly Incident[]): unknown => [...(underRules(options, past, told).rules.get("door")?.episodes ?? [])];
  t.same(counts(), []);
  t.same(counts(incident("a", 1), incident("b", 0), incident("a", 0), other), [["a", 2], ["b", 1]], "in any order");
  const known = { ...past, rules: new Map([["door", { ...newRuleState(rule), conditions: ["others"], episodes: new Map([["a", 3]]) }]]) };
  t.same([...(underRules(options, known, [incident("a", 2)]).rules.get("door")?.episodes ?? [])], [["a", 3]], "counted already");
  t.end();
});

void t.test("removed: a rule that looks for something else never opens again what it ended, though it meets what founded that", (t) => {
  const before = runnerWith(door);
  const [told] = before.take({ kind: "observation", observation: opening(10_000) }).publication.alerts;
  const wider = { ...door, condition: any(field("door", "open"), field("window", "open")) };
  const after = runnerWith(wider);
  after.recover(before.checkpoint(), before.tail, 10_500);
  t.match(after.removed, [{ revision: 2, incident: { id: told?.incident.id, state: "resolved", reason: "removed" } }]);
  const [next] = after.take({ kind: "complete", to: 12_000 }).publication.alerts;
  t.match(next, { revision: 1, incident: { state: "firing", startedAt: 10_000, events: [{ id: told?.incident.events[0]?.id }] } });
  t.not(next?.incident.id, told?.incident.id);
  const again = runnerWith(wider);
  again.recover(after.checkpoint(), after.tail, 13_000);
  t.same([again.removed, again.take({ kind: "complete", to: 14_000 }).publication.alerts], [[], []], "it goes on");
  const third = runnerWith(door);
  third.recover(again.checkpoint(), again.tail, 15_000);
  t.match(third.removed, [{ revision: 2, incident: { id: next?.incident.id } }]);
  t.end();
});

void t.test("removed: a group that is gone ends its incidents, and nothing of it stays on disk", async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  const checkpoint = firing();
  const entry = { kind: "passed", watermark: 13_000 } as const;
  await first.store.commit({
    checkpoints: [{ groupId: "yard", bytes: encodeCheckpoint(checkpoint) }, { groupId: "dock", bytes: encodeCheckpoint(checkpoint) }],
    journal: [{ groupId: "yard", bytes: encodeEntry(entry) }],
    outbox: [],
  });
  await first.store.close();
  const second = await openStore(t, { folder });
  const gone = goneGroups(second.recovered, new Set(["dock"]), 50_000);
  t.match(gone, [{ groupId: "yard", removed: [{ revision: 2, incident: { state: "resolved", reason: "removed", updatedAt: 50_000 } }] }]);
  await second.store.commit({ forgotten: gone.map(({ groupId }) => groupId), checkpoints: [], journal: [], outbox: [] });
  await second.store.close();
  const third = await openStore(t, { folder });
  t.strictSame(third.recovered.map(({ groupId }) => groupId), ["dock"]);
});
