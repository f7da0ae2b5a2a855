// One group at work: its fold, its watermark and its ledger of what was told.
import type { Cohort } from "../../fusion/cohort.js";
import type { EventChange } from "../../fusion/clusterer.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import type { Observation } from "../../fusion/model/observation.js";
import type { Backgrounds } from "../../fusion/backgrounds.js";
import { SpeculativeFold } from "../../fusion/speculative-fold.js";
import { GroupWatermark, type Astray, type Input } from "../../fusion/watermark.js";
import type { RuleExplanation } from "../../rules/explanation.js";
import type { Incident, IncidentRevision } from "../../rules/incident.js";
import { underRules } from "../../rules/other-rules.js";
import { goesOn } from "../../rules/rule-engine.js";
import { PublicationLedger, type Publication, type Told } from "../../rules/publication.js";
import type { WitnessChange } from "../../rules/witnesses.js";
import { BackgroundRows, type BackgroundChange } from "./background-rows.js";
import { GroupState, stepOrder, type GroupStateData, type GroupStateOptions, type Step, type StepOutput } from "./group-state.js";
import { isTold, type GroupCheckpoint, type JournalValue, type WrittenBackground } from "./journal.js";
import { withoutVectors, type Forgotten } from "./other-encoders.js";
import type { GroupTelemetry } from "./group-telemetry.js";

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

/** What a group took up from an earlier run. */
export interface Recovery {
  /** What it had to do without, where other encoders made its vectors. */
  readonly forgotten?: Forgotten;
  /** How far it had to be set back, ms, because it was written under a clock that ran ahead of the present one. */
  readonly setBackMs?: number;
}

/** Event time went from one value to another in one moment. */
export interface TimeStep {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Times of an input further from the clock than this are told, ms: what delivery and encoding may take is far less. */
const ASTRAY_MS = 10_000;

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
  readonly #backgroundRows: BackgroundRows;
  #fold: SpeculativeFold<Step, StepOutput, GroupState>;
  #ledger: PublicationLedger;
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

  /** How a rule stands in the state now, at `nowMs` of event time; undefined if it does not watch this group. */
  explain(ruleId: string, nowMs: number): RuleExplanation | undefined {
    return this.#fold.now.explain(ruleId, this.#options.inputs, nowMs);
  }

  /** Takes an observation in. A late one changes nothing and is counted. */
  observe(observation: Observation): GroupResult {
    return this.#take({ kind: "observation", observation });
  }

  /** A source became healthy, or stopped being so. What is learned too late to be judged by counts from the watermark on. */
  witness(change: WitnessChange): GroupResult {
    return this.#take({ kind: "witness", change: { ...change, at: Math.max(change.at, this.#fold.watermark + 1) } });
  }

  /** A source has looked at all of its picture between two moments. Too late it changes nothing. */
  scan(sourceId: string, from: number, to: number): GroupResult {
    return this.#take({ kind: "scan", sourceId, from, to });
  }

  /** An input has told all that ends at or before `time`; `nowMs` is monotonic, `eventNowMs` event time. */
  progress(input: Input, time: number, nowMs: number, eventNowMs = time): void {
    this.#watermark.progress(input, time, nowMs, eventNowMs);
  }

  /** Inputs whose times are so far from the clock that the group's sources cannot agree. */
  astray(nowMs: number): readonly Astray[] {
    return this.#watermark.astray(nowMs, ASTRAY_MS);
  }

  /**
   * The clock was set. A checkpoint must be written before anything else is taken in.
   *
   * Within the allowed lateness nothing is done. Forward: time goes on from there, and nobody witnessed what it left out.
   * Back: the state now is what is committed; its open events close, all else goes on with every moment moved along, and
   * the watermark with it.
   */
  setClock({ fromMs, toMs }: TimeStep): GroupResult {
    const shiftMs = toMs - fromMs;
    const nothing: Publication = { alerts: [], candidates: [] };
    if (Math.abs(shiftMs) <= this.#options.allowedLatenessMs && toMs > this.watermark) return this.#result(nothing);
    if (shiftMs > 0) {
      for (const step of this.#unwitnessed(fromMs, toMs)) this.#fold.observe(step);
      return this.#result(nothing);
    }
    const closed = this.#shift(shiftMs);
    this.#count(closed);
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, toMs, this.#fold.watermark)), events: changedEvents(closed) };
  }

  /** Inputs that the watermark does not wait for. */
  idle(nowMs: number): readonly Input[] {
    return this.#options.inputs.filter((input) => this.#watermark.isIdle(input, nowMs));
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
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, watermark, this.#fold.watermark)), events: changedEvents(outputs) };
  }

  /** Whoever watches did not watch between two moments. */
  #unwitnessed(fromMs: number, toMs: number): readonly Step[] {
    return this.#fold.now.witnessing.flatMap(({ sourceId, modality }) => {
      const at = Math.max(fromMs, this.#fold.watermark + 1);
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

  #take(step: Step): GroupResult {
    const time = stepOrder.timeOf(step);
    const arrival = this.#fold.observe(step);
    if (arrival !== "in_order" && step.kind === "observation") this.#telemetry.late(this.groupId, arrival === "late" ? "dropped" : "refolded");
    if (arrival === "late") return this.#result({ alerts: [], candidates: [] });
    return { ...this.#result(this.#ledger.reconcile(this.#fold.now.incidents, time, this.#fold.watermark)), step };
  }

  #result(publication: Publication): GroupResult {
    return { groupId: this.groupId, publication, watermark: this.#fold.watermark, events: [] };
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
