// Looks at places in the fold of a group: told once, known for ever, whatever order they come in and whenever it crashes.
import fc from "fast-check";
import t from "tap";
import { GroupState, type StepOutput } from "../../daemon/groups/group-state.js";
import { stepOrder, type Step } from "../../daemon/groups/step.js";
import { GroupRunner } from "../../daemon/groups/group-runner.js";
import type { WrittenBackground } from "../../daemon/groups/journal.js";
import { decodeBackground, encodeBackground } from "../../daemon/intake/journal-codec.js";
import type { Backgrounds } from "../../fusion/backgrounds.js";
import { endedAt, type Observation } from "../../fusion/model/observation.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import type { Scene } from "../../fusion/simulator/scene.js";
import { SpeculativeFold } from "../../fusion/speculative-fold.js";
import { holds } from "../support/property.js";
import { MemoryStore, pipelineOver, recover, recoveredFrom, runnerOptions, runToEnd, silent } from "../pipeline/rig.js";
import { optionsFor, PLACES, scanOf, sceneOf, withPlaces } from "./scene-support.js";
import { alertsOf, faultsOf, observationsOf } from "./told.js";

const LATENESS_MS = 3000;
const MINUTE_MS = 60_000;

/** A scene in which places show what no happening is, but for what comes to place 0, which rule "plain" looks for. */
function placesScene(seed: number, minutes: number): Scene {
  const scene = sceneOf(seed, minutes);
  const happening = (i: number): number => scene.happenings[i]?.concept ?? i;
  const others = scene.space.concepts.map((_, i) => i).filter((i) => ![0, 1, 2, 3].map(happening).includes(i));
  return withPlaces(scene, seed, minutes * MINUTE_MS, [...others.slice(0, PLACES), happening(3)]);
}

function stepsOf(scene: Scene): readonly Step[] {
  return scene.observations.flatMap(({ observation }): Step[] => {
    const scan = scanOf(observation);
    const step: Step = { kind: "observation", observation };
    return scan === undefined ? [step] : [step, { kind: "scan", sourceId: observation.sourceId, from: scan.from, to: endedAt(observation) }];
  });
}

function shape(backgrounds: Backgrounds): string {
  return JSON.stringify([...backgrounds].map(([source, places]) => [source, [...places].sort(([a], [b]) => a - b).map(([place, one]) => [place, one.lookedAt, one.appearances.map(({ mean, ...rest }) => [rest, [...mean]])])]));
}

/** Arrives in any order within the lateness; gives what was committed. */
function run(scene: Scene, steps: readonly Step[]): { outputs: readonly StepOutput[]; backgrounds: string } {
  const fold = new SpeculativeFold<Step, StepOutput, GroupState>(new GroupState(optionsFor(scene)), stepOrder);
  fold.observe({ kind: "witness", change: { sourceId: "cam-a", modality: "image", at: 0, healthy: true } });
  const outputs: StepOutput[] = [];
  let newest = -Infinity;
  for (const step of steps) {
    if (fold.observe(step) === "late") throw new Error("late within the lateness bound");
    newest = Math.max(newest, stepOrder.timeOf(step));
    outputs.push(...fold.advance(newest - LATENESS_MS));
  }
  outputs.push(...fold.advance(10 * MINUTE_MS));
  return { outputs, backgrounds: shape(fold.committed.backgrounds) };
}

function jittered(steps: readonly Step[], seed: number): readonly Step[] {
  const random = seededRandom(seed);
  const arrivals = steps.map((step) => ({ step, at: stepOrder.timeOf(step) + random.unit() * (LATENESS_MS - 1) }));
  return arrivals.sort((a, b) => a.at - b.at).map(({ step }) => step);
}

/** Whatever order things are told in within one step. */
function essence(outputs: readonly StepOutput[]): string {
  const lines = outputs.map((output) => (output.kind === "rule" ? JSON.stringify(output.note) : JSON.stringify([output.change.kind, output.change.event.id, output.change.event.endedAt])));
  return lines.sort().join("\n");
}

void t.test("places: any order of arrival within the lateness commits the same incidents and learns the same backgrounds", (t) => {
  let scanned = 0;
  holds(
    t,
    "same of both",
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (seed, arrivalSeed) => {
      const scene = placesScene(seed, 1.5);
      const steps = stepsOf(scene);
      const inOrder = run(scene, steps);
      const shuffled = run(scene, jittered(steps, arrivalSeed));
      scanned += inOrder.outputs.filter((output) => output.kind === "rule" && output.note.kind === "incident" && output.note.incident.lastScanAt !== undefined).length;
      return essence(inOrder.outputs) === essence(shuffled.outputs) && inOrder.backgrounds === shuffled.backgrounds;
    }),
    8,
  );
  t.ok(scanned > 0, `${scanned} times an absence was concluded from a scan`);
  t.end();
});

