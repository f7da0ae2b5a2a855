// One candidate or incident of a rule in a group, from its first observation to its end.
import type { Incident, Evidence } from "./incident.js";
import { completeNeeded, confidenceOf, heldUntil, judged, lastLookFor, wantsLook, type Anchor, type Met, type Surroundings } from "./evaluate.js";
import { isAkin, withEvidence, type LeafEvidence, type LeafMatch } from "./leaf-matches.js";
import type { Leaf, Rule } from "./rule.js";
import { combinedLlr } from "../fusion/model/condition.js";
import { logistic, logit, probabilityText } from "../fusion/model/likelihood.js";
import { shortHash, compareText, endedAt, type Observation } from "../fusion/model/observation.js";

/** Why a candidate never became an incident. */
export const SUPPRESSION_REASONS = ["cooldown", "hold_for", "unless", "blind", "no_complete_look"] as const;
/** One of the closed set of reasons for which a candidate is kept back. */
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** At most this many events are named: the founding one and the newest. */
const EVENTS_MAX = 64;

/** At most this much evidence goes with an incident. */
const EVIDENCE_MAX = 16;

/**
 * What a rule sees happening in a group. Immutable.
 *
 * `pending`: met, but not yet for long enough or its absences cannot be judged yet. `suppressed`: decided against; it is
 * kept until its conditions are no longer met, so that it is decided once.
 */
export interface Episode extends Anchor {
  readonly id: string;
  readonly groupId: string;
  readonly state: "pending" | "firing" | "suppressed";
  readonly suppression?: SuppressionReason;
  readonly unwitnessed?: boolean;
  /** When the cameras had last looked at all of their picture, where an absence was judged by it. */
  readonly lastScanAt?: number;
  readonly lastMetAt: number;
  /** Until when its conditions are met without another look, where a look at a place met them; absent of all others. */
  readonly heldTo?: number;
  readonly confidence: number;
  readonly events: readonly { readonly id: string; readonly revision: number }[];
  readonly evidence: readonly LeafEvidence[];
}

/** What makes the id of an episode: the same in every replay. */
export interface EpisodeIdentity {
  readonly site: string;
  readonly groupId: string;
  /** How many incidents of this rule the founding event has had before. */
  readonly number: (foundingEventId: string) => number;
}

/** The id of a rule's incident of this founding event, which had so many before. */
export function incidentId({ site, groupId }: Pick<EpisodeIdentity, "site" | "groupId">, ruleId: string, foundingEventId: string, number: number): string {
  return shortHash("incident", site, groupId, ruleId, foundingEventId, number);
}

/** What first met the conditions: of lines the newest of each condition, of events all. */
function foundersOf(rule: Rule, met: Met): readonly LeafMatch[] {
  return [...met].flatMap(([leaf, matches]) => (rule.leaves[leaf]?.kind === "field" ? matches.slice(0, 1) : matches));
}

/** The founding event: the earliest of the founders by (start, id). */
function foundingEvent(founders: readonly LeafMatch[]): LeafMatch {
  return founders.reduce((a, b) => (b.eventStartedAt - a.eventStartedAt || compareText(b.eventId, a.eventId)) < 0 ? b : a);
}

/** A new episode: the observation made the conditions met for the first time. */
export function beginEpisode(rule: Rule, identity: EpisodeIdentity, met: Met, observation: Observation): Episode {
  const founders = foundersOf(rule, met);
  const founding = foundingEvent(founders);
  const blank: Episode = {
    id: incidentId(identity, rule.id, founding.eventId, identity.number(founding.eventId)),
    groupId: identity.groupId,
    state: "pending",
    startedAt: Math.min(...founders.map((match) => match.lastStart)),
    firstMetAt: endedAt(observation),
    metLeaves: [],
    lastMetAt: endedAt(observation),
    confidence: 0,
    events: [{ id: founding.eventId, revision: founding.eventRevision }],
    evidence: [],
  };
  return continueEpisode(rule, blank, met, endedAt(observation));
}

