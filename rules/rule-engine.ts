// The rules of one group: patterns over its events, as one pure state machine.
import type { FusionEvent } from "../fusion/model/event.js";
import type { Observation } from "../fusion/model/observation.js";
import { explainRule, type ExplanationContext, type RuleExplanation } from "./explanation.js";
import type { Incident } from "./incident.js";
import type { Rule } from "./rule.js";
import { lookBackMs } from "./rule.js";
import { scanPeriod, withoutOlderScans, withScan, type Scan, type Scans } from "./scans.js";
import { conditionsOf, RuleState, type RuleContext, type RuleNote, type RuleStateData, type Said } from "./rule-state.js";
import { withChange, withoutOlder, type HealthSpan, type WitnessChange } from "./witnesses.js";

/** Where the engine works. */
export interface RuleEngineOptions {
  readonly site: string;
  readonly groupId: string;
  /** The rules that watch this group. */
  readonly rules: readonly Rule[];
}

/** The engine's plain state. */
export interface RuleEngineData {
  readonly spans: readonly HealthSpan[];
  /** Absent where an older fusiond wrote it. */
  readonly scans?: Scans;
  readonly rules: ReadonlyMap<string, RuleStateData>;
}

/** How long a look at a place holds before the first scan of its source was complete, ms: as long as one is to take. */
const FIRST_SCAN_MS = 10_000;

/** How much longer than the rules look back the times of health are kept, ms. */
const SPANS_MARGIN_MS = 120_000;

/**
 * Asks every rule of a group about every observation, in canonical order. Pure.
 *
 * `completeTo` (Unix ms, excluded) says how far no earlier step can come any more: absences are judged up to there.
 * `clone()` is cheap: the states are immutable values.
 */
export class RuleEngine {
  readonly #options: RuleEngineOptions;
  readonly #states: readonly RuleState[];
  readonly #lookBackMs: number;
  #spans: readonly HealthSpan[];
  #scans: Scans;

  /** A rule that `data` does not know starts anew; what `data` knows of other rules is dropped. */
  constructor(options: RuleEngineOptions, data?: RuleEngineData) {
    this.#options = options;
    this.#spans = data?.spans ?? [];
    this.#scans = data?.scans ?? new Map();
    this.#lookBackMs = Math.max(0, ...options.rules.map(lookBackMs));
    this.#states = options.rules.map((rule) => new RuleState(rule, matching(rule, data?.rules.get(rule.id))));
  }

  get data(): RuleEngineData {
    return { spans: this.#spans, scans: this.#scans, rules: new Map(this.#states.map((state) => [state.rule.id, state.data])) };
  }

  clone(): RuleEngine {
    return new RuleEngine(this.#options, this.data);
  }

  /** The earliest time whose completeness a pending incident waits for; Infinity if none does. */
  get waitsFor(): number {
    return Math.min(Infinity, ...this.#states.map((state) => state.waitsFor));
  }

  /** Pending and firing incidents, and the last few of each rule that were resolved. */
  incidents(): readonly Incident[] {
    return this.#states.flatMap((state) => state.incidents());
  }

  /** An observation was joined to an event; `score.llr` says by prompt what it shows. */
  observeMember(event: FusionEvent, observation: Observation, score: Pick<Said, "llr" | "calibrated">, completeTo: number): readonly RuleNote[] {
    const context = this.#context(completeTo);
    const said = this.#said(observation, score);
    return this.#states.flatMap((state) => state.observeMember(context, event, observation, said));
  }

  /** A look at a place is told of nobody, since no rule looks for what it shows, or that always stands there (`isFurniture`): but neither is that absent. */
  observeUntold(observation: Observation, score: Pick<Said, "llr" | "calibrated">, isFurniture: boolean): void {
    const said = this.#said(observation, score);
    for (const state of this.#states) state.observeUntold(observation, said, isFurniture);
  }

  observeFields(observation: Observation, completeTo: number): readonly RuleNote[] {
    const context = this.#context(completeTo);
    return this.#states.flatMap((state) => state.observeFields(context, observation));
  }

  /** An event was merged into another (`merged`), or is continued by it. */
  carryOver(fromId: string, to: FusionEvent, merged: boolean): void {
    for (const state of this.#states) state.carryOver(fromId, to, merged);
  }

  /** Goes on with an incident as it was told: see `RuleState.uphold`. */
  uphold(incident: Incident): readonly RuleNote[] {
    return this.#states.filter((state) => state.rule.id === incident.ruleId).flatMap((state) => state.uphold(incident));
  }

  /** How one of the rules stands at `nowMs`; undefined if it does not watch this group. */
  explain(ruleId: string, inputs: ExplanationContext["inputs"], nowMs: number): RuleExplanation | undefined {
    const state = this.#states.find(({ rule }) => rule.id === ruleId);
    return state === undefined ? undefined : explainRule(state.rule, state.data, { groupId: this.#options.groupId, spans: this.#spans, scans: this.#scans, inputs, nowMs });
  }

  /** A source became healthy, or stopped being so. */
  witness(change: WitnessChange): void {
    this.#spans = withChange(this.#spans, change);
  }

  /** A camera has looked at all of its picture. */
  scan(sourceId: string, scan: Scan): void {
    this.#scans = withScan(this.#scans, sourceId, scan);
  }

  /** Whoever was healthy at last, and is. */
  get witnessing(): readonly HealthSpan[] {
    return this.#spans.filter((span) => span.to === undefined);
  }

  /** Time has passed to `timeMs`. The effects do not depend on how finely time is cut. */
  advance(timeMs: number, completeTo: number, isOpen: (eventId: string) => boolean): readonly RuleNote[] {
    const context = this.#context(completeTo);
    const notes = this.#states.flatMap((state) => state.advance(context, timeMs, isOpen));
    const horizon = timeMs - this.#lookBackMs - SPANS_MARGIN_MS; // only now: time may have leapt
    this.#spans = withoutOlder(this.#spans, horizon);
    this.#scans = withoutOlderScans(this.#scans, horizon);
    return notes;
  }

  #context(completeTo: number): RuleContext {
    return { site: this.#options.site, groupId: this.#options.groupId, spans: this.#spans, scans: this.#scans, completeTo };
  }

  #said({ sourceId, place, moving }: Observation, { llr, calibrated }: Pick<Said, "llr" | "calibrated">): Said {
    return { llr, calibrated, ...(place === undefined ? {} : { at: { place, holdsMs: scanPeriod(this.#scans, sourceId) ?? FIRST_SCAN_MS, moving: moving === true } }) };
  }
}

/** A rule whose conditions changed since the state was written starts anew. */
function matching(rule: Rule, data: RuleStateData | undefined): RuleStateData | undefined {
  return data !== undefined && goesOn(rule, data) ? data : undefined;
}

/** Whether a rule goes on from this state: it looks for what it looked for, however sure or patient it has become. */
export function goesOn(rule: Rule, data: Pick<RuleStateData, "conditions">): boolean {
  return data.conditions.join("\n") === conditionsOf(rule).join("\n");
}
