// What one input does wrong, it does to itself alone: the pipeline goes on, and the loss is counted.
import t from "tap";
import { Committer } from "../../daemon/intake/committer.js";
import { GroupRunner } from "../../daemon/groups/group-runner.js";
import { Pipeline } from "../../daemon/pipeline/pipeline.js";
import { EventClock } from "../../daemon/runtime/event-clock.js";
import type { Source, SourceSignal, SourceTransition } from "../../daemon/sources/source.js";
import { FusiondError } from "../../fusion/model/errors.js";
import type { Observation } from "../../fusion/model/observation.js";
import { eventually } from "../support/eventually.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";
import { sceneOf } from "../groups/scene-support.js";
import { captureOf, Losses, MemoryStore, recoveredFrom, runnerOptions, silent, towerOf } from "./rig.js";

const scene = sceneOf(7);
const ofCamera = scene.observations.map(({ observation }) => observation).filter(({ sourceId }) => sourceId === "cam-a");
/** The rig's tower tells samples apart by their seq. */
const samples = [...new Map(ofCamera.map((one) => [one.seq, one])).values()].slice(0, 6);

/** Counts failures of stages too. */
class Failures extends Losses {
  readonly failed_: string[] = [];
  readonly states: string[] = [];
  override failed(stage?: string, error?: unknown): void {
    this.failed_.push(`${stage} ${String(error)}`);
  }
  override sourceState(_id?: string, transition?: SourceTransition): void {
    this.states.push(transition?.state ?? "");
  }
}

function pipelineOf(observe: Source["observe"], spoil: (id: string) => object = () => ({})) {
  const clock = new VirtualClock();
  const store = new MemoryStore();
  const runner = new GroupRunner(runnerOptions(scene), silent);
  const telemetry = new Failures();
  const never = (): never => {
    throw new Error("never");
  };
  const committer = new Committer({ store, clock, waitingMax: 64, retryMs: 10, onCommitted: () => undefined, onFailure: never, onRetry: never });
  const tower = towerOf(scene, "image", () => Promise.resolve());
  const pipeline = new Pipeline({
    sources: [{ id: "cam-a", modalities: ["image"], finite: false, observe }],
    encoders: new Map([["image", { ...tower, encode: async (capture) => ({ encodeMs: 1, observations: (await tower.encode(capture)).observations.map((one) => ({ ...one, ...spoil((one as Observation).id) })) }) }]]),
    groups: [runner],
    elsewhere: [],
    origin: { site: "test", encoders: "test", run: 0 },
    groupOf: () => runner,
    committer,
    clock,
    eventClock: new EventClock(clock),
    telemetry,
    queueCapacity: () => 64,
    budget: { itemsMax: 1024, bytesMax: 2 ** 28 },
    alertsWait: () => false,
    alert: never,
    candidate: never,
    event: () => undefined,
    health: (sourceId, { state, at }) => ({ messageId: `${sourceId}.${at}.${state}`, key: sourceId, subject: "health", class: "health", causedAt: at, body: new Uint8Array() }),
  });
  return { clock, store, runner, telemetry, pipeline, committer };
}

async function* telling(signals: Iterable<SourceSignal>): AsyncGenerator<SourceSignal> {
  for (const one of signals) {
    await Promise.resolve();
    yield one;
  }
}
const captures = samples.map((one): SourceSignal => ({ kind: "capture", capture: captureOf(one) }));

void t.test("pipeline: an observation that cannot be written down or folded is dropped, the rest goes on", async (t) => {
  class Unreadable extends Map<string, string> {
    override [Symbol.iterator](): MapIterator<[string, string]> {
      throw new TypeError("cannot be read");
    }
  }
  const { store, runner, telemetry, pipeline, committer } = pipelineOf(() => telling(captures), (id) => (id === samples[2]?.id ? { fields: new Unreadable() } : {}));
  pipeline.start();
  await pipeline.ended();
  t.same(telemetry.dropped_, ["cam-a failed"]);
  t.match(telemetry.failed_, ["fuse TypeError: cannot be read"]);
  t.equal(runner.tail.filter(({ kind }) => kind === "observation").length, samples.length - 1);
  await pipeline.stop(new AbortController().signal);
  await committer.stop(new AbortController().signal);
  t.equal(recoveredFrom(store.batches).journal.length, samples.length - 1, "and only what was taken is in the journal");
});

void t.test("pipeline: a live source with a fault of ours is begun again, and is no witness until then", async (t) => {
  let round = 0;
  const { clock, telemetry, pipeline } = pipelineOf(async function* () {
    round += 1;
    yield { kind: "state", state: "healthy", at: 1 };
    yield* telling(captures.slice(0, 1));
    if (round < 3) throw new RangeError(`fault ${round}`);
  });
  pipeline.start();
  let over = false;
  void pipeline.ended().then(() => (over = true));
  await eventually(() => {
    clock.advance(1000);
    return over || undefined;
  });
  t.equal(round, 3);
  t.same(telemetry.failed_, ["capture RangeError: fault 1", "capture RangeError: fault 2"]);
  t.same(telemetry.states, ["healthy", "recovering", "healthy", "recovering", "healthy"]);
});

void t.test("pipeline: what cannot help to be tried again still ends it", async (t) => {
  // eslint-disable-next-line require-yield
  const { pipeline } = pipelineOf(async function* () {
    await Promise.resolve();
    throw new FusiondError("dependency_missing", "install it");
  });
  pipeline.start();
  await t.rejects(pipeline.ended(), { code: "dependency_missing" });
});
