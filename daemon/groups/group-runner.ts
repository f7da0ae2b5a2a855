// One group at work: its fold, its watermark and its ledger of what was told.
import type { Cohort } from "../../fusion/cohort.js";
import type { EventChange } from "../../fusion/clusterer.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Backgrounds } from "../../fusion/backgrounds.js";
import { SpeculativeFold } from "../../fusion/speculative-fold.js";
import { GroupWatermark, type Input } from "../../fusion/watermark.js";
import type { RuleExplanation } from "../../rules/explanation.js";
import type { Incident, IncidentRevision } from "../../rules/incident.js";
import { underRules } from "../../rules/other-rules.js";
import { goesOn } from "../../rules/rule-engine.js";
import { PublicationLedger, type Publication, type Told } from "../../rules/publication.js";
import { BackgroundRows, type BackgroundChange } from "./background-rows.js";
import { GroupState, type GroupStateData, type GroupStateOptions, type StepOutput } from "./group-state.js";
import { isTold, type GroupCheckpoint, type JournalValue, type WrittenBackground } from "./journal.js";
import { withoutVectors, type Forgotten } from "./other-encoders.js";
import type { GroupTelemetry } from "./group-telemetry.js";
import { stepOrder, type GroupStep, type Step } from "./step.js";
import { TakenReports, type Admission, type ReportKey } from "./taken-reports.js";

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
  /** What is to be written down; absent where the fold took nothing new in. */
  readonly step?: Step;
  /** The step's moment was complete already: it was not taken in. */
  readonly late?: true;
  readonly publication: Publication;
  /** How far the group is complete: what was told may rest on it. */
  readonly watermark: number;
  /** Events that were founded, grew or ended within what the watermark has newly committed, each as it then stood. */
  readonly events: readonly FusionEvent[];
}

/** What a group took up from an earlier run. */
export interface Recovery {
  /** What it had to do without, where other encoders made its vectors. */
  readonly forgotten?: Forgotten;
  /** How far it had to be set back, ms, because it was written under a clock that ran ahead of the present one. */
  readonly setBackMs?: number;
}

const NOTHING: Publication = { alerts: [], candidates: [] };

/**
 * Takes the steps of one group in, in whatever order they come, and says what is to be told.
 *
 * Given the same steps in the same order it gives the same results: it has no clock, and all that it depends on is a step.
 * Pure but for its telemetry. Bound: the fold's tail, the clusterer's open events, what `TakenReports` remembers.
 */
export class GroupRunner {
  readonly groupId: string;
  readonly #options: GroupRunnerOptions;
  readonly #watermark: GroupWatermark;
  readonly #telemetry: GroupTelemetry;
  readonly #backgroundRows: BackgroundRows;
  #fold: SpeculativeFold<Step, StepOutput, GroupState>;
  #ledger: PublicationLedger;
  #taken = new TakenReports();
  #removed: readonly IncidentRevision[] = [];
  /** What the recovery did, to be counted and told when time passes first. */
  #recovered: readonly StepOutput[] = [];

  constructor(options: GroupRunnerOptions, telemetry: GroupTelemetry) {
    this.groupId = options.groupId;
    this.#options = options;
    this.#telemetry = telemetry;
    this.#watermark = new GroupWatermark(options);
    this.#backgroundRows = new BackgroundRows({ encoders: options.encoders, settleAfterMs: options.state.settleAfterMs });
    this.#fold = new SpeculativeFold(new GroupState(options.state), stepOrder);
    this.#ledger = new PublicationLedger(options.updateEveryMs);
  }

  /** Who tells this group what. */
  get inputs(): readonly Input[] {
    return this.#options.inputs;
  }

  /** How long an input may say nothing until it is idle, ms; Infinity in a replay. */
  get idleAfterMs(): number {
    return this.#options.idleAfterMs;
  }

