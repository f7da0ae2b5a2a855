// One rule in one group: a pure state machine over the group's events.
import { endedAt, type Observation } from "../fusion/model/observation.js";
import type { FusionEvent } from "../fusion/model/event.js";
import type { Incident } from "./incident.js";
import type { Rule } from "./rule.js";
import { lookBackMs } from "./rule.js";
import { carryOver, forgetOlder, noMatches, notTold, observeField, observePrompt, type LeafState, type PlaceLook } from "./leaf-matches.js";
import { metTogether, positiveLeaves, type Met } from "./evaluate.js";
import {
  beginEpisode,
  continueEpisode,
  decide,
  episodeOf,
  heldNoLonger,
  incidentOf,
  metUntil,
  renameEvent,
  suppressed,
  waitsFor,
  type Episode,
  type SuppressionReason,
} from "./episode.js";
import { suppressionOf, type Suppression } from "./suppression.js";
import type { Scans } from "./scans.js";
import type { HealthSpan } from "./witnesses.js";

/** Something countable happened to a rule. */
export type RuleNote =
  | { readonly kind: "incident"; readonly incident: Incident }
  | ({ readonly kind: "suppressed" } & Suppression);

/** What a rule needs to know of its group at a step. */
export interface RuleContext {
  readonly site: string;
  readonly groupId: string;
  readonly spans: readonly HealthSpan[];
  readonly scans: Scans;
  readonly completeTo: number;
}

/** What an observation says. `llr`: its score by prompt; `at`: of a look at a place. */
export interface Said {
  readonly llr: Float32Array;
  readonly calibrated: boolean;
  readonly at?: PlaceLook;
}

/** Reports are made once per episode value. */
const reports = new WeakMap<Episode, Incident>();

/** Resolved incidents of a rule that stay readable: more than any refold can bring back. */
const RESOLVED_KEPT = 8;

/** How much longer than the rule looks back its matches are kept, ms. */
const MARGIN_MS = 60_000;

/** Founding events whose incidents are counted. */
const EPISODES_MAX = 256;

/** The plain state: immutable values only, JSON-safe but for its maps. */
export interface RuleStateData {
  /** What `leaves` stand for: see `conditionsOf`. */
  readonly conditions: readonly string[];
  readonly leaves: readonly LeafState[];
  readonly episode?: Episode;
  readonly resolved: readonly Incident[];
  /** No new incident may start before this, Unix ms. */
  readonly cooldownUntil: number;
  /** Incidents so far per founding event. */
  readonly episodes: ReadonlyMap<string, number>;
}

/** The rule's conditions as the configuration writes them, in the order of its leaves. */
export function conditionsOf(rule: Rule): readonly string[] {
  return rule.leaves.map((leaf) => leaf.label);
}

/** The state of a rule that has seen nothing. */
export function newRuleState(rule: Rule): RuleStateData {
  return { conditions: conditionsOf(rule), leaves: rule.leaves.map(() => noMatches), resolved: [], cooldownUntil: -Infinity, episodes: new Map() };
}

/** The state of one rule in one group. */
export class RuleState {
  readonly rule: Rule;
  readonly #positive: ReadonlySet<number>;
  #data: RuleStateData;

  constructor(rule: Rule, data?: RuleStateData) {
    this.rule = rule;
    this.#positive = new Set(positiveLeaves(rule.condition));
    this.#data = data ?? newRuleState(rule);
  }

  /** The immutable state, to be written down or copied. */
  get data(): RuleStateData {
    return this.#data;
  }

