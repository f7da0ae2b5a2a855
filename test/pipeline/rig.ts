// A pipeline with everything outside it faked: scripted sources, towers that look the answer up, a store in memory.
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import { endedAt, type Observation } from "../../fusion/model/observation.js";
import type { Scene } from "../../fusion/simulator/scene.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import { Committer } from "../../daemon/intake/committer.js";
import { GroupRunner, type GroupRunnerOptions } from "../../daemon/groups/group-runner.js";
import { decodeBackground, decodeCheckpoint, decodeEntry } from "../../daemon/intake/journal-codec.js";
import type { Forgotten } from "../../daemon/groups/other-encoders.js";
import { Pipeline } from "../../daemon/pipeline/pipeline.js";
import type { PipelineTelemetry } from "../../daemon/pipeline/pipeline-telemetry.js";
import { EventClock } from "../../daemon/runtime/event-clock.js";
import type { Source, SourceSignal } from "../../daemon/sources/source.js";
import type { CommitBatch, RecoveredGroup, Store } from "../../daemon/store/store.js";
import { VirtualClock } from "../telemetry/virtual-clock.js";
import { optionsFor, scanOf } from "../groups/scene-support.js";
import { momentOf } from "../groups/told.js";

export const silent = { eventEnded: () => undefined, late: () => undefined, incident: () => undefined, suppressed: () => undefined };

/** A store that remembers every batch. */
export class MemoryStore implements Pick<Store, "commit"> {
  readonly batches: CommitBatch[] = [];

  async commit(batch: CommitBatch): Promise<void> {
    await Promise.resolve();
    this.batches.push(structuredClone(batch));
  }
}

/** What a store holds of one group after these batches. */
export function recoveredFrom(batches: readonly CommitBatch[]): RecoveredGroup {
  let checkpoint: Uint8Array | undefined;
  let journal: Uint8Array[] = [];
  const backgrounds = new Map<string, Uint8Array>();
  for (const batch of batches) {
    for (const one of batch.checkpoints) {
      checkpoint = one.bytes;
      journal = [];
      for (const { place, bytes } of one.backgrounds ?? []) {
        if (bytes === undefined) backgrounds.delete(place);
        else backgrounds.set(place, bytes);
      }
    }
    journal.push(...batch.journal.map((entry) => entry.bytes));
  }
  return { groupId: "yard", journal, backgrounds: [...backgrounds].map(([place, bytes]) => ({ place, bytes })), ...(checkpoint === undefined ? {} : { checkpoint }) };
}

export function runnerOptions(scene: Scene, encoders: string = scene.space.id): GroupRunnerOptions {
  const inputs = [
    { sourceId: "cam-a", modality: "image" },
    { sourceId: "cam-b", modality: "image" },
    { sourceId: "mic", modality: "audio" },
  ] as const;
  return { groupId: "yard", encoders, state: optionsFor(scene), inputs, allowedLatenessMs: 1000, idleAfterMs: 60_000, updateEveryMs: () => 2000 };
}

export function recover(runner: GroupRunner, left: RecoveredGroup): Forgotten | undefined {
  return runner.recover(left.checkpoint === undefined ? undefined : decodeCheckpoint(left.checkpoint), left.journal.map(decodeEntry), Infinity, left.backgrounds.map(({ bytes }) => decodeBackground(bytes))).forgotten;
}

/** The signals of a source of the scene: healthy, its samples with progress after each, and its end; without those of the moments `except`. */
export function* signalsOf(scene: Scene, id: string, modality: Modality, except: ReadonlySet<string> = new Set()): Generator<SourceSignal> {
  const own = scene.observations.map((one) => one.observation).filter((o) => o.sourceId === id && !except.has(momentOf(o)));
  yield { kind: "state", state: "healthy", at: own[0]?.capturedAt ?? 0 };
  for (const observation of own) {
    yield { kind: "capture", capture: captureOf(observation) };
    yield { kind: "progress", modality, time: endedAt(observation) };
  }
  yield { kind: "state", state: "ended", at: endedAt(own.at(-1) ?? { capturedAt: 0, durationMs: 0 }) };
}

export function captureOf(o: Observation): Extract<SourceSignal, { kind: "capture" }>["capture"] {
  const base = { sourceId: o.sourceId, seq: o.seq, capturedAt: o.capturedAt, durationMs: o.durationMs, receivedAtMs: 0 };
  return o.modality === "image"
    ? { ...base, modality: "image", width: 1, height: 1, pixels: new Uint8Array(3) }
    : { ...base, modality: "audio", sampleRateHz: 1, samples: new Float32Array(1) };
}

