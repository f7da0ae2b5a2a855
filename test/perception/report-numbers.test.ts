// The numbers of reports: they make the ids of observations, and those the ids of events.
import fc from "fast-check";
import t from "tap";
import { Perceiver } from "../../daemon/perception/perceiver.js";
import type { Report } from "../../daemon/report/report.js";
import type { SourceSignal } from "../../daemon/sources/source.js";
import { observationId } from "../../fusion/model/observation.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import type { Scene } from "../../fusion/simulator/scene.js";
import { sceneOf } from "../groups/scene-support.js";
import { Losses, sceneInputs, signalsOf, sourceOf, towerOf } from "../pipeline/rig.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";

function pauses(seed: number): () => Promise<void> {
  const random = seededRandom(seed);
  return async () => {
    for (let turns = Math.floor(random.unit() * 12); turns > 0; turns--) await Promise.resolve();
  };
}

/** The signals of a source that falls ill now and then. */
function* unsteady(signals: Iterable<SourceSignal>): Generator<SourceSignal> {
  let count = 0;
  for (const signal of signals) {
    yield signal;
    if (signal.kind === "progress" && ++count % 7 === 0) yield { kind: "state", state: count % 2 === 0 ? "healthy" : "recovering", at: signal.time };
  }
}

async function reportsOf(scene: Scene, speed: number, finite: boolean): Promise<readonly Report[]> {
  const reports: Report[] = [];
  const perceiver = new Perceiver({
    sources: sceneInputs.map(([id, modality], i) => sourceOf(id, modality, unsteady(signalsOf(scene, id, modality)), pauses(speed + i), finite)),
    encoders: new Map([["image", towerOf(scene, "image", pauses(speed + 10))], ["audio", towerOf(scene, "audio", pauses(speed + 20))]]),
    origin: { site: "test", encoders: "test", run: 7 },
    clock: new VirtualClock(),
    telemetry: new Losses(),
    queueCapacity: () => 4,
    budget: { itemsMax: 1024, bytesMax: 2 ** 28 },
    aheadMax: 3,
    report: (report) => void reports.push(report),
  });
  perceiver.start();
  await perceiver.ended();
  return reports;
}

const of = (reports: readonly Report[], id: string): readonly Report[] => reports.filter(({ sourceId }) => sourceId === id);

void t.test("report numbers: count up from 0 without a gap, and an observation has those of its report", async (t) => {
  for (const finite of [true, false]) {
    const reports = await reportsOf(sceneOf(1), 5, finite);
    for (const [id] of sceneInputs) t.strictSame(of(reports, id).map(({ seq }) => seq), of(reports, id).map((_, i) => i));
    for (const report of reports) {
      t.equal(report.run, 7);
      if (report.kind !== "observation") continue;
      const { observation } = report;
      t.strictSame([observation.id, observation.run, observation.seq], [observationId(report), report.run, report.seq]);
    }
    t.ok(reports.some(({ kind }) => kind === "observation") && reports.some(({ kind }) => kind === "health"));
  }
});

void t.test("report numbers: of files are the same each time, whatever the speed of sources and towers", async (t) => {
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), async (seed, speed) => {
    const scene = sceneOf(seed);
    const [one, other] = [await reportsOf(scene, 1, true), await reportsOf(scene, speed, true)];
    const said = (report: Report): string => JSON.stringify("captureMs" in report ? { ...report, captureMs: 0, encodeMs: 0 } : report);
    return sceneInputs.every(([id]) => of(one, id).map(said).join("\n") === of(other, id).map(said).join("\n"));
  });
  const result = await fc.check(property, { numRuns: 10 });
  t.notOk(result.failed, JSON.stringify(result.counterexample));
});