  /** The time whose completeness its pending incident waits for; Infinity if none. */
  get waitsFor(): number {
    return waitsFor(this.rule, this.#data.episode);
  }

  /** The incident that is pending or firing, if any, and the last few that were resolved. */
  incidents(): readonly Incident[] {
    const episode = this.#data.episode;
    const current = episode === undefined || episode.state === "suppressed" ? [] : [this.#report(episode)];
    return [...this.#data.resolved, ...current];
  }

  /** Takes in an observation that was joined to an event, and what it says. */
  observeMember(context: RuleContext, event: FusionEvent, observation: Observation, said: Said): readonly RuleNote[] {
    return this.#observe(context, observation, event.id, (state, index) => {
      const leaf = this.rule.leaves[index];
      if (leaf?.kind !== "prompt") return { state, met: false };
      return observePrompt(state, leaf, this.rule, event, observation, said.llr[leaf.prompt] as number, said.calibrated, said.at);
    });
  }

  /** Takes in a look at a place that is told of nobody: it counts where an absence is asked for, and whoever was there has left, or settled. */
  observeUntold(observation: Observation, said: Said, isFurniture: boolean): void {
    const event = { id: `untold ${observation.sourceId}`, revision: 0, startedAt: observation.capturedAt };
    const leaves = this.#data.leaves.map((state, index) => {
      const leaf = this.rule.leaves[index];
      if (leaf?.kind !== "prompt" || leaf.modality !== observation.modality) return state;
      if (leaf.absent !== true) return notTold(state, leaf, this.rule, observation, { llr: said.llr[leaf.prompt] as number, isFurniture });
      return observePrompt(state, leaf, this.rule, event, observation, said.llr[leaf.prompt] as number, said.calibrated, said.at).state;
    });
    this.#data = { ...this.#data, leaves };
    this.#hold(observation);
  }

  /** Takes in a text line for its exact fields. */
  observeFields(context: RuleContext, observation: Observation): readonly RuleNote[] {
    return this.#observe(context, observation, observation.id, (state, index) => {
      const leaf = this.rule.leaves[index];
      return leaf?.kind === "field" ? observeField(state, leaf, observation) : { state, met: false };
    });
  }

  /** An event was merged into another, or is continued by it. */
  carryOver(fromId: string, to: FusionEvent, merged: boolean): void {
    const leaves = this.#data.leaves.map((leaf) => carryOver(leaf, fromId, to, merged));
    const episode = this.#data.episode;
    const renamed = episode === undefined || !merged ? episode : renameEvent(episode, fromId, to);
    this.#data = { ...this.#data, leaves, ...(renamed === undefined ? {} : { episode: renamed }) };
  }

  /**
   * Goes on with an incident as it was told, firing or resolved since, where what showed it cannot be asked again. What
   * the rule knows better stays; an incident that is over, or of conditions that the rule does not have, is left alone.
   */
  uphold(incident: Incident): readonly RuleNote[] {
    const { episode: before, resolved, conditions } = this.#data;
    if (resolved.some(({ id }) => id === incident.id) || incident.evidence.some(({ condition }) => !conditions.includes(condition))) return [];
    const told = episodeOf(this.rule, incident);
    const same = before?.id === told.id ? before : undefined;
    const { suppression: _lifted, ...newest } = same !== undefined && same.lastMetAt >= told.lastMetAt ? same : told;
    const episode: Episode = { ...newest, state: "firing" };
    this.#data = { ...this.#data, episode };
    return same?.state === "firing" ? [] : [{ kind: "incident", incident: this.#report(episode) }];
  }

  /** Time has passed to `timeMs`: decides what waited, resolves what is over, forgets what is old. */
  advance(context: RuleContext, timeMs: number, isOpen: (eventId: string) => boolean): readonly RuleNote[] {
    const notes = [...this.#decide(context), ...this.#end(context, timeMs)];
    const horizon = timeMs - lookBackMs(this.rule) - MARGIN_MS;
    const leaves = this.#data.leaves.map((leaf) => forgetOlder(leaf, horizon, isOpen));
    this.#data = { ...this.#data, leaves };
    return notes;
  }

  #observe(
    context: RuleContext,
    observation: Observation,
    eventId: string,
    update: (state: LeafState, index: number) => { state: LeafState; met: boolean },
  ): readonly RuleNote[] {
    let positiveMet = false;
    const leaves = this.#data.leaves.map((state, index) => {
      const after = update(state, index);
      if (after.met && this.#positive.has(index)) positiveMet = true;
      return after.state;
    });
    this.#data = { ...this.#data, leaves };
    if (!positiveMet) {
      this.#hold(observation);
      return [];
    }
    const met = this.#metAt(observation, this.rule.sameEvent ? eventId : undefined);
    return met === undefined ? [] : this.#met(context, met, observation);
  }

  #metAt({ capturedAt }: Observation, eventId: string | undefined): Met | undefined {
    const { leaves, resolved } = this.#data;
    return metTogether(this.rule, leaves, { from: capturedAt, toldTo: resolved.at(-1)?.endedAt ?? -Infinity }, eventId);
  }

  /** After a look at a place its episode is held no longer than what it is met by. */
  #hold(observation: Observation): void {
    const { episode } = this.#data;
    const at = endedAt(observation);
    if (observation.place === undefined || episode?.heldTo === undefined || episode.heldTo <= at) return;
    const eventIds = this.rule.sameEvent ? episode.events.map(({ id }) => id) : [undefined];
    const mets = eventIds.flatMap((eventId) => this.#metAt(observation, eventId) ?? []);
    this.#data = { ...this.#data, episode: heldNoLonger(this.rule, episode, mets, at) };
  }

  #met(context: RuleContext, met: Met, observation: Observation): readonly RuleNote[] {
    const before = this.#data.episode;
    const cooling = endedAt(observation) < this.#data.cooldownUntil;
    if (before !== undefined && (cooling || before.suppression !== "cooldown")) {
      this.#data = { ...this.#data, episode: continueEpisode(this.rule, before, met, endedAt(observation)) };
      return this.#decide(context);
    }
    const number = (founding: string): number => this.#data.episodes.get(founding) ?? 0;
    const episode = beginEpisode(this.rule, { site: context.site, groupId: context.groupId, number }, met, observation);
    if (cooling) {
      const kept = suppressed(episode, "cooldown");
      this.#data = { ...this.#data, episode: kept };
      return [this.#suppression(context, kept, "cooldown")];
    }
    this.#data = { ...this.#data, episode };
    return this.#decide(context);
  }

  #report(episode: Episode): Incident {
    const known = reports.get(episode);
    if (known !== undefined) return known;
    const incident = incidentOf(this.rule, episode);
    reports.set(episode, incident);
    return incident;
  }

  #decide(context: RuleContext): readonly RuleNote[] {
    const before = this.#data.episode;
    if (before === undefined) return [];
    const after = decide(this.rule, before, { leaves: this.#data.leaves, spans: context.spans, scans: context.scans }, context.completeTo);
    if (after === before) return [];
    this.#data = { ...this.#data, episode: after };
    if (after.state === "firing") return [{ kind: "incident", incident: this.#report(after) }];
    return after.suppression === undefined ? [] : [this.#suppression(context, after, after.suppression)];
  }

  #suppression(context: RuleContext, episode: Episode, reason: SuppressionReason): RuleNote {
    const { leaves, cooldownUntil } = this.#data;
    return { kind: "suppressed", ...suppressionOf(this.rule, episode, reason, { leaves, spans: context.spans, scans: context.scans, cooldownUntil }) };
  }

  #end(context: RuleContext, timeMs: number): readonly RuleNote[] {
    const episode = this.#data.episode;
    if (episode === undefined || timeMs <= metUntil(episode) + this.rule.resolveAfterMs) return [];
    if (waitsFor(this.rule, episode) !== Infinity) return [];
    const { episode: _over, ...rest } = this.#data;
    if (episode.state !== "firing") {
      this.#data = rest;
      return episode.state === "pending" ? [this.#suppression(context, episode, "hold_for")] : [];
    }
    const founding = episode.events[0]?.id ?? episode.id;
    const incident = incidentOf(this.rule, episode, metUntil(episode) + this.rule.resolveAfterMs);
    this.#data = {
      ...rest,
      resolved: [...rest.resolved, incident].slice(-RESOLVED_KEPT),
      cooldownUntil: episode.lastMetAt + this.rule.cooldownMs,
      episodes: counted(rest.episodes, founding),
    };
    return [{ kind: "incident", incident }];
  }
}

/** One incident more of this founding event; the count of the one longest known goes where there are too many. */
function counted(episodes: ReadonlyMap<string, number>, founding: string): ReadonlyMap<string, number> {
  const counts = new Map(episodes).set(founding, (episodes.get(founding) ?? 0) + 1);
  const [longestKnown] = counts.keys();
  if (counts.size > EPISODES_MAX && longestKnown !== undefined) counts.delete(longestKnown);
  return counts;
}
