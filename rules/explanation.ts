// How one rule stands in its group at a moment: what an operator asks who wonders why it is silent. Pure.
import type { Modality } from "../fusion/model/modality.js";
import { waitsFor, type SuppressionReason } from "./episode.js";
import { absencesOf, findingOf, modalityOfLeaf, positiveLeaves, type Finding } from "./evaluate.js";
import type { Incident } from "./incident.js";
import type { BestLook, SettledLook } from "./leaf-matches.js";
import type { ConditionNode, Rule } from "./rule.js";
import type { RuleStateData } from "./rule-state.js";
import { lastScanEnd, type Scans } from "./scans.js";
import type { Gap, HealthSpan } from "./witnesses.js";

/** What the rule is doing. `pending`: `waitsFor` is the time up to which the group must be complete, where it waits for that. */
export type RuleStanding =
  | { readonly state: "idle" }
  | { readonly state: "cooling_down"; readonly until: number }
  | { readonly state: "pending"; readonly since: number; readonly heldMs: number; readonly waitsFor?: number }
  | { readonly state: "held_back"; readonly since: number; readonly reason: SuppressionReason }
  | { readonly state: "firing"; readonly since: number };

/** One condition as it stands now. `happened`, within `from` and `to`, is what the rule would go by. */
export interface ConditionStanding extends Finding {
  /** "needed": it must be met; "absent": it must not (`not`, `unless`). */
  readonly role: "needed" | "absent";
  readonly modality: Modality;
  /** What it takes, 0..1; of a field there is none. */
  readonly confidence?: number;
  readonly best?: BestLook;
  /** Of what must not be seen: when a camera had last looked at all of its picture. */
  readonly lastScanAt?: number;
  /** Of what must be seen: who stands where a camera has seen them for so long that it is told no more. Lately only. */
  readonly settled?: SettledLook;
}

/** All of it. Times are Unix ms of event time. */
export interface RuleExplanation {
  readonly ruleId: string;
  readonly groupId: string;
  readonly standing: RuleStanding;
  /** Whether all needed conditions must be met, or one of them; "nested": as the rule puts them together. */
  readonly needs: "all" | "any" | "nested";
  readonly withinMs: number;
  readonly sameEvent: boolean;
  readonly holdForMs: number;
  readonly confirmations: number;
  readonly conditions: readonly ConditionStanding[];
  /** When it last told an incident, if it remembers one; `endedAt` is absent while it lasts. */
  readonly lastFired?: Pick<Incident, "id" | "startedAt" | "endedAt">;
}

/** What settled is looked at with every scan: after this long it has left, or nobody looks, ms. */
const SETTLED_TOLD_MS = 60_000;

/** Where and when a rule is looked at. */
export interface ExplanationContext {
  readonly groupId: string;
  readonly spans: readonly HealthSpan[];
  readonly scans: Scans;
  /** What the group is to be told by, whether or not it ever was. */
  readonly inputs: readonly { readonly sourceId: string; readonly modality: Modality }[];
  readonly nowMs: number;
}

/** How the rule stands now. */
export function explainRule(rule: Rule, data: RuleStateData, context: ExplanationContext): RuleExplanation {
  const { groupId, nowMs, spans, scans } = context;
  const around = { leaves: data.leaves, spans, scans };
  const watched = { leaves: data.leaves, spans }; // what must be there is asked of whoever watched
  const needed = [...new Set(positiveLeaves(rule.condition))].map((leaf) => findingOf(rule, leaf, nowMs - rule.withinMs, nowMs, watched));
  const absent = absencesOf(rule, { startedAt: nowMs, firstMetAt: nowMs, metLeaves: [] }, around);
  const standing = (role: ConditionStanding["role"]) => (finding: Finding): ConditionStanding => conditionStanding(rule, data, context, role, finding);
  const fired = lastFired(data);
  return {
    ruleId: rule.id,
    groupId,
    standing: standingOf(rule, data, nowMs),
    needs: needsOf(rule.condition),
    withinMs: rule.withinMs,
    sameEvent: rule.sameEvent,
    holdForMs: rule.holdForMs,
    confirmations: rule.confirmations,
    conditions: [...needed.map(standing("needed")), ...absent.map(standing("absent"))],
    ...(fired === undefined ? {} : { lastFired: fired }),
  };
}

function needsOf(condition: ConditionNode): RuleExplanation["needs"] {
  if (condition.kind === "leaf" || condition.kind === "not") return "all";
  return condition.of.some(({ kind }) => kind === "all" || kind === "any") ? "nested" : condition.kind;
}

function standingOf(rule: Rule, { episode, cooldownUntil }: RuleStateData, nowMs: number): RuleStanding {
  const idle: RuleStanding = nowMs < cooldownUntil ? { state: "cooling_down", until: cooldownUntil } : { state: "idle" };
  if (episode === undefined) return idle;
  switch (episode.state) {
    case "firing":
      return { state: "firing", since: episode.startedAt };
    case "suppressed":
      return episode.suppression === undefined || idle.state === "cooling_down" ? idle : { state: "held_back", since: episode.startedAt, reason: episode.suppression };
    case "pending": {
      const waits = waitsFor(rule, episode);
      const heldMs = episode.lastMetAt - episode.firstMetAt;
      return { state: "pending", since: episode.startedAt, heldMs, ...(waits === Infinity ? {} : { waitsFor: waits }) };
    }
  }
}

function conditionStanding(rule: Rule, data: RuleStateData, context: ExplanationContext, role: ConditionStanding["role"], finding: Finding): ConditionStanding {
  const leaf = rule.leaves[finding.leaf];
  const modality = modalityOfLeaf(rule, finding.leaf);
  const { best, settled } = data.leaves[finding.leaf] ?? {};
  const lastScanAt = role === "absent" && modality === "image" ? lastScanEnd(context.scans, context.scans.keys(), context.nowMs) : undefined;
  return {
    ...finding,
    role,
    modality,
    blind: withNever(finding.blind, modality, context),
    ...(leaf?.kind === "prompt" ? { confidence: leaf.confidence } : {}),
    ...(best === undefined ? {} : { best }),
    ...(lastScanAt === undefined ? {} : { lastScanAt }),
    ...(settled === undefined || settled.at < context.nowMs - SETTLED_TOLD_MS ? {} : { settled }),
  };
}

/** Today's sources only, those that never told anything among them. */
function withNever(gaps: readonly Gap[], modality: Modality, { inputs, spans }: ExplanationContext): readonly Gap[] {
  return inputs
    .filter((input) => input.modality === modality)
    .flatMap(({ sourceId }) => {
      const gap = gaps.find((one) => one.sourceId === sourceId);
      const ever = spans.some((span) => span.sourceId === sourceId && span.modality === modality);
      return gap === undefined && ever ? [] : [gap ?? { sourceId, modality, reason: "not_watching" }];
    });
}

function lastFired({ episode, resolved }: RuleStateData): RuleExplanation["lastFired"] {
  if (episode?.state === "firing") return { id: episode.id, startedAt: episode.startedAt };
  const last = resolved.at(-1);
  return last === undefined ? undefined : { id: last.id, startedAt: last.startedAt, ...(last.endedAt === undefined ? {} : { endedAt: last.endedAt }) };
}
