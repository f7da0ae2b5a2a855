// A group follows from its steps alone: the same again in a second one, after any crash, and in whatever order reports come.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import t from "tap";
import { GroupRunner, type GroupResult } from "../../daemon/groups/group-runner.js";
import type { JournalValue } from "../../daemon/groups/journal.js";
import { stepOrder, type GroupStep, type Step } from "../../daemon/groups/step.js";
import { decodeCheckpoint, decodeEntry, encodeCheckpoint, encodeEntry } from "../../daemon/intake/journal-codec.js";
import { endedAt, observationId } from "../../fusion/model/observation.js";
import { seededRandom, type SeededRandom } from "../../fusion/simulator/random.js";
import { runnerOptions, silent } from "../pipeline/rig.js";
import { holds } from "../support/property.js";
import { scanOf, sceneOf, withPlaces, PLACES } from "./scene-support.js";

const LATENESS_MS = 1000;
const scenes = new Map(Array.from({ length: 6 }, (_, seed) => [seed, withPlaces(sceneOf(seed, 0.5), seed, 30_000, Array.from({ length: PLACES + 1 }, (_, i) => (i + seed) % 8))]));

/** What a group of a scene is told, one thing after another as it comes: numbered, out of order, with silences and clocks that are set. */
function told(seed: number, clocks: boolean): readonly GroupStep[] {
  const scene = scenes.get(seed % scenes.size) as ReturnType<typeof sceneOf>;
  const random = seededRandom(seed);
  const { inputs } = runnerOptions(scene);
  const steps: { at: number; step: GroupStep }[] = inputs.map(({ sourceId, modality }, i) => ({ at: i, step: { kind: "witness", change: { sourceId, modality, at: i, healthy: true }, origin: { run: 1, seq: 0 } } }));
  for (const [seq, { observation }] of scene.observations.entries()) {
    const at = endedAt(observation) + random.unit() * 2 * LATENESS_MS;
    const { sourceId, modality } = observation;
    steps.push({ at, step: { kind: "observation", observation: { ...observation, run: 1, seq, id: observationId({ sourceId, modality, run: 1, seq }) } } });
    const scan = scanOf(observation);
    if (scan !== undefined) steps.push({ at: at + 1, step: { kind: "scan", sourceId, from: scan.from, to: endedAt(observation), origin: { run: 1, seq: 10_000 + seq } } });
    steps.push({ at: endedAt(observation) + LATENESS_MS, step: { kind: "progress", input: { sourceId, modality }, time: endedAt(observation) } });
    const beside = besides(random, endedAt(observation), inputs[seq % inputs.length] as (typeof inputs)[number], clocks);
    if (beside !== undefined) steps.push({ at: endedAt(observation), step: beside });
  }
  for (let at = 0; at < 40_000; at += 200) steps.push({ at, step: { kind: "tick", eventNowMs: at } });
  steps.push({ at: 50_000, step: { kind: "complete", to: 200_000 } });
  return steps.sort((a, b) => a.at - b.at).map(({ step }) => step);
}

function besides(random: SeededRandom, at: number, input: { sourceId: string; modality: "image" | "audio" | "text" }, clocks: boolean): GroupStep | undefined {
  const dice = random.unit();
  if (dice < 0.05) return { kind: "idle", input };
  if (dice < 0.1) return { kind: "witness", change: { ...input, at, healthy: dice < 0.07 }, origin: { run: 1, seq: at } };
  if (dice < 0.11) return { kind: "end", input };
  if (clocks && dice < 0.13) return { kind: "clock", fromMs: at, toMs: at + (dice < 0.12 ? 4000 : -4000) };
  return undefined;
}

const seeds = fc.integer({ min: 0, max: 1e6 });

void t.test("group runner: the same steps give the same results in a second one", (t) => {
  let alerts = 0;
  let kinds: ReadonlySet<string> = new Set();
  holds(
    t,
    "whatever they are",
    fc.property(seeds, (seed) => {
      const options = runnerOptions(scenes.get(seed % scenes.size) as ReturnType<typeof sceneOf>);
      const [a, b] = [new GroupRunner(options, silent), new GroupRunner(options, silent)];
      const steps = told(seed, true);
      kinds = new Set([...kinds, ...steps.map(({ kind }) => kind)]);
      const first = steps.map((step) => a.take(step));
      alerts += first.flatMap(({ publication }) => publication.alerts).length;
      return isDeepStrictEqual(steps.map((step) => b.take(structuredClone(step))), first) && isDeepStrictEqual(a.checkpoint(), b.checkpoint());
    }),
    6,
  );
  t.ok(alerts > 10, `${alerts} alerts`);
  t.equal(kinds.size, 9, "steps of every kind");
  t.end();
});

/** What a writer keeps of a group: its last checkpoint and the entries since, as bytes. */
class Kept {
  checkpoint: Uint8Array | undefined;
  journal: Uint8Array[] = [];

