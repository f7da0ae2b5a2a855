// The data path of a daemon: perception -> intake -> group -> commit. What is told leaves through the outbox.
import type { Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { IncidentRevision } from "../../rules/incident.js";
import type { GroupRunner } from "../groups/group-runner.js";
import { GroupWriter, type GroupWriterOptions } from "../intake/group-writer.js";
import { Intake } from "../intake/intake.js";
import { encodeEntry } from "../intake/journal-codec.js";
import { Perceiver } from "../perception/perceiver.js";
import type { WaitingBudget } from "../perception/waiting-budget.js";
import type { Report, ReportBase } from "../report/report.js";
import type { Clock } from "../runtime/clock.js";
import type { ClockStep, EventClock } from "../runtime/event-clock.js";
import { Turns } from "../runtime/turns.js";
import type { Source, SourceTransition } from "../sources/source.js";
import type { OutboxMessage } from "../store/store.js";
import type { PipelineTelemetry } from "./pipeline-telemetry.js";

/** Sources that are perceived in another process, whose reports are handed to `Pipeline.take`. */
export interface PerceptionElsewhere {
  /** Lets its sources be started. */
  begin(): void;
  /** Resolves when every source has ended by itself; rejects if one cannot go on. */
  ended(): Promise<void>;
  /** Resolves when what it had, unless the signal aborts, is taken in and it has gone. */
  stop(signal: AbortSignal): Promise<void>;
}

/** What the pipeline is made with. */
export interface PipelineOptions extends GroupWriterOptions {
  readonly sources: readonly Source[];
  readonly encoders: ReadonlyMap<Modality, Encoder>;
  /** Those of the other sources. */
  readonly elsewhere: readonly PerceptionElsewhere[];
  /** What the reports of its sources say. */
  readonly origin: Pick<ReportBase, "site" | "encoders" | "run">;
  readonly groups: readonly GroupRunner[];
  /** Groups of an earlier run that are not configured any more, and the ends of their incidents. */
  readonly gone?: readonly { readonly groupId: string; readonly removed: readonly IncidentRevision[] }[];
  /** The group of each source. */
  readonly groupOf: (sourceId: string) => GroupRunner;
  readonly clock: Clock;
  /** Turns what live sources tell, in steady time, into event time; followed by the pipeline's ticks. */
  readonly eventClock: EventClock;
  readonly telemetry: PipelineTelemetry;
  /** Captures of one source and modality that may wait for its encoder. */
  readonly queueCapacity: (modality: Modality) => number;
  /** Captures of all live sources that may wait. */
  readonly budget: WaitingBudget;
  /** Whether alerts are committed faster than they are published: captures then wait for them. */
  readonly alertsWait: () => boolean;
  /** The message of a source's transition. */
  readonly health: (sourceId: string, transition: SourceTransition) => OutboxMessage;
}

/** How long reports are taken in before the event loop turns, and how long they wait at most for alerts to be published, ms. */
const SLICE_MS = 5;
const HOLD_MS = 100;
/** How often time passes for groups in which nothing happens, and the wall clock is looked at, ms. */
const TICK_MS = 200;

/**
 * Runs sources through perception and intake into groups, and what the groups say into the committer.
 *
 * Sources tell steady time, which never steps; the intake moves it into event time.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #writer: GroupWriter;
  readonly #intake: Intake;
  readonly #perceiver: Perceiver;
  readonly #turns: Turns;
  /** When the event loop is to turn next while reports are taken in, performance.now(). */
  #sliceEndMs = 0;
  readonly #abort = new AbortController();

  constructor(options: PipelineOptions) {
    this.#options = options;
    const { committer, health } = options;
    const writer = new GroupWriter(options);
    const intake = new Intake({
      ...options,
      written: (step) => encodeEntry(step),
      write: (group, result, written) => writer.write(group, result, written),
      stages: (observationId, times) => writer.remember(observationId, times),
      health: (sourceId, transition) => committer.add([], [health(sourceId, transition)]),
    });
    this.#turns = new Turns({ sliceMs: SLICE_MS, holdBack: () => options.alertsWait() && !this.#abort.signal.aborted, holdMs: HOLD_MS });
    this.#writer = writer;
    this.#intake = intake;
    this.#perceiver = new Perceiver({
      ...options,
      report: (report) => intake.take(report),
      holdBack: options.alertsWait,
      isFull: () => committer.isFull,
    });
  }

  /** The queues between sources and encoders, for gauges. */
  get queues(): Perceiver["queues"] {
    return this.#perceiver.queues;
  }

  /** Inputs whose times are so far from the clock that the sources of their group cannot agree. */
  get astray(): Intake["astray"] {
    return this.#intake.astray;
  }

  /** Starts every source; returns at once. A source that cannot go on rejects `ended`. */
  start(): void {
    const { groups, gone = [] } = this.#options;
    for (const { groupId, removed } of gone) this.#writer.forget(groupId, removed);
    for (const group of groups) this.#writer.checkpoint(group, group.removed); // what was recovered, and that nobody watched meanwhile
    this.#perceiver.start();
    for (const perception of this.#options.elsewhere) perception.begin();
    this.#tick();
  }

  /** Resolves when every source has ended by itself and what it told went through; rejects if one cannot go on. */
  async ended(): Promise<void> {
    await Promise.all([this.#perceiver, ...this.#options.elsewhere].map((perception) => perception.ended()));
  }

  /**
   * Takes in a report of a source that is perceived elsewhere; waits while more cannot be written down. A slice of them has one turn:
   * each of its own would let but ten a second in while alerts wait to be published.
   */
  async take(report: Report): Promise<void> {
    if (this.#options.committer.isFull) await this.#options.committer.room();
    if (performance.now() >= this.#sliceEndMs) {
      await this.#turns.next();
      this.#sliceEndMs = performance.now() + SLICE_MS;
    }
    this.#intake.take(report);
  }

  /** A report of such a source was refused. */
  refuse(report: Report, why: string): void {
    this.#intake.refuse(report, why);
  }

  /** Stops sources, finishes what is queued (unless the signal aborts), and hands a last checkpoint to the committer. */
  async stop(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#perceiver, ...this.#options.elsewhere].map((perception) => perception.stop(signal)));
    this.#abort.abort();
    for (const group of this.#options.groups) this.#writer.checkpoint(group, [], true);
  }

  #tick(): void {
    if (this.#abort.signal.aborted) return;
    const { clock, eventClock } = this.#options;
    const step = eventClock.look();
    if (step !== undefined) this.#setClock(step);
    this.#intake.pass();
    clock.after(TICK_MS, () => this.#tick());
  }

  #setClock(step: ClockStep): void {
    let eventsClosed = 0;
    for (const group of this.#options.groups) {
      const result = group.take({ kind: "clock", ...step });
      eventsClosed += result.events.length;
      this.#writer.write(group, result);
      this.#writer.checkpoint(group, [], true); // the journal so far is told in the old time
    }
    this.#options.telemetry.clockSet(step.toMs - step.fromMs, eventsClosed);
  }
}
