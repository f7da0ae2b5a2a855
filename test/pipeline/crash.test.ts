import fc from "fast-check";
import t from "tap";
import { GroupRunner } from "../../daemon/groups/group-runner.js";
import { holds } from "../support/property.js";
import { MemoryStore, pipelineOver, recover, recoveredFrom, runnerOptions, runToEnd, silent } from "./rig.js";
import { sceneOf } from "../groups/scene-support.js";
import { alertsOf, faultsOf, observationsOf, type Alert } from "../groups/told.js";

/** When the incidents of the rule without absences began, but for those that were taken back: what is told after a crash has other ids. */
function plainOf(alerts: readonly Alert[]): ReadonlySet<number> {
  const last = new Map(alerts.filter(({ ruleId }) => ruleId === "plain").map((alert) => [alert.id, alert]));
  return new Set([...last.values()].filter(({ reason }) => reason === undefined).map(({ startedAt }) => startedAt));
}

void t.test("pipeline: a crash after any commit loses no alert and tells none twice", async (t) => {
  let checkpoints = 0;
  let told = 0;
  for (const seed of [1, 2]) {
    const scene = sceneOf(seed, 3);
    const whole = new MemoryStore();
    await runToEnd(pipelineOver(scene, whole));
    t.strictSame(faultsOf(alertsOf(whole.batches)), [], `scene ${seed} as it is`);
    const wanted = plainOf(alertsOf(whole.batches));
    told += wanted.size;
    const cuts = [0, 1, ...Array.from({ length: 5 }, (_, i) => Math.floor((whole.batches.length * (i + 0.5)) / 5))];
    for (const cut of cuts) {
      const before = whole.batches.slice(0, cut);
      checkpoints += before.flatMap((batch) => batch.checkpoints).length;
      const after = new MemoryStore();
      await runToEnd(pipelineOver(scene, after, recoveredFrom(before), observationsOf(before)));
      const alerts = alertsOf([...before, ...after.batches]);
      t.strictSame(faultsOf(alerts), [], `cut after ${cut} of ${whole.batches.length}`);
      t.strictSame([...plainOf(alerts)].sort(), [...wanted].sort(), "the same incidents, where no absence is asked for");
    }
  }
  t.ok(checkpoints > 10, `journals were folded into checkpoints (${checkpoints})`);
  t.ok(told > 5, `there was something to tell (${told})`);
});

void t.test("pipeline: a group recovered from its checkpoint and journal stands where it stood", async (t) => {
  const scene = sceneOf(4, 2);
  const store = new MemoryStore();
  await runToEnd(pipelineOver(scene, store));
  holds(
    t,
    "recovering twice is recovering once",
    fc.property(fc.nat({ max: store.batches.length - 1 }), (cut) => {
      const left = recoveredFrom(store.batches.slice(0, cut));
      const [a, b] = [new GroupRunner(runnerOptions(scene), silent), new GroupRunner(runnerOptions(scene), silent)];
      recover(a, left);
      b.recover(a.checkpoint(), a.tail);
      const told = (runner: GroupRunner): string => JSON.stringify(runner.checkpoint().told);
      return told(a) === told(b) && a.watermark === b.watermark && a.openEvents === b.openEvents;
    }),
    30,
  );
});

void t.test("pipeline: nobody watched while it was down, however often it went down", (t) => {
  const options = runnerOptions(sceneOf(5));
  const cam = { sourceId: "cam-a", modality: "image" } as const;
  const first = new GroupRunner(options, silent);
  first.recover(undefined, []);
  t.equal(first.tail.length, 0, "a first start has no past");
  const begun = first.checkpoint();
  const healthy = first.take({ kind: "witness", change: { ...cam, at: 1000, healthy: true } }).step;
  const second = new GroupRunner(options, silent);
  second.recover(begun, healthy === undefined ? [] : [healthy]);
  second.take({ kind: "witness", change: { ...cam, at: 60_000, healthy: true } });
  const third = new GroupRunner(options, silent);
  third.recover(second.checkpoint(), second.tail);
  third.take({ kind: "complete", to: 100_000 });
  const spans = third.checkpoint().state.rules.spans.filter((span) => span.sourceId === "cam-a");
  t.strictSame(spans, [{ ...cam, from: 1000, to: 1001 }, { ...cam, from: 60_000, to: 60_001 }]);
  t.end();
});

void t.test("pipeline: a source that is not configured any more does not go on witnessing", (t) => {
  const options = runnerOptions(sceneOf(5));
  const gone = { sourceId: "cam-b", modality: "image" } as const;
  const first = new GroupRunner(options, silent);
  const begun = first.checkpoint();
  const healthy = first.take({ kind: "witness", change: { ...gone, at: 1000, healthy: true } }).step;
  t.ok(healthy);
  const second = new GroupRunner({ ...options, inputs: options.inputs.filter(({ sourceId }) => sourceId !== gone.sourceId) }, silent);
  second.recover(begun, healthy === undefined ? [] : [healthy]);
  second.take({ kind: "complete", to: 100_000 });
  t.strictSame(second.checkpoint().state.rules.spans, [{ ...gone, from: 1000, to: 1001 }]);
  t.end();
});

void t.test("pipeline: what is learned of a source too late to be judged by counts from the watermark on", (t) => {
  const runner = new GroupRunner(runnerOptions(sceneOf(5)), silent);
  const cam = { sourceId: "cam-a", modality: "image" } as const;
  runner.take({ kind: "witness", change: { ...cam, at: 1000, healthy: true } });
  runner.take({ kind: "complete", to: 50_000 });
  t.ok(runner.take({ kind: "witness", change: { ...cam, at: 30_000, healthy: false } }).step, "it is taken in, and written down");
  runner.take({ kind: "complete", to: 60_000 });
  t.strictSame(runner.checkpoint().state.rules.spans, [{ ...cam, from: 1000, to: 50_001 }]);
  t.end();
});
