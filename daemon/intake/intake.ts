// From reports to steps of their groups: the one way in, for a live daemon and for a replay.
import { isWarm } from "../../fusion/cohort.js";
import type { Modality } from "../../fusion/model/modality.js";
import { endedAt } from "../../fusion/model/observation.js";
import type { Input } from "../../fusion/watermark.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import type { GroupResult, GroupRunner } from "../groups/group-runner.js";
import type { Step } from "../groups/group-state.js";
import { LOSSES } from "../perception/losses.js";
import { InputWitness } from "../report/input-witness.js";
import type { HealthReport, ObservationReport, ProgressReport, Report, ReportBase, ScanReport, WitnessReport } from "../report/report.js";
import type { Clock } from "../runtime/clock.js";
import type { EventClock } from "../runtime/event-clock.js";
import type { SourceTransition } from "../sources/source.js";
import type { IntakeTelemetry } from "./intake-telemetry.js";

/** How long an observation took on its way, ms. */
export interface StageTimes {
  readonly capture: number;
  readonly encode: number;
  readonly fuse: number;
}

/** What the intake is made with. */
export interface IntakeOptions {
  /** The group of each source. */
  readonly groupOf: (sourceId: string) => GroupRunner;
  readonly clock: Clock;
  /** Turns steady time into event time. Absent: reports tell event time already, as those of files do that are replayed. */
  readonly eventClock?: EventClock;
  readonly telemetry: IntakeTelemetry;
  /** How a step is written down; called before its group takes it, so that what cannot be written is not taken in. */
  readonly written: (step: Step) => Uint8Array | undefined;
  /** What a group made of a step, with the step as it was written. */
  readonly write: (group: GroupRunner, result: GroupResult, written: Uint8Array | undefined) => void;
  /** How long an observation took on its way: told before what came of it. */
  readonly stages?: (observationId: string, times: StageTimes) => void;
  /** A source changed its state; times in event time. */
  readonly health?: (sourceId: string, transition: SourceTransition) => void;
}

/** What is known of one input here. */
interface Known {
  readonly input: Input;
  /** Healthy as perception says, and taken in: what comes too late is as good as not seen. */
  readonly witness: InputWitness;
  /** Why perception looks at nothing of it just now. */
  blind?: string | undefined;
}

const SILENT = "nothing of it gets through";

