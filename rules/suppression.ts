// A candidate that never became an incident: what a rule held back, and why. Pure.
import { summaryOf, type Episode, type SuppressionReason } from "./episode.js";
import { absencesOf, type Finding, type Surroundings } from "./evaluate.js";
import type { Rule } from "./rule.js";
import type { Gap } from "./witnesses.js";

/** What was held back, as it stood when that was decided. Times are Unix ms of event time. */
export interface Suppression {
  readonly ruleId: string;
  readonly groupId: string;
  readonly reason: SuppressionReason;
  /** When its conditions were met last. */
  readonly at: number;
  /** How long they had been met, again and again, ms. */
  readonly heldMs: number;
  /** How long that should have been, ms. */
  readonly holdForMs: number;
  /** When the rule may fire again; of `cooldown` alone. */
  readonly cooldownUntil?: number;
  readonly confidence: number;
  /** As an alert would have it: `hear: dog (yard-mic 0.93)`. */
  readonly summary: string;
  /** Absences that were not to be had: what happened (`unless`), or what nobody could have told (`blind`, `no_complete_look`). */
  readonly absences: readonly Finding[];
}

/** What is known of the group and the rule when a candidate is held back. */
export interface SuppressionContext extends Surroundings {
  readonly cooldownUntil: number;
}

/** The candidate as it was held back. */
export function suppressionOf(rule: Rule, episode: Episode, reason: SuppressionReason, context: SuppressionContext): Suppression {
  return {
    ruleId: rule.id,
    groupId: episode.groupId,
    reason,
    at: episode.lastMetAt,
    heldMs: episode.lastMetAt - episode.firstMetAt,
    holdForMs: rule.holdForMs,
    ...(reason === "cooldown" ? { cooldownUntil: context.cooldownUntil } : {}),
    confidence: episode.confidence,
    summary: summaryOf(episode),
    absences: reason === "cooldown" || reason === "hold_for" ? [] : decisive(absencesOf(rule, episode, context), reason),
  };
}

/** Those that decided; all, where the rule turns an absence around (`unless: {not: …}`). */
function decisive(findings: readonly Finding[], reason: "unless" | "blind" | "no_complete_look"): readonly Finding[] {
  const those = findings.filter(({ happened }) => happened === (reason === "unless" ? "true" : "unknown"));
  return those.length > 0 ? those : findings;
}

/** Why it was held back, as the rest of a sentence; `time` writes a moment. */
export function whyHeldBack(suppression: Suppression, time: (atMs: number) => string): string {
  const { reason, heldMs, holdForMs, cooldownUntil, absences } = suppression;
  switch (reason) {
    case "cooldown":
      return `the rule was cooling down until ${time(cooldownUntil ?? suppression.at)}`;
    case "hold_for":
      return `it was met for ${seconds(heldMs)}, and hold_for asks for ${seconds(holdForMs)}`;
    case "unless":
    case "blind":
    case "no_complete_look":
      return absences.map((finding) => saidOf(finding, time)).join("; ");
  }
}

function saidOf({ condition, from, to, happened, met, blind }: Finding, time: (atMs: number) => string): string {
  if (met !== undefined) return `${condition} was met ${met.start === met.end ? `at ${time(met.start)}` : `from ${time(met.start)} to ${time(met.end)}`}`;
  if (happened === "false") return `${condition} was not met from ${time(from)} to ${time(to)}`;
  const why = blind.length === 0 ? "no source was watching" : blind.map((gap) => gapInWords(gap, time)).join(", ");
  return `${condition} cannot be answered from ${time(from)} to ${time(to)}, ${why}`;
}

const ATTENDING: Readonly<Record<Gap["modality"], string>> = { image: "watching", audio: "listening", text: "reading" };

/** "yard-cam was not watching from 21:03:50 to 21:04:02"; `time` writes a moment. */
export function gapInWords({ sourceId, modality, reason, since, until }: Gap, time: (atMs: number) => string): string {
  if (reason === "no_complete_look") return `${sourceId} ${since === undefined ? "never looked at all of its picture" : `last looked at all of its picture at ${time(since)}, which is too long ago`}`;
  if (until === undefined) return since === undefined ? `${sourceId} has never been ${ATTENDING[modality]}` : `${sourceId} has not been ${ATTENDING[modality]} since ${time(since)}`;
  return `${sourceId} was not ${ATTENDING[modality]} ${since === undefined ? "before" : `from ${time(since)} to`} ${time(until)}`;
}

/** "2.5 s" */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