  /**
   * Takes up what an earlier run left: its checkpoint and its journal since, in the order written. Nobody witnessed
   * anything from its last sign of life on, whether or not the configuration still has them. A checkpoint must be written
   * before anything else is taken in.
   *
   * `written`: as each place's was last written, with the checkpoint or before. Where other encoders made its vectors, all
   * but those goes on. What was written under a clock that ran ahead of `eventNowMs` is set back to it, as when the clock is
   * set while running.
   */
  recover(checkpoint: GroupCheckpoint | undefined, journal: readonly JournalValue[], eventNowMs = Infinity, written: readonly WrittenBackground[] = []): Recovery {
    const isOurs = checkpoint === undefined ? journal.length === 0 : checkpoint.encoders === this.#options.encoders;
    const kept = isOurs ? undefined : withoutVectors(checkpoint, journal);
    this.#recovered = (kept?.closed ?? []).map((event) => ({ kind: "event", change: { kind: "closed", event } }));
    const backgrounds = this.#backgroundRows.recover(written, (sourceId) => this.#options.inputs.some((input) => input.sourceId === sourceId));
    this.#taken = new TakenReports(checkpoint?.taken?.filter((one) => this.#isOfGroup(one)));
    for (const report of journal.flatMap(reportOf)) if (this.#isOfGroup(report)) this.#taken.admit(report);
    const setBackMs = this.#recover(kept?.checkpoint ?? checkpoint, kept?.journal ?? journal, backgrounds, eventNowMs);
    this.#removed = this.#ledger.remove((incident) => this.#looksFor(incident, checkpoint), Number.isFinite(eventNowMs) ? Math.floor(eventNowMs) : -Infinity);
    return { ...(kept === undefined ? {} : { forgotten: kept.forgotten }), ...(setBackMs === 0 ? {} : { setBackMs }) };
  }

  /** Gives how far it was set back, ms. */
  #recover(checkpoint: GroupCheckpoint | undefined, journal: readonly JournalValue[], backgrounds: Backgrounds, eventNowMs: number): number {
    const told = new Map([...(checkpoint?.told ?? []), ...journal.filter(isTold)].map((one) => [one.incident.id, one]));
    const state = new GroupState(this.#options.state, this.#underTodaysRules(checkpoint, told), backgrounds);
    this.#fold = new SpeculativeFold(state, stepOrder, checkpoint?.watermark);
    let blindFrom = checkpoint?.watermark ?? -Infinity;
    for (const entry of journal) {
      if (isTold(entry)) continue;
      if (entry.kind === "passed") {
        this.#fold.advance(entry.watermark);
        blindFrom = Math.max(blindFrom, entry.watermark);
      } else {
        this.#fold.observe(entry);
        blindFrom = Math.max(blindFrom, stepOrder.timeOf(entry));
      }
    }
    this.#ledger = new PublicationLedger(this.#options.updateEveryMs, told.values());
    const setBackMs = Number.isFinite(blindFrom) ? Math.max(0, blindFrom + 1 - Math.floor(eventNowMs)) : 0;
    if (setBackMs > 0) this.#recovered = [...this.#recovered, ...this.#shift(-setBackMs)];
    for (const { sourceId, modality } of this.#fold.now.witnessing) {
      this.#fold.observe({ kind: "witness", change: { sourceId, modality, at: blindFrom + 1 - setBackMs, healthy: false } });
    }
    return setBackMs;
  }

  #underTodaysRules(checkpoint: GroupCheckpoint | undefined, told: ReadonlyMap<string, Told>): GroupStateData | undefined {
    if (checkpoint === undefined) return undefined;
    const incidents = [...told.values()].map(({ incident }) => incident);
    return { ...checkpoint.state, rules: underRules(this.#options.state.rules, checkpoint.state.rules, incidents) };
  }

  /** The ends of incidents that were firing under rules that are gone or look for something else now: to be told with the first checkpoint. */
  get removed(): readonly IncidentRevision[] {
    return this.#removed;
  }

  #looksFor(incident: Incident, checkpoint: GroupCheckpoint | undefined): boolean {
    const rule = this.#options.state.rules.rules.find(({ id }) => id === incident.ruleId);
    const before = checkpoint?.state.rules.rules.get(incident.ruleId);
    return rule !== undefined && (before === undefined || goesOn(rule, before));
  }

  /** Backgrounds that are to be written with a checkpoint that is made now; `all`: whatever changed of them, not only what is due. */
  backgroundChanges(all = false): readonly BackgroundChange[] {
    return this.#backgroundRows.changes(this.#fold.committed.backgrounds, all);
  }

  /** Everything an equal runner needs to go on from here, the steps of the tail and the backgrounds excluded. */
  checkpoint(): GroupCheckpoint {
    const { encoders } = this.#options;
    return { encoders, watermark: this.#fold.watermark, state: this.#fold.committed.data, told: this.#ledger.told, taken: this.#taken.taken };
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

  /** How a rule stands in the state now, at `nowMs` of event time; undefined if it does not watch this group. */
  explain(ruleId: string, nowMs: number): RuleExplanation | undefined {
    return this.#fold.now.explain(ruleId, this.#options.inputs, nowMs);
  }

  /**
   * Whether a report of one of its inputs is to be taken; asked once for each, before anything is made of it. What was taken
   * is remembered with the checkpoint, and with the steps in the journal that say which report they were made of.
   */
  admit(report: ReportKey): Admission {
    return this.#taken.admit(report);
  }

  /**
   * Takes one step in. After `clock` a checkpoint must be written before anything else is taken in.
   *
   * An observation or a scan that is late changes nothing; what is learned of a witness too late to be judged by counts from
   * the watermark on. Throws what the fold throws: the step is then not taken, and all is as it was.
   */
  take(step: GroupStep): GroupResult {
    switch (step.kind) {
      case "observation":
      case "scan":
        return this.#takeIn(step);
      case "witness":
        return this.#takeIn({ ...step, change: { ...step.change, at: Math.max(step.change.at, this.#fold.watermark + 1) } });
      case "progress":
        this.#watermark.progress(step.input, step.time);
        return this.#result(NOTHING);
      case "idle":
        this.#watermark.idle(step.input);
        return this.#result(NOTHING);
      case "end":
        this.#watermark.end(step.input);
        return this.#result(NOTHING);
      case "tick":
        return this.#passTo(this.#watermark.at(step.eventNowMs));
      case "complete":
        return this.#passTo(step.to);
      case "clock":
        return this.#setClock(step.fromMs, step.toMs);
    }
  }

  /**
   * Within the allowed lateness nothing is done. Forward: time goes on from there, and nobody witnessed what it left out.
   * Back: the state now is what is committed; its open events close, all else goes on with every moment moved along, and
   * the watermark with it.
   */
  #setClock(fromMs: number, toMs: number): GroupResult {
    const shiftMs = toMs - fromMs;
    if (Math.abs(shiftMs) <= this.#options.allowedLatenessMs && toMs > this.watermark) return this.#result(NOTHING);
    if (shiftMs > 0) {
      for (const step of this.#unwitnessed(fromMs, toMs)) this.#fold.observe(step);
      return this.#result(NOTHING);
    }
    const closed = this.#shift(shiftMs);
    this.#count(closed);
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, toMs, this.#fold.watermark)), events: changedEvents(closed) };
  }

  /** Commits everything up to `watermark`. */
  #passTo(watermark: number): GroupResult {
    const outputs = [...this.#recovered, ...(Number.isFinite(watermark) ? this.#fold.advance(watermark) : [])];
    this.#recovered = [];
    this.#count(outputs);
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, watermark, this.#fold.watermark)), events: changedEvents(outputs) };
  }

  /** Whoever watches did not watch between two moments. */
  #unwitnessed(fromMs: number, toMs: number): readonly Step[] {
    return this.#fold.now.witnessing.flatMap(({ sourceId, modality }) => {
      const at = Math.max(fromMs, this.#fold.watermark + 1) + 1; // after whatever was reported, even too late
      const change = { sourceId, modality };
      return [
        { kind: "witness", change: { ...change, at, healthy: false } },
        { kind: "witness", change: { ...change, at: Math.max(toMs, at + 1), healthy: true } },
      ] satisfies readonly Step[];
    });
  }

  /** Moves all that the group knows in time; gives the events that this closes. */
  #shift(shiftMs: number): readonly StepOutput[] {
    const { state, closed } = this.#fold.now.shifted(shiftMs);
    this.#fold = new SpeculativeFold(state, stepOrder, this.#fold.watermark + shiftMs);
    this.#ledger = this.#ledger.shifted(shiftMs);
    this.#watermark.shift(shiftMs);
    return closed;
  }

  #takeIn(step: Step): GroupResult {
    const time = stepOrder.timeOf(step);
    const arrival = this.#fold.observe(step);
    if (step.kind === "observation" && (arrival === "late" || arrival === "refolded")) this.#telemetry.late(this.groupId, arrival === "late" ? "dropped" : "refolded");
    if (arrival === "late") return { ...this.#result(NOTHING), late: true };
    if (arrival === "known") return this.#result(NOTHING);
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, time, this.#fold.watermark)), step };
  }

  #result(publication: Publication): GroupResult {
    return { groupId: this.groupId, publication, watermark: this.#fold.watermark, events: [] };
  }

  #isOfGroup({ sourceId, modality }: Input): boolean {
    return this.#options.inputs.some((input) => input.sourceId === sourceId && input.modality === modality);
  }

  #count(outputs: readonly StepOutput[]): void {
    for (const output of outputs) {
      if (output.kind === "event") this.#countEvent(output.change);
      else if (output.note.kind === "incident") this.#telemetry.incident(output.note.incident);
      else this.#telemetry.suppressed(output.note);
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

/** The report that an entry was made of, if it was of one. */
function reportOf(entry: JournalValue): readonly ReportKey[] {
  if (isTold(entry)) return [];
  switch (entry.kind) {
    case "observation": {
      const { sourceId, modality, run, seq } = entry.observation;
      return [{ sourceId, modality, run, seq }];
    }
    case "witness": {
      const { sourceId, modality } = entry.change;
      return entry.origin === undefined ? [] : [{ sourceId, modality, ...entry.origin }];
    }
    case "scan":
      return entry.origin === undefined ? [] : [{ sourceId: entry.sourceId, modality: "image", ...entry.origin }];
    default:
      return [];
  }
}
