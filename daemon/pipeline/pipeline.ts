// The data path, top to bottom: source -> encoder -> group -> commit. What is told leaves through the outbox.
import { setMaxListeners } from "node:events";
import type { Capture } from "../../encoders/capture.js";
import type { Encoded, Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import { assertInvariant, FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import { isWarm } from "../../fusion/cohort.js";
import { endedAt, type Observation } from "../../fusion/model/observation.js";
import type { Input } from "../../fusion/watermark.js";
import type { Incident, IncidentRevision } from "../../rules/incident.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import { BoundedQueue } from "../runtime/bounded-queue.js";
import { delay, steadyNowMs, type Clock } from "../runtime/clock.js";
import type { ClockStep, EventClock } from "../runtime/event-clock.js";
import { Turns } from "../runtime/turns.js";
import type { DropReason, Source, SourceSignal, SourceTransition } from "../sources/source.js";
import type { OutboxMessage } from "../store/store.js";
import type { Committer } from "./committer.js";
import { encodeBackground, encodeCheckpoint, encodeEntry } from "./journal-codec.js";
import type { GroupResult, GroupRunner } from "../groups/group-runner.js";
import { InputWitness } from "./input-witness.js";
import { overBudget, type IntakeBudget } from "./intake-budget.js";
import type { PipelineTelemetry } from "./pipeline-telemetry.js";
import { inWholeMs } from "./whole-ms.js";
import { witnessChanges, witnessesOf } from "./witness-changes.js";

/** How long an observation took on its way, ms. */
export interface StageTimes {
  readonly capture: number;
  readonly encode: number;
  readonly fuse: number;
}

/** What the pipeline is made with. */
export interface PipelineOptions {
  readonly sources: readonly Source[];
  readonly encoders: ReadonlyMap<Modality, Encoder>;
  readonly groups: readonly GroupRunner[];
  /** Groups of an earlier run that are not configured any more, and the ends of their incidents. */
  readonly gone?: readonly { readonly groupId: string; readonly removed: readonly IncidentRevision[] }[];
  /** The group of each source. */
  readonly groupOf: (sourceId: string) => GroupRunner;
  readonly committer: Committer;
  readonly clock: Clock;
  /** Turns what live sources tell, in steady time, into event time; followed by the pipeline's ticks. */
  readonly eventClock: EventClock;
  readonly telemetry: PipelineTelemetry;
  /** Captures of one source and modality that may wait for its encoder. */
  readonly queueCapacity: (modality: Modality) => number;
  /** Captures of all live sources that may wait. */
  readonly budget: IntakeBudget;
  /** Whether alerts are committed faster than they are published: captures then wait for them. */
  readonly alertsWait: () => boolean;
  /** Turns a revision into a message; the stage times are those of its newest observation. */
  readonly alert: (revision: IncidentRevision, stages: StageTimes | undefined) => OutboxMessage;
  /** Pending incidents, to look at. */
  readonly candidate: (incident: Incident) => void;
  /** A revision of an event that the watermark has committed. */
  readonly event: (event: FusionEvent) => void;
  /** The message of a source's transition. */
  readonly health: (sourceId: string, transition: SourceTransition) => OutboxMessage;
}

/** How often time passes for groups in which nothing happens, and the wall clock is looked at, ms. */
const TICK_MS = 200;

/** How long after a fault of ours in a source it is begun again, ms. */
const AGAIN_MS = 1000;
/** How long captures are worked on before the event loop turns, and how long they wait at most for alerts to be published, ms. */
const SLICE_MS = 5;
const HOLD_MS = 100;

/** A group's journal is folded into a checkpoint after this many entries. */
const CHECKPOINT_ENTRIES = 512;

/** Observations whose stage times are remembered for their alert. */
const STAGES_MAX = 4096;

type Queued = Extract<SourceSignal, { kind: "capture" | "progress" }>;

/** What the loss of captures comes to, in an operator's words. */
const LOSSES: Readonly<Record<DropReason, string>> = {
  queue_full: "more comes than can be looked at",
  rate: "more comes than its limit",
  overload: "more comes of all sources together than can be taken",
  too_late: "it comes too late to count",
  encode_failed: "it cannot be encoded",
  skew: "some of it is missing",
  outlier: "its times are not to be trusted",
  shutdown: "fusiond is stopping",
  failed: "a fault of fusiond: see the log",
  oversize: "a line was too long",
  malformed: "a line could not be read",
};
const IDLE = "nothing of it gets through";

/**
 * Runs sources through encoders into groups, and what the groups say into the committer.
 *
 * Sources tell steady time, which never steps; what enters a group is moved into event time at that moment, so that what
 * was on its way when the clock was set needs no care. A file that is replayed has its own event time.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #queues = new Map<string, BoundedQueue<Queued>>();
  readonly #liveQueues: BoundedQueue<Queued>[] = [];
  readonly #turns: Turns;
  readonly #stages = new Map<string, StageTimes>();
  readonly #journaled = new Map<string, number>();
  /** In their sources' own time. */
  readonly #witnesses = new Map<string, { readonly source: Source; readonly witness: InputWitness }>();
  readonly #abort = new AbortController();
  readonly #sourcesAbort = new AbortController();
  #sources: Promise<unknown> = Promise.resolve();
  #encoding: Promise<unknown> = Promise.resolve();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#turns = new Turns({ sliceMs: SLICE_MS, holdBack: () => options.alertsWait() && !this.#sourcesAbort.signal.aborted, holdMs: HOLD_MS });
    setMaxListeners(0, this.#sourcesAbort.signal); // every source listens to it
  }

  /** The queues between sources and encoders, for gauges. */
  get queues(): ReadonlyMap<string, { readonly size: number; readonly capacity: number; oldestAgeMs(): number }> {
    return this.#queues;
  }

  /** Starts every source; returns at once. A source that cannot go on rejects `ended`. */
  start(): void {
    const { committer, groups, gone = [] } = this.#options;
    for (const { groupId, removed } of gone) committer.forget(groupId, this.#messages(removed));
    for (const group of groups) this.#checkpoint(group, this.#messages(group.removed)); // what was recovered, and that nobody watched meanwhile
    this.#sources = Promise.all(this.#options.sources.map((source) => this.#run(source)));
    this.#sources.catch(() => undefined); // told by `ended`
    this.#tick();
  }

  /** Resolves when every source has ended by itself and what it told went through; rejects if one cannot go on. */
  async ended(): Promise<void> {
    await this.#sources;
    await this.#encoding;
  }

  /** Stops sources, finishes what is queued (unless the signal aborts), and hands a last checkpoint to the committer. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#sourcesAbort.abort();
    const drop = (): void => {
      for (const queue of this.#queues.values()) this.#dropped(queue.drain(), "shutdown");
    };
    if (signal.aborted) drop();
    signal.addEventListener("abort", drop);
    await Promise.allSettled([this.#sources]);
    for (const queue of this.#queues.values()) queue.close();
    await this.#encoding;
    signal.removeEventListener("abort", drop);
    this.#abort.abort();
    for (const group of this.#options.groups) this.#checkpoint(group, [], true);
  }

  async #run(source: Source): Promise<void> {
    const queues = source.modalities.map((modality) => this.#openQueue(source, modality));
    while (!(await this.#observed(source))) await delay(this.#options.clock, AGAIN_MS, this.#sourcesAbort.signal);
    for (const queue of queues) queue.close();
  }

  /** Takes what the source tells; resolves with whether that was all. A fault in one live source is no reason to end the others. */
  async #observed(source: Source): Promise<boolean> {
    const { signal: stopped } = this.#sourcesAbort;
    try {
      for await (const told of source.observe(stopped)) {
        const signal = inWholeMs(told);
        if (signal.kind === "state") this.#sourceState(source, signal);
        else if (signal.kind === "lost") this.#lost({ sourceId: source.id, modality: signal.modality }, signal.from, signal.to, LOSSES[signal.reason]);
        else await this.#enqueue(source, signal);
      }
      return true;
    } catch (error) {
      if (error instanceof FusiondError || source.finite || stopped.aborted) throw error;
      const { telemetry, clock } = this.#options;
      telemetry.failed("capture", error);
      this.#sourceState(source, { kind: "state", state: "recovering", at: Math.ceil(steadyNowMs(clock)), detail: "a fault of fusiond: see the log" });
      return false;
    }
  }

  #openQueue(source: Source, modality: Modality): BoundedQueue<Queued> {
    const onDrop = (item: Queued): void => this.#dropped([item], "queue_full");
    const queue = new BoundedQueue<Queued>(this.#options.queueCapacity(modality), source.finite ? "block" : "drop_oldest", onDrop, bytesOf);
    if (!source.finite) this.#liveQueues.push(queue);
    this.#queues.set(`${source.id} ${modality}`, queue);
    this.#witnesses.set(`${source.id} ${modality}`, { source, witness: new InputWitness({ sourceId: source.id, modality }) });
    this.#encoding = Promise.all([this.#encoding, this.#encodeAll(source, modality, queue)]);
    return queue;
  }

  #dropped(items: readonly Queued[], reason: DropReason): void {
    for (const item of items) {
      if (item.kind !== "capture") continue;
      const { capture } = item;
      this.#options.telemetry.dropped(capture.sourceId, reason, 1);
      if (reason !== "shutdown") this.#lost(capture, capture.capturedAt, capture.capturedAt, LOSSES[reason]);
    }
  }

  async #enqueue(source: Source, signal: Queued): Promise<void> {
    const modality = signal.kind === "capture" ? signal.capture.modality : signal.modality;
    if (signal.kind === "capture" && this.#options.committer.isFull && !source.finite) {
      this.#dropped([signal], "overload");
      return;
    }
    const taken = await this.#queues.get(`${source.id} ${modality}`)?.put(signal);
    if (taken !== true) this.#dropped([signal], "shutdown");
    if (!source.finite) this.#relieve();
  }

  /** Keeps what waits of all live sources within the budget. */
  #relieve(): void {
    for (let queue = overBudget(this.#liveQueues, this.#options.budget); queue !== undefined; queue = overBudget(this.#liveQueues, this.#options.budget)) {
      const oldest = queue.shift();
      if (oldest !== undefined) this.#dropped([oldest], "overload");
    }
  }

  async #encodeAll(source: Source, modality: Modality, queue: BoundedQueue<Queued>): Promise<void> {
    const { committer, groupOf, telemetry } = this.#options;
    const group = groupOf(source.id);
    const input = { sourceId: source.id, modality };
    for await (const item of queue) {
      if (source.finite) await committer.room();
      if (item.kind === "capture") await this.#turns.next();
      if (item.kind === "progress") this.#progress(group, source, input, item.time);
      else await this.#encode(group, source, item.capture);
      telemetry.progressed();
    }
    group.end(input);
  }

  #progress(group: GroupRunner, source: Source, input: Input, time: number): void {
    const { clock, eventClock } = this.#options;
    const eventNowMs = source.finite ? time : eventClock.nowMs();
    group.progress(input, time + this.#correctionMs(source), clock.monotonicNowMs(), eventNowMs);
    this.#witness(input, (witness) => witness.told(time));
  }

  /** Event time minus the source's own, ms. */
  #correctionMs(source: Source): number {
    return source.finite ? 0 : this.#options.eventClock.correctionMs;
  }

  async #encode(group: GroupRunner, source: Source, capture: Capture): Promise<void> {
    const { telemetry, clock } = this.#options;
    const captureMs = clock.epochMs + capture.receivedAtMs - endedAt(capture);
    telemetry.took("capture", Math.max(0, captureMs));
    const encoder = this.#options.encoders.get(capture.modality);
    assertInvariant(encoder !== undefined, `there is a tower for ${capture.modality}`);
    let encoded: Encoded;
    try {
      encoded = await encoder.encode(capture);
    } catch (error) {
      telemetry.failed("encode", error);
      telemetry.dropped(capture.sourceId, "encode_failed", 1);
      return this.#lost(capture, capture.capturedAt, capture.capturedAt, messageOf(error));
    }
    const encodeMs = clock.monotonicNowMs() - capture.receivedAtMs;
    telemetry.took("encode", encodeMs);
    if (encoded.unseen === undefined) this.#witness(capture, (witness) => witness.looked(capture.capturedAt, endedAt(capture)));
    else this.#lost(capture, capture.capturedAt, capture.capturedAt, encoded.unseen);
    const shiftMs = this.#correctionMs(source);
    for (const observation of encoded.observations) {
      const lost = this.#fuseOrDrop(group, { ...observation, capturedAt: observation.capturedAt + shiftMs }, captureMs, encodeMs);
      if (lost !== undefined) this.#lost(capture, capture.capturedAt, capture.capturedAt, LOSSES[lost]);
    }
    if (encoded.scan !== undefined) this.#scanned(group, capture.sourceId, encoded.scan.from + shiftMs, endedAt(capture) + shiftMs);
  }

  #scanned(group: GroupRunner, sourceId: string, from: number, to: number): void {
    this.#options.telemetry.scanned(sourceId, to);
    this.#write(group, group.scan(sourceId, from, to));
  }

  /** Whatever one observation does, it does to itself alone. Gives why it was not taken in. */
  #fuseOrDrop(group: GroupRunner, observation: Observation, captureMs: number, encodeMs: number): "failed" | "too_late" | undefined {
    const { telemetry } = this.#options;
    try {
      return this.#fuse(group, observation, captureMs, encodeMs) ? undefined : "too_late";
    } catch (error) {
      telemetry.failed("fuse", error);
      telemetry.dropped(observation.sourceId, "failed", 1);
      return "failed";
    }
  }

  /** Whether it was taken in; one that is late is not. */
  #fuse(group: GroupRunner, observation: Observation, captureMs: number, encodeMs: number): boolean {
    const { telemetry, clock } = this.#options;
    const startedMs = clock.monotonicNowMs();
    const entry = encodeEntry({ kind: "observation", observation }); // first: what cannot be written down is not taken in
    telemetry.observed(observation.sourceId, observation.modality, endedAt(observation));
    const result = group.observe(observation);
    telemetry.calibration(observation.sourceId, observation.modality, isWarm(observation.modality, group.cohort(observation)));
    const fuseMs = clock.monotonicNowMs() - startedMs;
    telemetry.took("fuse", fuseMs);
    this.#remember(observation.id, { capture: captureMs, encode: encodeMs, fuse: fuseMs });
    this.#write(group, result, entry);
    return result.step !== undefined;
  }

  #sourceState(source: Source, signal: Extract<SourceSignal, { kind: "state" }>): void {
    const shiftMs = this.#correctionMs(source);
    const witnesses = witnessesOf(source, signal);
    for (const change of witnessChanges(source.id, witnesses)) this.#witness(change, (witness) => witness.source(change));
    const transition = { ...signal, at: signal.at + shiftMs, witnesses: witnesses.map((one) => ({ ...one, at: one.at + shiftMs })) };
    const { telemetry, committer, health } = this.#options;
    telemetry.sourceState(source.id, transition);
    committer.add([], [health(source.id, transition)]);
  }

  #lost(input: Input, from: number, to: number, why: string): void {
    this.#witness(input, (witness) => witness.lost({ from, to, why }));
  }

  /** Asks the witness of an input, writes down what changed for absence, and tells how it stands. */
  #witness(input: Input, ask: (witness: InputWitness) => WitnessChange | undefined): void {
    const known = this.#witnesses.get(`${input.sourceId} ${input.modality}`);
    if (known === undefined) return; // its source does not run
    const { source, witness } = known;
    const before = witness.blind;
    const change = ask(witness);
    const group = this.#options.groupOf(input.sourceId);
    if (change !== undefined) this.#write(group, group.witness({ ...change, at: change.at + this.#correctionMs(source) }));
    if (change === undefined && witness.blind === before) return;
    this.#options.telemetry.witnessing(input.sourceId, input.modality, witness.witnesses, witness.blind);
  }

  /** `step`: the bytes of the result's step, where they are made already. */
  #write(group: GroupRunner, result: GroupResult, step?: Uint8Array): void {
    const { alerts, candidates } = result.publication;
    for (const incident of candidates) this.#options.candidate(incident);
    for (const event of result.events) this.#options.event(event);
    const entries = result.step === undefined ? [] : [step ?? encodeEntry(result.step)];
    if (alerts.length > 0) entries.push(encodeEntry({ kind: "passed", watermark: result.watermark }), ...alerts.map(encodeEntry));
    if (entries.length === 0) return;
    const journal = entries.map((bytes) => ({ groupId: group.groupId, bytes }));
    const outbox = alerts.map((revision) => this.#options.alert(revision, this.#stagesOf(revision)));
    this.#options.committer.add(journal, outbox);
    const count = (this.#journaled.get(group.groupId) ?? 0) + entries.length;
    this.#journaled.set(group.groupId, count);
    if (count >= CHECKPOINT_ENTRIES) this.#checkpoint(group);
  }

  #messages(revisions: readonly IncidentRevision[]): readonly OutboxMessage[] {
    return revisions.map((revision) => this.#options.alert(revision, undefined));
  }

  /** `whole`: with every background that changed, not only with those that are due. */
  #checkpoint(group: GroupRunner, outbox: readonly OutboxMessage[] = [], whole = false): void {
    const backgrounds = group.backgroundChanges(whole).map(({ place, written }) => (written === undefined ? { place } : { place, bytes: encodeBackground(written) }));
    const checkpoint = { groupId: group.groupId, bytes: encodeCheckpoint(group.checkpoint()), backgrounds };
    const tail = group.tail.map((step) => ({ groupId: group.groupId, bytes: encodeEntry(step) }));
    this.#options.committer.add(tail, outbox, checkpoint);
    this.#journaled.set(group.groupId, tail.length >= CHECKPOINT_ENTRIES ? 0 : tail.length);
  }

  #tick(): void {
    if (this.#abort.signal.aborted) return;
    const { clock, eventClock, groups } = this.#options;
    const step = eventClock.look();
    if (step !== undefined) this.#setClock(step);
    const nowMs = clock.monotonicNowMs();
    for (const group of groups) {
      for (const input of group.idle(nowMs)) this.#witness(input, (witness) => witness.idle(IDLE)); // the watermark passes it now
      this.#write(group, group.tick(nowMs, Math.floor(eventClock.nowMs())));
    }
    clock.after(TICK_MS, () => this.#tick());
  }

  #setClock(step: ClockStep): void {
    let eventsClosed = 0;
    for (const group of this.#options.groups) {
      const result = group.setClock(step);
      eventsClosed += result.events.length;
      this.#write(group, result);
      this.#checkpoint(group, [], true); // the journal so far is told in the old time
    }
    this.#options.telemetry.clockSet(step.toMs - step.fromMs, eventsClosed);
  }

  #remember(id: string, times: StageTimes): void {
    this.#stages.set(id, times);
    const oldest = this.#stages.keys().next();
    if (this.#stages.size > STAGES_MAX && oldest.done !== true) this.#stages.delete(oldest.value);
  }

  #stagesOf(revision: IncidentRevision): StageTimes | undefined {
    const newest = revision.incident.evidence.reduce<(typeof revision.incident.evidence)[number] | undefined>(
      (a, b) => (a === undefined || endedAt(b) > endedAt(a) ? b : a),
      undefined,
    );
    return newest === undefined ? undefined : this.#stages.get(newest.observationId);
  }
}

/** What a signal takes of the intake's budget, bytes. */
function bytesOf(signal: Queued): number {
  if (signal.kind === "progress") return 0;
  const { capture } = signal;
  if (capture.modality === "image") return capture.pixels.byteLength;
  return capture.modality === "audio" ? capture.samples.byteLength : capture.text.length * 2;
}