  write(result: GroupResult): void {
    const { alerts } = result.publication;
    const entries: readonly JournalValue[] = [...(result.step === undefined ? [] : [result.step]), ...(alerts.length === 0 ? [] : [{ kind: "passed" as const, watermark: result.watermark }, ...alerts])];
    this.journal.push(...entries.map(encodeEntry));
  }
  fold(runner: GroupRunner): void {
    this.checkpoint = encodeCheckpoint(runner.checkpoint());
    this.journal = runner.tail.map(encodeEntry);
  }
  recovered(seed: number): GroupRunner {
    const runner = new GroupRunner(runnerOptions(scenes.get(seed % scenes.size) as ReturnType<typeof sceneOf>), silent);
    runner.recover(this.checkpoint === undefined ? undefined : (decodeCheckpoint(this.checkpoint)), this.journal.map(decodeEntry));
    return runner;
  }
}

void t.test("group runner: recovered from its checkpoint and journal at any cut, it goes on as if it had gone on", (t) => {
  let later = 0;
  holds(
    t,
    "same alerts, revisions, events and watermarks",
    fc.property(seeds, fc.nat(), fc.nat(), (seed, cut, checkpointAt) => {
      const steps = told(seed, false);
      const at = cut % steps.length;
      const first = new GroupRunner(runnerOptions(scenes.get(seed % scenes.size) as ReturnType<typeof sceneOf>), silent);
      const kept = new Kept();
      kept.fold(first);
      for (const [i, step] of steps.slice(0, at).entries()) {
        kept.write(first.take(step));
        if (i === checkpointAt % (at + 1)) kept.fold(first);
      }
      const second = kept.recovered(seed);
      const known = new Set(first.tail.map((step) => JSON.stringify(step)));
      for (const step of second.tail.filter((one) => !known.has(JSON.stringify(one)))) first.take(step as Exclude<Step, { kind: "upheld" }>); // nobody watched meanwhile
      const reached = first.watermark;
      for (const runner of [first, second]) {
        for (const input of runner.inputs) runner.take({ kind: "idle", input });
        for (const step of steps.slice(0, at)) if (step.kind === "progress" || step.kind === "end") runner.take(step); // each says how far it is
        runner.take({ kind: "complete", to: reached });
      }
      const rest = steps.slice(at);
      const [a, b] = [first, second].map((runner) => rest.map((step) => shown(runner.take(step))));
      later += rest.length;
      return isDeepStrictEqual(a, b) && isDeepStrictEqual(first.checkpoint().told, second.checkpoint().told);
    }),
    12,
  );
  t.ok(later > 1000, `${later} steps after a crash`);
  t.end();
});

/** What is seen of a result from outside; which pending incidents were shown is not written down. */
function shown({ publication: { alerts }, events, watermark }: GroupResult): unknown {
  return { alerts, events, watermark };
}

void t.test("group runner: any permutation of any steps within the lateness, however often each, commits the same", (t) => {
  let refolded = 0;
  holds(
    t,
    "same events, ids and incidents",
    fc.property(seeds, seeds, (seed, shuffle) => {
      const scene = scenes.get(seed % scenes.size) as ReturnType<typeof sceneOf>;
      const random = seededRandom(shuffle);
      const steps = told(seed, false).filter((step): step is Exclude<Step, { kind: "upheld" }> => step.kind === "observation" || step.kind === "scan" || step.kind === "witness");
      const inOrder = [...steps].sort((a, b) => stepOrder.compare(a, b));
      const [plain, mixed] = [committed(inOrder.map((step) => ({ step, at: stepOrder.timeOf(step) }))), committed(steps.flatMap((step) => Array.from({ length: 1 + Math.floor(random.unit() * 2.5) }, () => ({ step, at: stepOrder.timeOf(step) + random.unit() * (LATENESS_MS - 1) }))))];
      refolded += mixed.refolded;
      return isDeepStrictEqual(plain.outcome, mixed.outcome) && plain.outcome.length > 0;

      function committed(arrivals: readonly { readonly step: Exclude<Step, { kind: "upheld" }>; readonly at: number }[]): { outcome: readonly unknown[]; refolded: number } {
        const outcome: unknown[] = [];
        let refolds = 0;
        const telemetry = { ...silent, late: () => void refolds++, incident: (incident: object) => void outcome.push(incident), suppressed: (one: object) => void outcome.push(one) };
        const runner = new GroupRunner(runnerOptions(scene), telemetry);
        const events = [...arrivals].sort((a, b) => a.at - b.at).flatMap(({ step, at }) => [...runner.take(step).events, ...runner.take({ kind: "complete", to: Math.floor(at) - LATENESS_MS }).events]);
        events.push(...runner.take({ kind: "complete", to: 200_000 }).events);
        const last = new Map(events.map((event) => [event.id, event]));
        return { outcome: [...outcome.map((one) => JSON.stringify(one)).sort(), ...[...last.values()].map((event) => JSON.stringify(event)).sort(), JSON.stringify(runner.checkpoint().state.rules.spans)], refolded: refolds };
      }
    }),
    12,
  );
  t.ok(refolded > 100, `the order really was another (${refolded} refolds)`);
  t.end();
});
