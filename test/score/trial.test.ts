// Real recordings through real towers and rules: which incidents come of them, over which time.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadRules } from "../../config/load.js";
import { packageRoot } from "../../daemon/runtime/package-root.js";
import { excusesOf, waitedFor } from "../../daemon/score/excuses.js";
import { lengthMs } from "../../daemon/score/spans.js";
import { Trial, type TrialRun } from "../../daemon/score/trial.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { withoutOpenCv } from "../encoders/support.js";
import { makeDogScene } from "../support/dog-scene.js";

const never = new AbortController().signal;
const pack = await loadPack(findPack("embedded", { packageRoot }));
const RULES = `
rules:
  dog-with-person: {all: [{hear: dog}, {see: person}], groups: [nowhere], resolve_after: 2s}
  person: {any: [{see: person}]}
  off: {any: [{hear: no such thing}], enabled: false}
`;

function rulesIn(folder: string, text = RULES): ReturnType<typeof loadRules> {
  writeFileSync(join(folder, "rules.yaml"), text);
  return loadRules(join(folder, "rules.yaml"));
}

void t.test("trial: sources of one group with an offset fire what rules ask of both", { skip: withoutOpenCv() }, async (t) => {
  const folder = t.testdir();
  const { video, sound } = makeDogScene(folder, 12);
  const trial = new Trial({ rules: rulesIn(folder), pack, modalities: ["image", "audio"], cameras: ["cam-1", "cam-2"] });
  t.teardown(() => trial.stop());
  await trial.start(never);
  const run = (camera: string, soundAtMs: number): Promise<TrialRun> =>
    trial.run(
      "yard",
      [trial.open({ id: camera, path: video, modalities: ["image"], startsAtMs: 1000 }), trial.open({ id: `${camera}-mic`, path: sound, modalities: ["audio"], startsAtMs: soundAtMs })],
      never,
    );
  const together = await run("cam-1", 1000);
  const [fused] = together.incidents.filter(({ ruleId }) => ruleId === "dog-with-person");
  t.match(fused, { groupId: "yard", calibrated: false });
  t.ok(fused !== undefined && fused.startedAt >= 1000 && fused.startedAt < fused.firedAt && fused.firedAt <= fused.endedAt && fused.endedAt < 13_500);
  t.ok(fused !== undefined && fused.confidenceAtFiring > 0 && fused.confidence >= fused.confidenceAtFiring);
  t.same([...new Set(fused?.evidence.map(({ sourceId }) => sourceId))].sort(), ["cam-1", "cam-1-mic"]);
  t.equal(lengthMs(together.looked.get("audio") ?? []), 12_000, "heard to its end");
  const watched = lengthMs(together.looked.get("image") ?? []);
  t.ok(watched > 9000 && watched < 11_000, `watched but while the gate learned: ${watched} ms`);
  const apart = await run("cam-2", 60_000);
  t.same([...new Set(apart.incidents.map(({ ruleId }) => ruleId))], ["person"], "a bark that comes a minute later is not heard with anybody");
});

void t.test("trial: prompts that the pack does not know are told before anything runs", (t) => {
  const rules = rulesIn(t.testdir(), "rules: {r: {any: [{hear: snorting}]}}");
  t.throws(() => new Trial({ rules, pack, modalities: ["audio"], cameras: [] }), { code: "config_invalid" });
  t.end();
});

void t.test("excuses: a rule is excused by what means the same as a prompt that it waits for", (t) => {
  const { config } = rulesIn(t.testdir(), "rules: {a: {any: [{hear: dog}, {see: car}], unless: {hear: cat}}, b: {all: [{hear: speech}, {not: {hear: dog}}]}, c: {any: [{read: {field: x, equals: y}}]}}");
  t.same(config.rules.map(waitedFor), [
    [{ kind: "hear", phrase: "dog" }, { kind: "see", phrase: "car" }],
    [{ kind: "hear", phrase: "speech" }],
    [],
  ]);
  const excused = excusesOf(pack, config.rules);
  for (const [what, ids] of [["dogs", ["a"]], ["cat", []], ["speech", ["b"]], ["footsteps", []], ["room tone of a hall", []], ["car", ["a"]]] as const) t.same([...excused(what)], ids, what);
  t.end();
});
