// Files as fast as they can be taken, in one canonical order, so that the same input gives the same incidents.
import type { Capture } from "../../encoders/capture.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import { endedAt } from "../../fusion/model/observation.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import { BoundedQueue } from "../runtime/bounded-queue.js";
import { Slots } from "../runtime/slots.js";
import type { Source, SourceSignal } from "../sources/source.js";
import { stepOrder, type Step } from "../groups/group-state.js";
import type { GroupResult, GroupRunner } from "../groups/group-runner.js";
import { InputWitness, type Loss } from "./input-witness.js";
import type { PipelineTelemetry } from "./pipeline-telemetry.js";
import { inWholeMs } from "./whole-ms.js";
import { witnessChanges, witnessesOf } from "./witness-changes.js";

/** What a replay is made with. */
export interface ReplayOptions {
  readonly sources: readonly Source[];
  readonly encoders: ReadonlyMap<Modality, Encoder>;
  readonly groups: readonly GroupRunner[];
  readonly groupOf: (sourceId: string) => GroupRunner;
  readonly telemetry: PipelineTelemetry;
  /** Called in canonical order; a replay waits for it. */
  readonly onResult: (group: GroupRunner, result: GroupResult) => Promise<void>;
}

/** Signals of one source that may be encoded ahead of their turn, and of all: frames are large, and many files are read at once. */
const AHEAD = { ofOne: 8, ofAll: 128 } as const;
/** Captures that a tower is given at once: it refuses more than 64, since a live source had better drop them. */
const TOWER_SLOTS = 32;

type Taken =
  | { readonly kind: "encoded"; readonly capture: Capture; readonly encoded: Encoded }
  | { readonly kind: "progress"; readonly modality: Modality; readonly time: number }
  | { readonly kind: "lost"; readonly modality: Modality; readonly loss: Loss }
  | { readonly kind: "witness"; readonly changes: readonly WitnessChange[] };

/** One source on its way: what was taken ahead, and how far it has told all. */
interface Lane {
  readonly source: Source;
  readonly ahead: AsyncIterator<Promise<Taken>>;
  readonly progress: Map<Modality, number>;
  readonly witnesses: ReadonlyMap<Modality, InputWitness>;
  ended: boolean;
}

/** What waits for its turn, as the step that it will be. */
type Waiting = Extract<Step, { kind: "witness" | "observation" | "scan" }>;

/**
 * Replays every source to its end, merged by event time across sources.
 *
 * Deterministic: what is told does not depend on how fast each source or tower is. Bound: AHEAD, at
 * least one signal a source, plus what ends after the slowest source's progress. Errors: those of the sources and towers.
 */
export async function replay(options: ReplayOptions, signal: AbortSignal): Promise<void> {
  const slots = new Map([...options.encoders.keys()].map((modality) => [modality, new Slots(TOWER_SLOTS)]));
  const lanes = options.sources.map((source) => openLane(source, { ...options, slots }, signal));
  const waiting: Waiting[] = [];
  for (;;) {
    const lane = slowest(lanes);
    if (lane === undefined) break;
    const next = await lane.ahead.next();
    if (next.done === true) lane.ended = true;
    else take(lane, await next.value, waiting);
    await release(waiting, Math.min(...lanes.filter((one) => !one.ended).map(frontierOf)), options);
  }
  await release(waiting, Infinity, options);
  for (const group of options.groups) await options.onResult(group, group.advanceTo(farBeyond(group)));
}

type LaneOptions = ReplayOptions & { readonly slots: ReadonlyMap<Modality, Slots> };

function openLane(source: Source, options: LaneOptions, signal: AbortSignal): Lane {
  const ahead = Math.max(1, Math.min(AHEAD.ofOne, Math.floor(AHEAD.ofAll / options.sources.length)));
  const queue = new BoundedQueue<Promise<Taken>>(ahead, "block");
  const pump = async (): Promise<void> => {
    for await (const one of source.observe(signal)) {
      const taken = encoded(source, one, options);
      taken.catch(() => undefined); // awaited in its turn
      if (!(await queue.put(taken))) return;
    }
  };
  void pump().then(
    () => queue.close(),
    async (error: unknown) => {
      const failed = Promise.reject(error instanceof Error ? error : new Error(String(error)));
      failed.catch(() => undefined); // awaited in its turn
      await queue.put(failed);
      queue.close();
    },
  );
  const witnesses = new Map(source.modalities.map((modality) => [modality, new InputWitness({ sourceId: source.id, modality })]));
  return { source, ahead: queue[Symbol.asyncIterator](), progress: new Map(), witnesses, ended: false };
}

