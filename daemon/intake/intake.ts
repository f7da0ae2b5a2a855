// From reports to steps of their groups: the one way in, for a live daemon and for a replay.
import { isWarm } from "../../fusion/cohort.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import { endedAt } from "../../fusion/model/observation.js";
import type { Input } from "../../fusion/watermark.js";
import type { GroupResult, GroupRunner } from "../groups/group-runner.js";
import type { GroupStep, Step } from "../groups/step.js";
import { LOSSES } from "../perception/losses.js";
import type { HealthReport, ObservationReport, ProgressReport, Report, ScanReport, WitnessReport } from "../report/report.js";
import type { Clock } from "../runtime/clock.js";
import type { EventClock } from "../runtime/event-clock.js";
import type { SourceTransition } from "../sources/source.js";
import type { IntakeTelemetry } from "./intake-telemetry.js";
import { SilentInputs, type Astray, type Standing, type Witnessed } from "./silent-inputs.js";
import { originOf, stepOf } from "./step-of.js";

/** How long an observation took on its way, ms. */
export interface StageTimes {
  readonly capture: number;
  readonly encode: number;
  readonly fuse: number;
}

/** What the intake is made with. */
export interface IntakeOptions {
  readonly groups: readonly GroupRunner[];
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

/**
 * Takes reports of all sources in, each once and in one step, and adds what only silence tells.
 *
 * What enters a group is moved into event time at that moment, so that what was on its way when the clock was set needs no
 * care. Bound: what `SilentInputs` and the groups know of each input.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #silent: ReadonlyMap<GroupRunner, SilentInputs>;
  readonly #told = new Map<string, Standing>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#silent = new Map(options.groups.map((group) => [group, new SilentInputs(group)]));
  }

  /** Inputs whose times are so far from the clock that the sources of their group cannot agree. */
  get astray(): readonly Astray[] {
    return [...this.#silent.values()].flatMap((silent) => silent.astray);
  }

  /** Takes one report in. One that was taken already, or that comes so late that nobody knows, changes nothing and is counted. */
  take(report: Report): void {
    const { groupOf, telemetry } = this.#options;
    const group = groupOf(report.sourceId);
    const admission = group.admit(report);
    if (admission === "new") this.#takeIn(group, report);
    else telemetry.refused(report.sourceId, admission);
    if (admission === "late" && report.kind === "observation") this.#lost(group, report, LOSSES.too_late);
    telemetry.progressed();
  }

  /** A report was refused before it came here: what it showed was not seen. */
  refuse(report: Report, why: string): void {
    const group = this.#options.groupOf(report.sourceId);
    this.#witnessed(group, report, this.#silentOf(group).refused(report, report.kind === "witness", why));
  }

  /** Lets time pass: nobody waits any longer for who has fallen silent, and the groups go on as far as their inputs allow. */
  pass(): void {
    const { clock, eventClock } = this.#options;
    const nowMs = clock.monotonicNowMs();
    const eventNowMs = Math.floor(eventClock?.nowMs() ?? -Infinity);
    for (const [group, silent] of this.#silent) {
      for (const { input, witnessed } of silent.look(nowMs)) {
        this.#step(group, { kind: "idle", input });
        this.#witnessed(group, input, witnessed);
      }
      this.#step(group, { kind: "tick", eventNowMs });
    }
  }

  #takeIn(group: GroupRunner, report: Report): void {
    switch (report.kind) {
      case "observation":
        return this.#observe(group, report);
      case "scan":
        return this.#scan(group, report);
      case "progress":
        return this.#progress(group, report);
      case "witness":
        return this.#witness(group, report);
      case "health":
        return this.#health(report);
      case "end":
        this.#step(group, stepOf(report, this.#shiftMs));
        return this.#witnessed(group, report, this.#silentOf(group).end(report));
    }
  }