/** The episode after its conditions were met once more at `at`. */
export function continueEpisode(rule: Rule, episode: Episode, met: Met, at: number): Episode {
  const matches = [...met.values()].flat();
  const held = Math.max(episode.heldTo ?? -Infinity, heldUntil(rule.condition, met));
  const evidence = matches.flatMap((match) => match.evidence).reduce(withEvidence, episode.evidence);
  return {
    ...episode,
    lastMetAt: Math.max(episode.lastMetAt, at),
    ...(held > at ? { heldTo: held } : {}),
    metLeaves: [...new Set([...episode.metLeaves, ...met.keys()])].sort((a, b) => a - b),
    confidence: Math.max(episode.confidence, confidenceOf(rule.condition, (leaf) => confidenceBy(evidence, rule, leaf))),
    events: matches.reduce(withEvent, episode.events),
    evidence,
  };
}

/** How sure the evidence makes one condition: what its sources say together, each at its surest. So every number that is told follows from the others. */
function confidenceBy(evidence: readonly LeafEvidence[], { leaves }: Rule, leaf: number): number {
  const own = evidence.filter((one) => one.condition === leaves[leaf]?.label);
  const prior = priorOf(leaves[leaf]);
  const surest = own.filter((one) => !own.some((other) => isAkin(one, other) && other.llr > one.llr));
  const sources = surest.filter((one, i) => surest.findIndex((other) => isAkin(one, other)) === i);
  return sources.length === 0 ? 0 : logistic(logit(prior) + combinedLlr(sources.map(({ llr }) => llr)));
}

/** What is exact needs no prior. */
function priorOf(leaf: Leaf | undefined): number {
  return leaf?.kind === "prompt" ? leaf.prior : 0.5;
}

/**
 * The firing episode that was told as this incident, firing or resolved. Exact but for what is not told: evidence beyond
 * the best, and its log-likelihood ratios, which only rank it.
 */
export function episodeOf(rule: Rule, incident: Incident): Episode {
  const { id, groupId, startedAt, updatedAt, endedAt: lastMetAt = updatedAt, confidence, calibrated, unwitnessed, lastScanAt, events, evidence } = incident;
  const conditions = new Set(evidence.map((one) => one.condition));
  return {
    id,
    groupId,
    state: "firing",
    ...(unwitnessed === undefined ? {} : { unwitnessed }),
    ...(lastScanAt === undefined ? {} : { lastScanAt }),
    startedAt,
    firstMetAt: startedAt,
    metLeaves: rule.leaves.flatMap((leaf, index) => (conditions.has(leaf.label) ? [index] : [])),
    lastMetAt,
    confidence,
    events,
    evidence: evidence.map(({ offsetMs: _told, ...one }) => ({ ...one, llr: logit(one.confidence) - logit(priorOf(rule.leaves.find(({ label }) => label === one.condition))), calibrated })),
  };
}

/** The decision on a pending episode at time `at`, as far as it can be made; every step before `completeTo` is known. */
export function decide(rule: Rule, episode: Episode, around: Surroundings, completeTo: number): Episode {
  if (episode.state !== "pending" || episode.lastMetAt - episode.firstMetAt < rule.holdForMs) return episode;
  const needed = completeNeeded(rule, episode);
  if (needed === undefined) return { ...episode, state: "firing" };
  if (needed >= completeTo) return episode;
  const truth = judged(rule, episode, around);
  if (truth === "false") return suppressed(episode, "unless");
  if (truth === "unknown" && rule.whenBlind === "stay_silent") return suppressed(episode, wantsLook(rule, episode, around) ? "no_complete_look" : "blind");
  const lastScanAt = lastLookFor(rule, episode, around);
  return { ...episode, state: "firing", ...(truth === "true" ? {} : { unwitnessed: true }), ...(lastScanAt === undefined ? {} : { lastScanAt }) };
}

/** The episode after a look at a place at `at`: held no longer than by any of `mets`, which still meet its conditions, and at least to then. */
export function heldNoLonger(rule: Rule, episode: Episode, mets: readonly Met[], at: number): Episode {
  const held = Math.max(at, ...mets.map((met) => heldUntil(rule.condition, met)));
  return episode.heldTo === undefined || episode.heldTo <= held ? episode : { ...episode, heldTo: held };
}