async function encoded(source: Source, told: SourceSignal, options: LaneOptions): Promise<Taken> {
  const signal = inWholeMs(told);
  if (signal.kind === "progress") return signal;
  if (signal.kind === "state") return { kind: "witness", changes: witnessChanges(source.id, witnessesOf(source, signal)) };
  if (signal.kind === "lost") return { kind: "lost", modality: signal.modality, loss: { from: signal.from, to: signal.to, why: signal.reason } };
  const { capture } = signal;
  const [encoder, slots] = [options.encoders.get(capture.modality), options.slots.get(capture.modality)];
  assertInvariant(encoder !== undefined && slots !== undefined, `there is a tower for ${capture.modality}`);
  return { kind: "encoded", capture, encoded: await slots.use(() => encoder.encode(capture)) };
}

function take(lane: Lane, taken: Taken, waiting: Waiting[]): void {
  if (taken.kind === "progress") lane.progress.set(taken.modality, taken.time);
  if (taken.kind === "encoded") waiting.push(...stepsOf(taken));
  waiting.push(...changesOf(lane.witnesses, taken).flatMap((change): Waiting[] => (change === undefined ? [] : [{ kind: "witness", change }])));
}

function stepsOf({ capture, encoded: { observations, scan } }: Extract<Taken, { kind: "encoded" }>): readonly Waiting[] {
  const steps = observations.map((observation): Waiting => ({ kind: "observation", observation }));
  return scan === undefined ? steps : [...steps, { kind: "scan", sourceId: capture.sourceId, from: scan.from, to: endedAt(capture) }];
}

/** What it means for absence. */
function changesOf(witnesses: Lane["witnesses"], taken: Taken): readonly (WitnessChange | undefined)[] {
  switch (taken.kind) {
    case "witness":
      return taken.changes.map((change) => witnesses.get(change.modality)?.source(change));
    case "progress":
      return [witnesses.get(taken.modality)?.told(taken.time)];
    case "lost":
      return [witnesses.get(taken.modality)?.lost(taken.loss)];
    case "encoded": {
      const { capture, encoded: { unseen } } = taken;
      const witness = witnesses.get(capture.modality);
      const { capturedAt } = capture;
      return [unseen === undefined ? witness?.looked(capturedAt, endedAt(capture)) : witness?.lost({ from: capturedAt, to: capturedAt, why: unseen })];
    }
  }
}

/** Hands over all that ends at or before `frontier`, in canonical order; nothing earlier can come any more. */
async function release(waiting: Waiting[], frontier: number, options: ReplayOptions): Promise<void> {
  const ripe = waiting.filter((step) => stepOrder.timeOf(step) <= frontier).sort((a, b) => stepOrder.compare(a, b));
  if (ripe.length === 0) return;
  const rest = waiting.filter((step) => stepOrder.timeOf(step) > frontier);
  waiting.splice(0, waiting.length, ...rest);
  for (const step of ripe) {
    const at = stepOrder.timeOf(step);
    const group = options.groupOf(sourceOf(step));
    await options.onResult(group, group.advanceTo(at - 1));
    if (step.kind === "observation") options.telemetry.observed(step.observation.sourceId, step.observation.modality, at);
    await options.onResult(group, taken(group, step));
  }
}

function taken(group: GroupRunner, step: Waiting): GroupResult {
  switch (step.kind) {
    case "witness":
      return group.witness(step.change);
    case "observation":
      return group.observe(step.observation);
    case "scan":
      return group.scan(step.sourceId, step.from, step.to);
  }
}

function sourceOf(step: Waiting): string {
  switch (step.kind) {
    case "witness":
      return step.change.sourceId;
    case "observation":
      return step.observation.sourceId;
    case "scan":
      return step.sourceId;
  }
}

/** The source that has told least far: everyone waits for it. */
function slowest(lanes: readonly Lane[]): Lane | undefined {
  return lanes.filter((lane) => !lane.ended).reduce<Lane | undefined>((a, b) => (a === undefined || frontierOf(b) < frontierOf(a) ? b : a), undefined);
}

function frontierOf(lane: Lane): number {
  return Math.min(...lane.source.modalities.map((modality) => lane.progress.get(modality) ?? -Infinity));
}

/** Past every gap, hold and absence that a rule may wait for: the input is over. */
function farBeyond(group: GroupRunner): number {
  const last = group.tail.at(-1);
  const newest = last === undefined ? group.watermark : stepOrder.timeOf(last);
  return Math.max(newest, group.watermark) + 3_600_000;
}
