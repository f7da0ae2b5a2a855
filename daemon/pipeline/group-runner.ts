// One group at work: its fold, its watermark and its ledger of what was told.
import type { Cohort } from "../../fusion/cohort.js";
import type { EventChange } from "../../fusion/clusterer.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Observation } from "../../fusion/model/observation.js";
import { SpeculativeFold } from "../../fusion/speculative-fold.js";
import { GroupWatermark, type Input } from "../../fusion/watermark.js";
import { PublicationLedger, type Publication } from "../../rules/publication.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import { GroupState, stepOrder, type GroupStateOptions, type Step, type StepOutput } from "./group-state.js";
import type { GroupCheckpoint, JournalValue } from "./journal.js";
import { withoutVectors, type Forgotten } from "./other-encoders.js";
import type { GroupTelemetry } from "./pipeline-telemetry.js";

/** What a group is made with. */
export interface GroupRunnerOptions {
  readonly groupId: string;
  /** Which encoders make the vectors that come in: those of others never meet them. */
  readonly encoders: string;
  readonly state: GroupStateOptions;
  readonly inputs: readonly Input[];
  readonly allowedLatenessMs: number;
  readonly idleAfterMs: number;
  readonly updateEveryMs: (ruleId: string) => number;
}

/** What a group wants written down and told after a step. */
export interface GroupResult {
  readonly groupId: string;
  /** Absent where nothing new was taken in: time passed, or the step was late. */
  readonly step?: Step;
  readonly publication: Publication;
  /** How far the group is complete: what was told may rest on it. */
  readonly watermark: number;
  /** Events that were founded, grew or ended within what the watermark has newly committed, each as it then stood. */
  readonly events: readonly FusionEvent[];
}

/**
 * Takes the steps of one group in, in whatever order they come, and says what is to be told.
 *
 * Pure but for its telemetry: both clocks come in as values. Bound: the fold's tail, the clusterer's open events.
 */
export class GroupRunner {
  readonly groupId: string;
  readonly #options: GroupRunnerOptions;
  readonly #watermark: GroupWatermark;
  readonly #telemetry: GroupTelemetry;
  #fold: SpeculativeFold<Step, StepOutput, GroupState>;
  #ledger: PublicationLedger;
  /** What the recovery did, to be counted and told when time passes first. */
  #recovered: readonly StepOutput[] = [];

  constructor(options: GroupRunnerOptions, telemetry: GroupTelemetry) {
    this.groupId = options.groupId;
    this.#options = options;
    this.#telemetry = telemetry;
    this.#watermark = new GroupWatermark(options);
    this.#fold = new SpeculativeFold(new GroupState(options.state), stepOrder);
    this.#ledger = new PublicationLedger(options.updateEveryMs);
  }

  /**
   * Takes up what an earlier run left: its checkpoint and its journal since, in the order written. Nobody witnessed
   * anything from its last sign of life on, whether or not the configuration still has them. A checkpoint must be written
   * before anything else is taken in.
   *
   * Where other encoders made its vectors, all but those goes on; what it had to do without is returned.
   */
  recover(checkpoint: GroupCheckpoint | undefined, journal: readonly JournalValue[]): Forgotten | undefined {
    const isOurs = checkpoint === undefined ? journal.length === 0 : checkpoint.encoders === this.#options.encoders;
    if (isOurs) {
      this.#recover(checkpoint, journal);
      return undefined;
    }
    const kept = withoutVectors(checkpoint, journal);
    this.#recover(kept.checkpoint, kept.journal);
    this.#recovered = kept.closed.map((event) => ({ kind: "event", change: { kind: "closed", event } }));
    return kept.forgotten;
  }