  /** Event time minus the reports' own, ms. */
  get #shiftMs(): number {
    return this.#options.eventClock?.correctionMs ?? 0;
  }

  /** Whatever one observation does, it does to itself alone; what is not taken in was not seen. */
  #observe(group: GroupRunner, report: ObservationReport): void {
    const { telemetry } = this.#options;
    try {
      if (!this.#fuse(group, report)) this.#lost(group, report, LOSSES.too_late);
    } catch (error) {
      telemetry.failed("fuse", error);
      telemetry.dropped(report.sourceId, "failed", 1);
      this.#lost(group, report, LOSSES.failed);
    }
  }

  /** Whether it was taken in; one that is late is not. */
  #fuse(group: GroupRunner, report: ObservationReport): boolean {
    const { telemetry, clock, written, stages, write } = this.#options;
    const startedMs = clock.monotonicNowMs();
    const step = stepOf(report, this.#shiftMs);
    const { observation } = step;
    const { sourceId, modality } = observation;
    const bytes = written(step);
    telemetry.observed(sourceId, modality, endedAt(observation));
    const result = group.take(step);
    telemetry.calibration(sourceId, modality, isWarm(modality, group.cohort(observation)));
    const fuseMs = clock.monotonicNowMs() - startedMs;
    telemetry.took("fuse", fuseMs);
    stages?.(observation.id, { capture: report.captureMs, encode: report.encodeMs, fuse: fuseMs });
    write(group, result, bytes);
    return result.late !== true;
  }

  #scan(group: GroupRunner, report: ScanReport): void {
    const step = stepOf(report, this.#shiftMs);
    this.#options.telemetry.scanned(report.sourceId, step.to);
    this.#step(group, step);
  }

  #progress(group: GroupRunner, report: ProgressReport): void {
    const { clock, eventClock } = this.#options;
    const step = stepOf(report, this.#shiftMs);
    this.#step(group, step);
    const lagMs = eventClock === undefined ? 0 : eventClock.nowMs() - step.time;
    this.#witnessed(group, report, this.#silentOf(group).progress(report, { time: report.time, lagMs, origin: originOf(report) }, clock.monotonicNowMs()));
  }

  #witness(group: GroupRunner, report: WitnessReport): void {
    const { change } = stepOf(report, 0);
    this.#witnessed(group, report, this.#silentOf(group).witness({ change, origin: originOf(report) }, report.why));
  }

  #lost(group: GroupRunner, report: ObservationReport, why: string): void {
    this.#witnessed(group, report, this.#silentOf(group).lost(report, report.observation.capturedAt, originOf(report), why));
  }

  #health({ sourceId, state, at, detail, witnesses }: HealthReport): void {
    const shiftMs = this.#shiftMs;
    const moved = witnesses.map((one) => ({ ...one, at: one.at + shiftMs }));
    const transition = { state, at: at + shiftMs, ...(detail === undefined ? {} : { detail }), witnesses: moved };
    this.#options.telemetry.sourceState(sourceId, transition);
    this.#options.health?.(sourceId, transition);
  }

  /** Writes down what changed for absence, and tells how the input stands if that is news. */
  #witnessed(group: GroupRunner, { sourceId, modality }: Input, witnessed: Witnessed | undefined): void {
    if (witnessed !== undefined) {
      const { change, origin } = witnessed;
      this.#step(group, { kind: "witness", change: { ...change, at: change.at + this.#shiftMs }, origin });
    }
    const key = `${sourceId} ${modality}`;
    const { witnesses, blind } = this.#silentOf(group).standing({ sourceId, modality });
    const told = this.#told.get(key) ?? { witnesses: false, blind: undefined };
    if (told.witnesses === witnesses && told.blind === blind) return;
    this.#told.set(key, { witnesses, blind });
    this.#options.telemetry.witnessing(sourceId, modality, witnesses, blind);
  }

  #step(group: GroupRunner, step: GroupStep): void {
    this.#options.write(group, group.take(step), undefined);
  }

  #silentOf(group: GroupRunner): SilentInputs {
    const silent = this.#silent.get(group);
    assertInvariant(silent !== undefined, `${group.groupId} is a group of this intake`);
    return silent;
  }
}
