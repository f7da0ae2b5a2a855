// The whole state of one group: cohorts, events and incidents, folded over its steps. Pure.
import { isFurniture } from "../../fusion/background.js";
import { learnedPlace, lookedAt, shiftedBackgrounds, type Backgrounds } from "../../fusion/backgrounds.js";
import { closedEvent, Clusterer, type ClustererOptions, type EventChange, type OpenEvent } from "../../fusion/clusterer.js";
import { EMPTY_COHORT, hasCohort, withSample, type Cohort } from "../../fusion/cohort.js";
import { assertInvariant } from "../../fusion/model/errors.js";
import type { FusionEvent } from "../../fusion/model/event.js";
import { PLACES_MAX } from "../../fusion/model/scan.js";
import { endedAt, type Observation } from "../../fusion/model/observation.js";
import type { Score, Scorer } from "../../fusion/scorer.js";
import type { Foldable } from "../../fusion/speculative-fold.js";
import { RuleEngine, type RuleEngineData, type RuleEngineOptions } from "../../rules/rule-engine.js";
import type { RuleExplanation } from "../../rules/explanation.js";
import type { RuleNote } from "../../rules/rule-state.js";
import { shiftedRules } from "../../rules/shifted.js";
import type { Input } from "../../fusion/watermark.js";
import type { Step } from "./step.js";

/** What a step did, for counting and for telling events. */
export type StepOutput = { readonly kind: "event"; readonly change: EventChange } | { readonly kind: "rule"; readonly note: RuleNote };

/** What a group's state is made with. */
export interface GroupStateOptions {
  readonly scorer: Scorer;
  /** How long a source must show something in one place until it is furniture there, ms; above 0. */
  readonly settleAfterMs: (sourceId: string) => number;
  readonly clusterer: ClustererOptions;
  readonly rules: RuleEngineOptions;
}

/** A group's plain state, but for the backgrounds of its places: those are too much to be written down as often. */
export interface GroupStateData {
  readonly cohorts: ReadonlyMap<string, Cohort>;
  readonly open: readonly OpenEvent[];
  readonly rules: RuleEngineData;
}

/** The state of one group: what `SpeculativeFold` folds. */
export class GroupState implements Foldable<Step, StepOutput> {
  readonly #options: GroupStateOptions;
  readonly #clusterer: Clusterer;
  readonly #rules: RuleEngine;
  #cohorts: ReadonlyMap<string, Cohort>;
  #backgrounds: Backgrounds;

  constructor(options: GroupStateOptions, data?: GroupStateData, backgrounds: Backgrounds = new Map()) {
    this.#options = options;
    this.#clusterer = new Clusterer(options.clusterer, data?.open);
    this.#rules = new RuleEngine(options.rules, data?.rules);
    this.#cohorts = data?.cohorts ?? new Map();
    this.#backgrounds = backgrounds;
  }