void t.test("places: the state now is the fold of what was committed and the tail", (t) => {
  const scene = placesScene(5, 1.5);
  const fold = new SpeculativeFold<Step, StepOutput, GroupState>(new GroupState(optionsFor(scene)), stepOrder);
  let newest = -Infinity;
  const alike = jittered(stepsOf(scene), 5).every((step, i) => {
    fold.observe(step);
    newest = Math.max(newest, stepOrder.timeOf(step));
    if (i % 5 === 0) fold.advance(newest - 2 * LATENESS_MS);
    if (i % 11 !== 0) return true;
    const anew = fold.committed.clone();
    for (const one of fold.tail) {
      anew.advance(stepOrder.timeOf(one), fold.watermark + 1);
      anew.apply(one, fold.watermark + 1);
    }
    return shape(anew.backgrounds) === shape(fold.now.backgrounds);
  });
  t.ok(alike);
  t.end();
});

/** A group that is shown looks at one place, and events that it had. */
class OnePlace {
  readonly runner: GroupRunner;
  readonly scene = placesScene(3, 2);
  readonly looks: readonly Observation[] = this.scene.observations.map(({ observation }) => observation).filter(({ place }) => place === 0);

  constructor(written: readonly WrittenBackground[] = [], inputs = runnerOptions(this.scene).inputs) {
    this.runner = new GroupRunner({ ...runnerOptions(this.scene), inputs }, silent);
    this.runner.recover(undefined, [], Infinity, written);
  }

  /** What comes to the place and stays, `index` looks after it came; `at`: when it is looked at. */
  look(index: number, at: number): void {
    const shown = this.looks.filter(({ capturedAt }) => capturedAt > 30_000)[index] as Observation;
    this.runner.take({ kind: "observation", observation: { ...shown, id: `${shown.id}-${at}`, capturedAt: at } });
    this.runner.take({ kind: "complete", to: at });
  }

  events(): number {
    return this.runner.openEvents;
  }
}

void t.test("places: who stands in view at the start is told, and after settle_after is furniture, which founds and joins nothing", (t) => {
  const group = new OnePlace();
  group.look(0, 1000);
  t.equal(group.events(), 1, "at the very first look");
  for (let i = 1; i < 20; i++) group.look(i % 10, 1000 + i * 4000);
  t.equal(group.events(), 0, "60 s later nothing joins it any more, and it is over");
  t.end();
});

void t.test("places: what always stands there raises nothing at a restart, unless nobody wrote it down, or other encoders did", (t) => {
  const before = new OnePlace();
  for (let i = 0; i < 20; i++) before.look(i % 10, 1000 + i * 4000);
  const written = before.runner.backgroundChanges(true).flatMap((change) => change.written ?? []).map((one) => decodeBackground(encodeBackground(one)));
  t.equal(written.length, 1);
  const again = new OnePlace(written);
  again.look(3, 200_000);
  t.equal(again.events(), 0);
  t.equal(again.runner.backgroundChanges().length, 0, "nothing to write yet");
  const lost = new OnePlace();
  lost.look(3, 500_000);
  t.equal(lost.events(), 1);
  const others = new OnePlace(written.map((one) => ({ ...one, encoders: "others" })));
  t.strictSame(others.runner.backgroundChanges(), [{ place: "cam-a 0" }], "what other encoders made goes");
  others.look(3, 500_000);
  t.equal(others.events(), 1);
  const moved = new OnePlace(written, [{ sourceId: "cam-b", modality: "image" }]);
  t.strictSame(moved.runner.backgroundChanges(), [{ place: "cam-a 0" }], "and so does that of a source that left the group");
  t.strictSame(moved.runner.backgroundChanges(), [], "once");
  t.end();
});

void t.test("places: a background is written when it settles, else at most once in five minutes, and at the end", (t) => {
  const group = new OnePlace();
  let rows = 0;
  for (let i = 0; i < 900; i++) {
    group.look(i % 10, 1000 + i * 4000);
    rows += group.runner.backgroundChanges().length;
  }
  t.equal(rows, 1 + 1 + 11, "when it was first seen, when it settled, and every five minutes of the hour that is left");
  t.equal(group.runner.backgroundChanges(true).length, 1);
  t.equal(group.runner.backgroundChanges(true).length, 0);
  t.end();
});

void t.test("places: a clock that was set back moves what was looked at along", (t) => {
  const group = new OnePlace();
  for (let i = 0; i < 20; i++) group.look(i % 10, 1_000_000 + i * 4000);
  group.runner.take({ kind: "clock", fromMs: 1_080_000, toMs: 80_000 });
  group.look(3, 90_000);
  t.equal(group.events(), 0, "still furniture");
  const [change] = group.runner.backgroundChanges(true);
  t.equal(change?.written?.background.lookedAt, 90_000);
  t.end();
});