  #recover(checkpoint: GroupCheckpoint | undefined, journal: readonly JournalValue[]): void {
    const state = new GroupState(this.#options.state, checkpoint?.state);
    this.#fold = new SpeculativeFold(state, stepOrder, checkpoint?.watermark);
    const told = new Map((checkpoint?.told ?? []).map((one) => [one.incident.id, one]));
    let blindFrom = checkpoint?.watermark ?? -Infinity;
    for (const entry of journal) {
      if ("revision" in entry) {
        told.set(entry.incident.id, entry);
      } else if (entry.kind === "passed") {
        this.#fold.advance(entry.watermark);
        blindFrom = Math.max(blindFrom, entry.watermark);
      } else {
        this.#fold.observe(entry);
        blindFrom = Math.max(blindFrom, stepOrder.timeOf(entry));
      }
    }
    this.#ledger = new PublicationLedger(this.#options.updateEveryMs, told.values());
    for (const { sourceId, modality } of this.#fold.now.witnessing) {
      this.#fold.observe({ kind: "witness", change: { sourceId, modality, at: blindFrom + 1, healthy: false } });
    }
  }

  /** Everything an equal runner needs to go on from here, the steps of the tail excluded. */
  checkpoint(): GroupCheckpoint {
    return { encoders: this.#options.encoders, watermark: this.#fold.watermark, state: this.#fold.committed.data, told: this.#ledger.told };
  }

  /** Steps since the watermark, in canonical order: they follow the checkpoint in the journal. */
  get tail(): readonly Step[] {
    return this.#fold.tail;
  }

  get watermark(): number {
    return this.#fold.watermark;
  }

  /** The cohort of an input in the state now, if it has any sample. */
  cohort(input: Input): Cohort | undefined {
    return this.#fold.now.cohort(input.sourceId, input.modality);
  }

  get openEvents(): number {
    return this.#fold.now.openCount;
  }

  /** Takes an observation in. A late one changes nothing and is counted. */
  observe(observation: Observation): GroupResult {
    return this.#take({ kind: "observation", observation });
  }

  /** A source became healthy, or stopped being so. What is learned too late to be judged by counts from the watermark on. */
  witness(change: WitnessChange): GroupResult {
    return this.#take({ kind: "witness", change: { ...change, at: Math.max(change.at, this.#fold.watermark + 1) } });
  }

  /** An input has told all that ends at or before `time`. */
  progress(input: Input, time: number, nowMs: number): void {
    this.#watermark.progress(input, time, nowMs);
  }

  /** An input has told its last. */
  end(input: Input): void {
    this.#watermark.end(input);
  }

  /** Lets time pass as far as the inputs allow. */
  tick(nowMs: number, wallNowMs: number): GroupResult {
    return this.advanceTo(this.#watermark.at(nowMs, wallNowMs));
  }

  /** Commits everything up to `watermark`, whatever the inputs say: a replay knows better. */
  advanceTo(watermark: number): GroupResult {
    const outputs = [...this.#recovered, ...(Number.isFinite(watermark) ? this.#fold.advance(watermark) : [])];
    this.#recovered = [];
    this.#count(outputs);
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, watermark)), events: changedEvents(outputs) };
  }

  #take(step: Step): GroupResult {
    const time = stepOrder.timeOf(step);
    const arrival = this.#fold.observe(step);
    if (arrival !== "in_order" && step.kind === "observation") this.#telemetry.late(this.groupId, arrival === "late" ? "dropped" : "refolded");
    if (arrival === "late") return this.#result({ alerts: [], candidates: [] });
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, time)), step };
  }

  #result(publication: Publication): GroupResult {
    return { groupId: this.groupId, publication, watermark: this.#fold.watermark, events: [] };
  }

  #count(outputs: readonly StepOutput[]): void {
    for (const output of outputs) {
      if (output.kind === "event") this.#countEvent(output.change);
      else if (output.note.kind === "incident") this.#telemetry.incident(output.note.incident);
      else this.#telemetry.suppressed(output.note.ruleId, output.note.reason);
    }
  }

  #countEvent(change: EventChange): void {
    if (change.kind === "merged") this.#telemetry.eventEnded(this.groupId, "merged");
    if (change.kind === "closed") this.#telemetry.eventEnded(this.groupId, change.event.closeReason ?? "gap");
  }
}

/** The newest revision of each event among the outputs. */
function changedEvents(outputs: readonly StepOutput[]): readonly FusionEvent[] {
  const newest = new Map<string, FusionEvent>();
  for (const output of outputs) {
    if (output.kind !== "event") continue;
    const { change } = output;
    newest.set(change.event.id, change.event);
    if (change.kind === "merged") newest.set(change.from.id, change.from);
  }
  return [...newest.values()];
}