/** Until when its conditions are met, Unix ms, as far as is known. */
export function metUntil({ lastMetAt, heldTo: held = -Infinity }: Episode): number {
  return Math.max(lastMetAt, held);
}

/** The episode, decided against. */
export function suppressed(episode: Episode, reason: SuppressionReason): Episode {
  return { ...episode, state: "suppressed", suppression: reason };
}

/** The time whose completeness a pending episode waits for; Infinity if it waits for none. */
export function waitsFor(rule: Rule, episode: Episode | undefined): number {
  if (episode?.state !== "pending" || episode.lastMetAt - episode.firstMetAt < rule.holdForMs) return Infinity;
  return completeNeeded(rule, episode) ?? Infinity;
}

/** The episode with one event's id replaced: it was merged. */
export function renameEvent(episode: Episode, fromId: string, to: { id: string; revision: number }): Episode {
  if (!episode.events.some((event) => event.id === fromId)) return episode;
  const events = episode.events.map((event) => (event.id === fromId ? { id: to.id, revision: to.revision } : event));
  const unique = events.filter((event, i) => events.findIndex((other) => other.id === event.id) === i);
  return { ...episode, events: unique, evidence: episode.evidence.map((e) => (e.eventId === fromId ? { ...e, eventId: to.id } : e)) };
}

/** The incident as it is reported; `resolvedAt` is set once its conditions have not been met for long enough. */
export function incidentOf(rule: Rule, episode: Episode, resolvedAt?: number): Incident {
  return {
    id: episode.id,
    ruleId: rule.id,
    groupId: episode.groupId,
    severity: rule.severity,
    state: resolvedAt !== undefined ? "resolved" : episode.state === "firing" ? "firing" : "pending",
    startedAt: episode.startedAt,
    updatedAt: resolvedAt ?? episode.lastMetAt,
    ...(resolvedAt === undefined ? {} : { endedAt: episode.lastMetAt }),
    confidence: episode.confidence,
    calibrated: episode.evidence.every((one) => one.calibrated),
    ...(episode.unwitnessed === undefined ? {} : { unwitnessed: episode.unwitnessed }),
    ...(episode.lastScanAt === undefined ? {} : { lastScanAt: episode.lastScanAt }),
    events: episode.events,
    evidence: reported(episode),
    summary: summaryOf(episode),
  };
}

/** The best of each condition, source and modality first, then what else there is; of lines the newest is the best. */
function reported(episode: Episode): readonly Evidence[] {
  const ranked = [...episode.evidence].sort((a, b) => b.llr - a.llr || b.capturedAt - a.capturedAt || compareText(a.observationId, b.observationId));
  const best = ranked.filter((one, i) => ranked.findIndex((other) => isAkin(one, other)) === i);
  const others = ranked.filter((one) => !best.includes(one));
  return [...best, ...others].slice(0, EVIDENCE_MAX).map(({ llr: _llr, calibrated: _calibrated, ...evidence }) => ({
    ...evidence,
    offsetMs: evidence.capturedAt - episode.startedAt,
  }));
}

/** "hear: dog (yard-mic 0.93); see: person (yard-cam 0.88)" */
export function summaryOf(episode: Episode): string {
  const byCondition = new Map<string, Map<string, number>>();
  for (const { condition, sourceId, confidence } of episode.evidence) {
    const bySource = byCondition.get(condition) ?? new Map<string, number>();
    byCondition.set(condition, bySource.set(sourceId, Math.max(bySource.get(sourceId) ?? 0, confidence)));
  }
  const said = (bySource: ReadonlyMap<string, number>): string => [...bySource].map(([source, confidence]) => `${source} ${probabilityText(confidence)}`).join(", ");
  return [...byCondition].map(([condition, bySource]) => `${condition} (${said(bySource)})`).join("; ");
}

function withEvent(
  events: readonly { readonly id: string; readonly revision: number }[],
  match: LeafMatch,
): readonly { readonly id: string; readonly revision: number }[] {
  const at = events.findIndex((event) => event.id === match.eventId);
  const entry = { id: match.eventId, revision: match.eventRevision };
  if (at !== -1) return events.with(at, entry);
  return events.length < EVENTS_MAX ? [...events, entry] : [...events.slice(0, 1), ...events.slice(2), entry];
}