/**
 * Takes reports of all sources in, each in one step.
 *
 * Reports of one input must come in order. What enters a group is moved into event time at that moment, so that what was
 * on its way when the clock was set needs no care. Bound: one entry an input.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #inputs = new Map<string, Known>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Takes one report in. */
  take(report: Report): void {
    const group = this.#options.groupOf(report.sourceId);
    switch (report.kind) {
      case "observation":
        this.#observe(group, report);
        break;
      case "scan":
        this.#scan(group, report);
        break;
      case "progress":
        this.#progress(group, report);
        break;
      case "witness":
        this.#witness(report);
        break;
      case "health":
        this.#health(report);
        break;
      case "end":
        group.end(inputOf(report));
    }
    this.#options.telemetry.progressed();
  }

  /** Nothing of an input came for so long that its group goes on without it: until it tells more it is no witness. */
  silent(input: Input): void {
    this.#judge(input, (witness) => witness.idle(SILENT));
  }

  /** Event time minus the reports' own, ms. */
  get #shiftMs(): number {
    return this.#options.eventClock?.correctionMs ?? 0;
  }

  /** Whatever one observation does, it does to itself alone; what is not taken in was not seen. */
  #observe(group: GroupRunner, report: ObservationReport): void {
    const { telemetry } = this.#options;
    const { sourceId, capturedAt } = report.observation;
    const lost = (why: string): boolean => this.#judge(inputOf(report), (witness) => witness.lost({ from: capturedAt, to: capturedAt, why }));
    try {
      if (!this.#fuse(group, report)) lost(LOSSES.too_late);
    } catch (error) {
      telemetry.failed("fuse", error);
      telemetry.dropped(sourceId, "failed", 1);
      lost(LOSSES.failed);
    }
  }

  /** Whether it was taken in; one that is late is not. */
  #fuse(group: GroupRunner, { observation: told, captureMs, encodeMs }: ObservationReport): boolean {
    const { telemetry, clock, written, stages, write } = this.#options;
    const startedMs = clock.monotonicNowMs();
    const observation = { ...told, capturedAt: told.capturedAt + this.#shiftMs };
    const { sourceId, modality } = observation;
    const bytes = written({ kind: "observation", observation });
    telemetry.observed(sourceId, modality, endedAt(observation));
    const result = group.observe(observation);
    telemetry.calibration(sourceId, modality, isWarm(modality, group.cohort(observation)));
    const fuseMs = clock.monotonicNowMs() - startedMs;
    telemetry.took("fuse", fuseMs);
    stages?.(observation.id, { capture: captureMs, encode: encodeMs, fuse: fuseMs });
    write(group, result, bytes);
    return result.step !== undefined;
  }

  #scan(group: GroupRunner, { sourceId, from, to }: ScanReport): void {
    const shiftMs = this.#shiftMs;
    this.#options.telemetry.scanned(sourceId, to + shiftMs);
    this.#write(group, group.scan(sourceId, from + shiftMs, to + shiftMs));
  }

  #progress(group: GroupRunner, report: ProgressReport): void {
    const { clock, eventClock } = this.#options;
    const input = inputOf(report);
    group.progress(input, report.time + this.#shiftMs, clock.monotonicNowMs(), eventClock?.nowMs() ?? report.time);
    this.#judge(input, (witness) => witness.told(report.time));
  }

  #witness(report: WitnessReport): void {
    const { at, healthy, why } = report;
    const known = this.#known(inputOf(report));
    const toldBefore = known.blind;
    known.blind = why;
    if (!this.#judge(known.input, (witness) => witness.source({ healthy, at })) && toldBefore !== why) this.#tellWitness(known);
  }

  #health({ sourceId, state, at, detail, witnesses }: HealthReport): void {
    const shiftMs = this.#shiftMs;
    const moved = witnesses.map((one) => ({ ...one, at: one.at + shiftMs }));
    const transition = { state, at: at + shiftMs, ...(detail === undefined ? {} : { detail }), witnesses: moved };
    this.#options.telemetry.sourceState(sourceId, transition);
    this.#options.health?.(sourceId, transition);
  }

  /** Asks the witness of an input and writes down what changed for absence. Whether anything changed. */
  #judge(input: Input, ask: (witness: InputWitness) => WitnessChange | undefined): boolean {
    const known = this.#known(input);
    const before = known.witness.blind;
    const change = ask(known.witness);
    if (change !== undefined) {
      const group = this.#options.groupOf(input.sourceId);
      this.#write(group, group.witness({ ...change, at: change.at + this.#shiftMs }));
    }
    const changed = change !== undefined || known.witness.blind !== before;
    if (changed) this.#tellWitness(known);
    return changed;
  }

  #tellWitness({ input: { sourceId, modality }, witness, blind }: Known): void {
    this.#options.telemetry.witnessing(sourceId, modality, witness.witnesses, blind ?? witness.blind);
  }

  #known(input: Input): Known {
    const key = `${input.sourceId} ${input.modality}`;
    const known = this.#inputs.get(key) ?? { input, witness: new InputWitness(input, true) };
    this.#inputs.set(key, known);
    return known;
  }

  #write(group: GroupRunner, result: GroupResult): void {
    this.#options.write(group, result, undefined);
  }
}

function inputOf({ sourceId, modality }: Pick<ReportBase, "sourceId" | "modality">): { sourceId: string; modality: Modality } {
  return { sourceId, modality };
}