export function sourceOf(id: string, modality: Modality, signals: Iterable<SourceSignal>, pause: () => Promise<void>, finite = true): Source {
  return {
    id,
    modalities: [modality],
    finite,
    async *observe(signal) {
      for (const one of signals) {
        await pause();
        if (signal.aborted) return;
        yield one;
      }
    },
  };
}

/** A tower that knows the scene; `pause` decides how long it takes. */
export function towerOf(scene: Scene, modality: Modality, pause: () => Promise<void>): Encoder {
  const known = new Map(scene.observations.map(({ observation }) => [`${observation.sourceId} ${observation.seq}`, observation]));
  let last: Promise<unknown> = Promise.resolve();
  return {
    modality,
    space: scene.space.id,
    dimensions: scene.space.dimensions,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    encode: (capture) => {
      const before = last;
      const work = async (): Promise<Encoded> => {
        await pause();
        await before;
        const observation = known.get(`${capture.sourceId} ${capture.seq}`);
        const scan = observation === undefined ? undefined : scanOf(observation);
        return { observations: observation === undefined ? [] : [observation], encodeMs: 1, ...(scan === undefined ? {} : { scan }) };
      };
      const answer = work();
      last = answer;
      return answer;
    },
  };
}

export const sceneInputs: readonly (readonly [string, Modality])[] = [["cam-a", "image"], ["cam-b", "image"], ["mic", "audio"]];

/** What a telemetry was told of losses. */
export class Losses implements PipelineTelemetry {
  readonly dropped_: string[] = [];
  sourceState(): void {}
  observed(): void {}
  scanned(): void {}
  dropped(sourceId: string, reason: string, count: number): void {
    for (let i = 0; i < count; i++) this.dropped_.push(`${sourceId} ${reason}`);
  }
  refused(sourceId: string, reason: string): void {
    this.dropped_.push(`${sourceId} ${reason}`);
  }
  witnessing(): void {}
  calibration(): void {}
  took(): void {}
  failed(): void {}
  progressed(): void {}
  clockSet(_stepMs: number): void {}
}

/** A pipeline over the scene, on a clock that moves as the sources tell. */
export function pipelineOver(scene: Scene, store: MemoryStore, left?: RecoveredGroup, except: ReadonlySet<string> = new Set(), encoders?: string) {
  const clock = new VirtualClock();
  const runner = new GroupRunner(runnerOptions(scene, encoders), silent);
  if (left !== undefined) recover(runner, left);
  const pause = async (): Promise<void> => {
    await Promise.resolve();
    clock.advance(40);
  };
  const quick = (): Promise<void> => Promise.resolve();
  const fail = (error: unknown): void => {
    throw error;
  };
  const committer = new Committer({ store, clock, waitingMax: 64, retryMs: 10, onCommitted: () => undefined, onFailure: fail, onRetry: fail });
  const losses = new Losses();
  const events: FusionEvent[] = [];
  const pipeline = new Pipeline({
    sources: sceneInputs.map(([id, modality]) => sourceOf(id, modality, signalsOf(scene, id, modality, except), pause)),
    encoders: new Map([["image", towerOf(scene, "image", quick)], ["audio", towerOf(scene, "audio", quick)]]),
    elsewhere: [],
    origin: { site: "test", encoders: scene.space.id, run: left === undefined ? 0 : 1 },
    groups: [runner],
    groupOf: () => runner,
    committer,
    clock,
    eventClock: new EventClock(clock),
    telemetry: losses,
    queueCapacity: () => 4,
    budget: { itemsMax: 1024, bytesMax: 2 ** 28 },
    alertsWait: () => false,
    alert: ({ incident, revision }) => ({
      messageId: `${incident.id}.${revision}`,
      key: incident.id,
      subject: incident.ruleId,
      class: "alert",
      causedAt: 0,
      body: Buffer.from(JSON.stringify(incident)),
    }),
    candidate: () => undefined,
    event: (event) => events.push(event),
    health: (sourceId, { state, at }) => ({ messageId: `${sourceId}.${at}.${state}`, key: sourceId, subject: "health", class: "health", causedAt: at, body: new Uint8Array() }),
  });
  return { clock, runner, committer, pipeline, losses, events };
}

/** Runs to the end of every source and until nothing is open any more. */
export async function runToEnd({ clock, committer, pipeline }: ReturnType<typeof pipelineOver>): Promise<void> {
  pipeline.start();
  await pipeline.ended();
  const never = new AbortController().signal;
  clock.advance(500);
  await pipeline.stop(never);
  await committer.stop(never);
}
