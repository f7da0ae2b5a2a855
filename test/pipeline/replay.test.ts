// A replay: the same again, whatever the speed, and an end whatever fails.
import fc from "fast-check";
import t from "tap";
import { GroupRunner } from "../../daemon/groups/group-runner.js";
import { replay } from "../../daemon/pipeline/replay.js";
import type { Source, SourceSignal } from "../../daemon/sources/source.js";
import type { Observation } from "../../fusion/model/observation.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import { eventually } from "../support/eventually.js";
import { captureOf, Losses, runnerOptions, sceneInputs, signalsOf, silent, sourceOf, towerOf } from "./rig.js";
import { sceneOf } from "../groups/scene-support.js";

const never = new AbortController().signal;

/** Waits for a random number of turns: sources and towers of every speed. */
function pauses(seed: number): () => Promise<void> {
  const random = seededRandom(seed);
  return async () => {
    for (let turns = Math.floor(random.unit() * 12); turns > 0; turns--) await Promise.resolve();
  };
}

async function toldBy(seed: number, speed: number): Promise<readonly string[]> {
  const scene = sceneOf(seed);
  const runner = new GroupRunner(runnerOptions(scene), silent);
  const told: string[] = [];
  await replay(
    {
      sources: sceneInputs.map(([id, modality], i) => sourceOf(id, modality, signalsOf(scene, id, modality), pauses(speed + i))),
      encoders: new Map([["image", towerOf(scene, "image", pauses(speed + 10))], ["audio", towerOf(scene, "audio", pauses(speed + 20))]]),
      groups: [runner],
      groupOf: () => runner, origin: { site: "test", encoders: "test" },
      telemetry: new Losses(),
      onResult: (_group, result) => {
        told.push(...result.publication.alerts.map((alert) => JSON.stringify(alert)), ...result.events.map((event) => `${event.id}.${event.revision}`));
        return Promise.resolve();
      },
    },
    never,
  );
  t.equal(runner.openEvents, 0, "the input is over");
  return told;
}

await t.test("replay: tells the same, whatever the speed of sources and towers", async (t) => {
  let told = 0;
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), async (seed, speed) => {
    const [one, other] = [await toldBy(seed, 1), await toldBy(seed, speed)];
    told += one.length;
    return one.join("\n") === other.join("\n") && new Set(one).size === one.length;
  });
  const result = await fc.check(property, { numRuns: 12 });
  t.notOk(result.failed, JSON.stringify(result.counterexample));
  t.ok(told > 100, `there was something to tell (${told})`);
});

await t.test("replay: ends with what a source or a tower failed with", async (t) => {
  const scene = sceneOf(3);
  const run = (broken: Iterable<SourceSignal>): Promise<void> => {
    const runner = new GroupRunner(runnerOptions(scene), silent);
    const tower = { ...towerOf(scene, "image", pauses(1)), encode: () => Promise.reject(new Error("tower")) };
    return replay(
      { sources: [sourceOf("cam-a", "image", broken, pauses(1))], encoders: new Map([["image", tower]]), groups: [runner], groupOf: () => runner, origin: { site: "test", encoders: "test" }, telemetry: new Losses(), onResult: () => Promise.resolve() },
      never,
    );
  };
  await t.rejects(run(signalsOf(scene, "cam-a", "image")), { message: "tower" });
  const failing = function* (): Generator<SourceSignal> {
    yield { kind: "progress", modality: "image", time: 1 };
    throw new Error("source");
  };
  await t.rejects(run(failing()), { message: "source" });
});

await t.test("replay: any number of sources, though the tower takes few captures at once", async (t) => {
  const scene = sceneOf(5);
  const names = Array.from({ length: 40 }, (_, i) => `cam-${i}`);
  const inputs = names.map((sourceId) => ({ sourceId, modality: "image" as const }));
  const runner = new GroupRunner({ ...runnerOptions(scene), inputs }, silent);
  const tower = towerOf(scene, "image", pauses(7));
  let [waiting, most, encoded] = [0, 0, 0];
  const encode: typeof tower.encode = async (capture) => {
    most = Math.max(most, ++waiting);
    const result = await tower.encode({ ...capture, sourceId: "cam-a" });
    waiting--;
    encoded++;
    return { ...result, observations: result.observations.map((one) => ({ ...one, sourceId: capture.sourceId })) };
  };
  function* renamed(id: string): Generator<SourceSignal> {
    for (const told of signalsOf(scene, "cam-a", "image")) yield told.kind === "capture" ? { ...told, capture: { ...told.capture, sourceId: id } } : told;
  }
  await replay(
    { sources: names.map((id, i) => sourceOf(id, "image", renamed(id), pauses(i))), encoders: new Map([["image", { ...tower, encode }]]), groups: [runner], groupOf: () => runner, origin: { site: "test", encoders: "test" }, telemetry: new Losses(), onResult: () => Promise.resolve() },
    never,
  );
  t.ok(encoded > 200, `${encoded} captures`);
  t.ok(most > 4 && most <= 64, `${most} at once`);
});

for (const fault of ["a tower", "an abort"] as const) {
  await t.test(`replay: ends with ${fault}, though another source is far ahead and waits`, async (t) => {
    const scene = sceneOf(3);
    const runner = new GroupRunner(runnerOptions(scene), silent);
    const stopping = new AbortController();
    const sample = scene.observations.map(({ observation }) => observation).find(({ sourceId }) => sourceId === "cam-b") as Observation;
    let told = 0;
    /** As a decoder that gives what it read at once: it looks whether to stop only in between. */
    const ahead: Source = {
      ...sourceOf("cam-a", "image", [], () => Promise.resolve()),
      async *observe(signal) {
        for (; told < 10_000 && !signal.aborted; told++) {
          await Promise.resolve();
          for (let i = 0; i < 50; i++) yield { kind: "progress", modality: "image", time: told };
        }
      },
    };
    /** Tells its first once the other has to wait. */
    const behind: Source = {
      ...sourceOf("cam-b", "image", [], () => Promise.resolve()),
      async *observe(signal) {
        let before = -1;
        await eventually(() => told > 0 && before === (before = told));
        if (fault === "an abort") stopping.abort();
        if (!signal.aborted) yield { kind: "capture", capture: captureOf(sample) };
      },
    };
    const tower = { ...towerOf(scene, "image", () => Promise.resolve()), encode: () => Promise.reject(new Error("tower")) };
    const replayed = replay(
      { sources: [ahead, behind], encoders: new Map([["image", tower]]), groups: [runner], groupOf: () => runner, origin: { site: "test", encoders: "test" }, telemetry: new Losses(), onResult: () => Promise.resolve() },
      stopping.signal,
    );
    if (fault === "a tower") await t.rejects(replayed, { message: "tower" });
    else await replayed;
    t.ok(told < 10_000, `the other had to wait (${told})`);
  });
}