void t.test("places: a number beyond the bound is refused, and nothing is learned of it", (t) => {
  const group = new OnePlace();
  const [look] = group.looks;
  t.throws(() => group.runner.take({ kind: "observation", observation: { ...(look as Observation), place: 64 } }), /at most 64 places/);
  t.strictSame(group.runner.backgroundChanges(true), []);
  t.end();
});

void t.test("places: killed after any commit, a group has the backgrounds that it had, or older ones, and goes on", async (t) => {
  const scene = placesScene(4, 1.5);
  const whole = new MemoryStore();
  const first = pipelineOver(scene, whole);
  await runToEnd(first);
  t.strictSame(faultsOf(alertsOf(whole.batches)), []);
  const atEnd = backgroundsAfter(whole.batches.length);
  t.equal(atEnd.size, PLACES, "a stop writes them all");
  for (let i = 0; i < 5; i++) {
    const cut = Math.floor((whole.batches.length * i) / 5);
    const runner = new GroupRunner(runnerOptions(scene), silent);
    recover(runner, recoveredFrom(whole.batches.slice(0, cut)));
    const rows = backgroundsAfter(cut);
    runner.take({ kind: "complete", to: runner.watermark + 60_000 });
    for (const { place, written } of runner.backgroundChanges(true)) {
      const before = rows.get(Number(place.split(" ")[1]))?.lookedAt ?? -Infinity;
      t.ok((written?.background.lookedAt ?? -Infinity) > before, "the journal leads on from the row, never back");
    }
  }
  const before = whole.batches.slice(0, Math.floor(whole.batches.length * 0.6));
  const after = new MemoryStore();
  await runToEnd(pipelineOver(scene, after, recoveredFrom(before), observationsOf(before)));
  t.strictSame(faultsOf(alertsOf([...before, ...after.batches])), [], "every alert once and in order");
  const names = recoveredFrom([...before, ...after.batches]).backgrounds.map(({ place }) => place).sort();
  t.strictSame(names, [...atEnd.keys()].map((place) => `cam-a ${place}`).sort());

  function backgroundsAfter(cut: number): Map<number, WrittenBackground["background"]> {
    const { backgrounds } = recoveredFrom(whole.batches.slice(0, cut));
    return new Map(backgrounds.map(({ bytes }) => decodeBackground(bytes)).map(({ place, background }) => [place, background]));
  }
});

void t.test("places: the journal since a checkpoint brings its backgrounds to where they were", (t) => {
  const scene = placesScene(6, 2);
  const steps = stepsOf(scene);
  holds(
    t,
    "same after a kill at any step, the checkpoint whole and at any step before",
    fc.property(fc.nat({ max: steps.length - 1 }), fc.nat(), (end, at) => {
      const checkpointAt = at % (end + 1);
      const runner = new GroupRunner(runnerOptions(scene), silent);
      let left: Parameters<GroupRunner["recover"]> = [undefined, []];
      let journal: Step[] = [];
      for (const [i, step] of steps.slice(0, end + 1).entries()) {
        const result = runner.take(step as Exclude<Step, { kind: "upheld" }>);
        if (result.step !== undefined) journal.push(result.step);
        runner.take({ kind: "complete", to: stepOrder.timeOf(step) - 1000 });
        if (i !== checkpointAt) continue;
        left = [runner.checkpoint(), [], Infinity, runner.backgroundChanges(true).flatMap(({ written }) => written ?? [])];
        journal = [...runner.tail];
      }
      const again = new GroupRunner(runnerOptions(scene), silent);
      again.recover(left[0], journal, left[2], left[3]);
      for (const one of [runner, again]) one.take({ kind: "complete", to: 10 * MINUTE_MS });
      const rows = (one: GroupRunner): string => JSON.stringify(one.backgroundChanges(true).map(({ place, written }) => [place, written?.background.lookedAt, [...(written?.background.appearances ?? [])].map(({ mean, ...rest }) => [rest, [...mean]])]).sort());
      return rows(again) === changedSince(runner, left[3] ?? []);
    }),
    25,
  );
  t.end();

  /** What the runner that was not killed has learned since these rows. */
  function changedSince(runner: GroupRunner, written: readonly WrittenBackground[]): string {
    const known = new Map(written.map(({ sourceId, place, background }) => [`${sourceId} ${place}`, background.lookedAt]));
    const rows = runner.backgroundChanges(true).filter(({ place, written: one }) => one?.background.lookedAt !== known.get(place));
    return JSON.stringify(rows.map(({ place, written: one }) => [place, one?.background.lookedAt, [...(one?.background.appearances ?? [])].map(({ mean, ...rest }) => [rest, [...mean]])]).sort());
  }
});
