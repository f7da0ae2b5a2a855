// What rules remember, moved in time: the clock was set, and what is going on goes on under the new one. Pure.
import type { Episode } from "./episode.js";
import type { Incident } from "./incident.js";
import type { LeafEvidence, LeafMatch, LeafState } from "./leaf-matches.js";
import type { RuleEngineData } from "./rule-engine.js";
import type { RuleStateData } from "./rule-state.js";
import { shiftedScans } from "./scans.js";

/**
 * The state of a group's rules with every moment moved by `shiftMs`: what was held, cooled or waited for so far counts,
 * and what was looked back to stays as far back.
 */
export function shiftedRules(data: RuleEngineData, shiftMs: number): RuleEngineData {
  return {
    ...data,
    spans: data.spans.map((span) => ({ ...span, from: span.from + shiftMs, ...(span.to === undefined ? {} : { to: span.to + shiftMs }) })),
    scans: shiftedScans(data.scans ?? new Map(), shiftMs),
    rules: new Map([...data.rules].map(([id, rule]) => [id, shiftedRule(rule, shiftMs)])),
  };
}

/** The incident with every moment moved by `shiftMs`. Its id stays. */
export function shiftedIncident(incident: Incident, shiftMs: number): Incident {
  return {
    ...incident,
    startedAt: incident.startedAt + shiftMs,
    updatedAt: incident.updatedAt + shiftMs,
    ...(incident.endedAt === undefined ? {} : { endedAt: incident.endedAt + shiftMs }),
    ...(incident.lastScanAt === undefined ? {} : { lastScanAt: incident.lastScanAt + shiftMs }),
    evidence: incident.evidence.map((one) => ({ ...one, capturedAt: one.capturedAt + shiftMs })),
  };
}

function shiftedRule(rule: RuleStateData, shiftMs: number): RuleStateData {
  return {
    ...rule,
    leaves: rule.leaves.map((leaf) => shiftedLeaf(leaf, shiftMs)),
    ...(rule.episode === undefined ? {} : { episode: shiftedEpisode(rule.episode, shiftMs) }),
    resolved: rule.resolved.map((incident) => shiftedIncident(incident, shiftMs)),
    cooldownUntil: rule.cooldownUntil + shiftMs,
  };
}

function shiftedEpisode(episode: Episode, shiftMs: number): Episode {
  return {
    ...episode,
    startedAt: episode.startedAt + shiftMs,
    firstMetAt: episode.firstMetAt + shiftMs,
    lastMetAt: episode.lastMetAt + shiftMs,
    ...(episode.heldTo === undefined ? {} : { heldTo: episode.heldTo + shiftMs }),
    ...(episode.lastScanAt === undefined ? {} : { lastScanAt: episode.lastScanAt + shiftMs }),
    evidence: shiftedEvidence(episode.evidence, shiftMs),
  };
}

function shiftedLeaf(leaf: LeafState, shiftMs: number): LeafState {
  return {
    ...leaf,
    byEvent: new Map([...leaf.byEvent].map(([id, match]) => [id, shiftedMatch(match, shiftMs)])),
    runs: leaf.runs.map((run) => ({ start: run.start + shiftMs, end: run.end + shiftMs })),
    ...(leaf.best === undefined ? {} : { best: { ...leaf.best, at: leaf.best.at + shiftMs } }),
    ...(leaf.settled === undefined ? {} : { settled: { ...leaf.settled, at: leaf.settled.at + shiftMs } }),
  };
}

function shiftedMatch(match: LeafMatch, shiftMs: number): LeafMatch {
  return {
    ...match,
    eventStartedAt: match.eventStartedAt + shiftMs,
    looks: shiftedEvidence(match.looks, shiftMs),
    evidence: shiftedEvidence(match.evidence, shiftMs),
    lastStart: match.lastStart + shiftMs,
    lastEnd: match.lastEnd + shiftMs,
  };
}

function shiftedEvidence<One extends LeafEvidence>(list: readonly One[], shiftMs: number): readonly One[] {
  return list.map((one) => ({ ...one, capturedAt: one.capturedAt + shiftMs }));
}