  get data(): GroupStateData {
    return { cohorts: this.#cohorts, open: this.#clusterer.open, rules: this.#rules.data };
  }

  /** What each place of its cameras always shows. */
  get backgrounds(): Backgrounds {
    return this.#backgrounds;
  }

  get waitsFor(): number {
    return this.#rules.waitsFor;
  }

  /** Pending and firing incidents, and the last few of each rule that were resolved. */
  get incidents(): ReturnType<RuleEngine["incidents"]> {
    return this.#rules.incidents();
  }

  /** The inputs that witness at present, whether or not they are of today's configuration. */
  get witnessing(): readonly Input[] {
    return this.#rules.witnessing;
  }

  /** How one of the rules stands: see `RuleEngine.explain`. */
  explain(ruleId: string, inputs: readonly Input[], nowMs: number): RuleExplanation | undefined {
    return this.#rules.explain(ruleId, inputs, nowMs);
  }

  get openCount(): number {
    return this.#clusterer.openCount;
  }

  /** The cohort of a source's modality, if it has any sample. */
  cohort(sourceId: string, modality: string): Cohort | undefined {
    return this.#cohorts.get(cohortKey(sourceId, modality));
  }

  /**
   * The state after the clock was set back by `-shiftMs`: open events are closed as `clock`, which is returned; incidents,
   * cohorts, backgrounds and what rules wait for go on, every moment moved along.
   */
  shifted(shiftMs: number): { readonly state: GroupState; readonly closed: readonly StepOutput[] } {
    const closed = this.#clusterer.open.map(({ event }) => closedEvent(event, "clock"));
    const data: GroupStateData = { ...this.data, open: [], rules: shiftedRules(this.#rules.data, shiftMs) };
    const state = new GroupState(this.#options, data, shiftedBackgrounds(this.#backgrounds, shiftMs));
    return { state, closed: events(closed.map((event) => ({ kind: "closed", event }))) };
  }

  clone(): this {
    return new GroupState(this.#options, this.data, this.#backgrounds) as this;
  }

  apply(step: Step, completeTo: number): readonly StepOutput[] {
    if (step.kind === "witness") {
      this.#rules.witness(step.change);
      return [];
    }
    if (step.kind === "scan") {
      this.#rules.scan(step.sourceId, step);
      return [];
    }
    if (step.kind === "upheld") return notes(this.#rules.uphold(step.incident));
    const { observation } = step;
    if (observation.gate === "closed") {
      this.#learn(observation);
      return [];
    }
    if (observation.place !== undefined) return this.#lookAtPlace(observation, observation.place, completeTo);
    const fieldNotes = observation.fields === undefined ? [] : this.#rules.observeFields(observation, completeTo);
    return [...notes(fieldNotes), ...this.#fuse(observation, completeTo)];
  }

  advance(timeMs: number, completeTo: number): readonly StepOutput[] {
    const closed = this.#clusterer.advance(timeMs);
    const ruled = this.#rules.advance(timeMs, completeTo, (id) => this.#clusterer.isOpen(id));
    return [...events(closed), ...notes(ruled)];
  }

  #learn(observation: Observation): void {
    if (observation.embedding === undefined || !hasCohort(observation.modality)) return;
    const key = cohortKey(observation.sourceId, observation.modality);
    const cohort = this.#cohorts.get(key) ?? EMPTY_COHORT;
    this.#cohorts = new Map(this.#cohorts).set(key, learned(cohort, observation, observation.embedding.codes));
  }

  /** What always stood there and what no rule looks for founds and joins no event, but where an absence is asked for it counts. */
  #lookAtPlace(observation: Observation, place: number, completeTo: number): readonly StepOutput[] {
    assertInvariant(place < PLACES_MAX, `a camera has at most ${PLACES_MAX} places`);
    const score = this.#score(observation);
    if (score === undefined || observation.embedding === undefined) return [];
    const { sourceId, region } = observation;
    const settleAfterMs = this.#options.settleAfterMs(sourceId);
    const look = { ...(region === undefined ? {} : { region }), at: endedAt(observation), vector: observation.embedding.vector };
    const before = this.#backgrounds.get(sourceId)?.get(place);
    this.#backgrounds = lookedAt(this.#backgrounds, sourceId, place, learnedPlace(before, observation, look, settleAfterMs));
    const stands = isFurniture(before, look, settleAfterMs);
    if (!stands && score.llr.some((llr) => llr > 0)) return this.#join(observation, score, completeTo);
    this.#rules.observeUntold(observation, score, stands);
    return [];
  }

  #score(observation: Observation): Score | undefined {
    return this.#options.scorer.score(observation, this.cohort(observation.sourceId, observation.modality));
  }

  #fuse(observation: Observation, completeTo: number): readonly StepOutput[] {
    const score = this.#score(observation);
    return score === undefined ? [] : this.#join(observation, score, completeTo);
  }

  #join(observation: Observation, score: Score, completeTo: number): readonly StepOutput[] {
    const changes = this.#clusterer.observe(observation, score.odds);
    const event = this.#carryOver(changes);
    return [...events(changes), ...notes(this.#rules.observeMember(event, observation, score, completeTo))];
  }

  /** Tells the rules which events became others, and gives the event that the observation is in at the end of it. */
  #carryOver(changes: readonly EventChange[]): FusionEvent {
    let last: FusionEvent | undefined;
    for (const change of changes) {
      if (change.kind === "closed") continue;
      if (change.kind === "merged") this.#rules.carryOver(change.from.id, change.event, true);
      if (change.kind === "founded" && change.event.continues !== undefined) this.#rules.carryOver(change.event.continues, change.event, false);
      last = change.event;
    }
    assertInvariant(last !== undefined, "an observation with a vector is in an event");
    return last;
  }
}

/** Cohorts by the observation that they learned last: both states of a fold get the same value, and its scores are made once. */
const lessons = new WeakMap<Observation, { readonly before: Cohort; readonly after: Cohort }>();

function learned(before: Cohort, observation: Observation, codes: Int8Array): Cohort {
  const known = lessons.get(observation);
  if (known?.before === before) return known.after;
  const after = withSample(before, codes);
  lessons.set(observation, { before, after });
  return after;
}

function cohortKey(sourceId: string, modality: string): string {
  return `${sourceId} ${modality}`;
}

function events(changes: readonly EventChange[]): readonly StepOutput[] {
  return changes.map((change) => ({ kind: "event", change }));
}

function notes(list: readonly RuleNote[]): readonly StepOutput[] {
  return list.map((note) => ({ kind: "rule", note }));
}
