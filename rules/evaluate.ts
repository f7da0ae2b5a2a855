// Is a rule's condition met? Positive conditions by their newest matches, absences by their witnesses.
import type { Modality } from "../fusion/model/modality.js";
import { heldTo, metSince, type LeafMatch, type LeafState, type Run } from "./leaf-matches.js";
import type { ConditionNode, Exclusion, Rule } from "./rule.js";
import { all, any, not, truthOf, type Truth } from "./truth.js";
import { lastScanEnd, scannedWithin, type Scans } from "./scans.js";
import { gapsIn, watchingOver, type Gap, type HealthSpan } from "./witnesses.js";

/** Positive conditions that are met together, by index of leaf. Lines that met a condition on a field: the newest first. */
export type Met = ReadonlyMap<number, readonly LeafMatch[]>;

/** What of the past counts. Times are Unix ms of event time. */
export interface Recent {
  /** The newest observation's start: what ended more than `withinMs` before it, and is held no more, is over. */
  readonly from: number;
  /** Lines up to here belong to an incident that is over; -Infinity if there was none. */
  readonly toldTo: number;
}

/**
 * The matches that meet the rule's condition together: what each was seen or heard by ended at most `withinMs` before
 * `recent.from`, or is held to then, and is enough without what was before.
 *
 * A line that an incident told which is over counts only where nothing newer meets its condition, and the rule's is not
 * met without it. `eventId`: only matches of this event count (`same_event`). Absences are taken for granted here, they
 * are judged when time is complete. Undefined: not met.
 */
export function metTogether(rule: Rule, leaves: readonly LeafState[], recent: Recent, eventId?: string): Met | undefined {
  const fresh = new Map<number, readonly LeafMatch[]>();
  const all = new Map<number, readonly LeafMatch[]>();
  for (const leaf of positiveLeaves(rule.condition)) {
    const matches = recentMatches(rule, leaf, leaves[leaf], recent, eventId);
    if (matches.length === 0) continue;
    const untold = rule.leaves[leaf]?.kind === "field" ? matches.filter((match) => match.lastEnd > recent.toldTo) : matches;
    if (untold.length > 0) fresh.set(leaf, untold);
    all.set(leaf, untold.length > 0 ? untold : matches.slice(0, 1));
  }
  return metBy(rule, fresh) ?? metBy(rule, all);
}

function recentMatches(rule: Rule, index: number, state: LeafState | undefined, recent: Recent, eventId: string | undefined): readonly LeafMatch[] {
  const leaf = rule.leaves[index];
  const byEvent = state?.byEvent ?? new Map<string, LeafMatch>();
  const candidates = eventId === undefined ? [...byEvent.values()].reverse() : [byEvent.get(eventId)];
  return candidates.flatMap((match) => {
    // What stands there is together with what happens meanwhile, not also with what happens within so long after it may have gone.
    if (match === undefined || Math.max(match.lastEnd + rule.withinMs, heldTo(match)) < recent.from) return [];
    return leaf?.kind === "prompt" ? (metSince(match, leaf, rule, recent.from) ?? []) : [match];
  });
}

function metBy(rule: Rule, matches: Met): Met | undefined {
  const meeting = leavesMeeting(rule.condition, matches);
  return meeting === undefined ? undefined : new Map([...matches].filter(([leaf]) => meeting.includes(leaf)));
}

/** Leaves that stand outside every `not`: the ones that can meet the condition. */
export function positiveLeaves(node: ConditionNode): readonly number[] {
  switch (node.kind) {
    case "leaf":
      return [node.leaf];
    case "not":
      return [];
    default:
      return node.of.flatMap(positiveLeaves);
  }
}

/**
 * The confidence of a condition, given that of its leaves (0 where one was never met): the weakest of `all`, since all
 * must hold and what one shows does not make another likelier; the strongest of `any`. Absences are not counted.
 */
export function confidenceOf(node: ConditionNode, ofLeaf: (leaf: number) => number): number {
  switch (node.kind) {
    case "leaf":
      return ofLeaf(node.leaf);
    case "not":
      return 1;
    case "all":
      return Math.min(...node.of.map((child) => confidenceOf(child, ofLeaf)));
    case "any":
      return Math.max(0, ...node.of.filter((child) => child.kind !== "not").map((child) => confidenceOf(child, ofLeaf)));
  }
}

/** Until when what is met holds, Unix ms: of `all` the shortest, of `any` the longest. */
export function heldUntil(node: ConditionNode, met: Met): number {
  switch (node.kind) {
    case "leaf":
      return Math.max(-Infinity, ...(met.get(node.leaf) ?? []).map(heldTo));
    case "not":
      return Infinity;
    case "all":
      return Math.min(...node.of.map((child) => heldUntil(child, met)));
    case "any":
      return Math.max(-Infinity, ...node.of.filter((child) => child.kind !== "not").map((child) => heldUntil(child, met)));
  }
}

/** When the absences of an incident were judged from: its start, and when its conditions were first met together. */
export interface Anchor {
  readonly startedAt: number;
  readonly firstMetAt: number;
  /** Leaves that were met, ever. */
  readonly metLeaves: readonly number[];
}

/** What is known of the group when absences are judged. */
export interface Surroundings {
  readonly leaves: readonly LeafState[];
  readonly spans: readonly HealthSpan[];
  /** Absent: whoever watched counts, whether or not all of the picture was looked at. */
  readonly scans?: Scans;
}

/** The time up to which the group must be complete before the rule's absences can be judged; undefined: it has none. */
export function completeNeeded(rule: Rule, anchor: Anchor): number | undefined {
  const ends = rule.unless.map((exclusion) => anchor.startedAt + exclusion.afterMs);
  if (hasNot(rule.condition)) ends.push(anchor.firstMetAt);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** Whether the incident stands, absences included. Call only when time is complete to `completeNeeded`. */
export function judged(rule: Rule, anchor: Anchor, around: Surroundings): Truth {
  const condition = truthOfCondition(rule, rule.condition, anchor, around);
  return all([condition, ...rule.unless.map((exclusion) => not(happened(rule, exclusion, anchor, around)))]);
}

/** Whether nothing but a complete look is missing where the rule's absences cannot be told. */
export function wantsLook(rule: Rule, anchor: Anchor, { leaves, spans }: Surroundings): boolean {
  return judged(rule, anchor, { leaves, spans }) !== "unknown";
}

/** When the group's cameras had last looked at all of their picture before the rule's absences were judged; undefined: it asks for none of pictures, or they never had. */
export function lastLookFor(rule: Rule, anchor: Anchor, around: Surroundings): number | undefined {
  const ends = absencesOf(rule, anchor, around).filter(({ leaf }) => modalityOfLeaf(rule, leaf) === "image").map(({ to }) => to);
  return ends.length === 0 || around.scans === undefined ? undefined : lastScanEnd(around.scans, around.scans.keys(), Math.max(...ends));
}

/** What is known of one condition within an interval, Unix ms of event time. */
export interface Finding {
  /** Index into the rule's leaves. */
  readonly leaf: number;
  /** As the configuration writes it: `see: person`. */
  readonly condition: string;
  readonly from: number;
  readonly to: number;
  readonly happened: Truth;
  /** The newest time over which it happened, where it did. */
  readonly met?: Run;
  /** Sources that could not have told it; where one of them could, its absence is known all the same. */
  readonly blind: readonly Gap[];
}

/** What is known of each condition whose absence the rule asks for, where the rule looks for it. */
export function absencesOf(rule: Rule, anchor: Anchor, around: Surroundings): readonly Finding[] {
  const unwanted = [
    ...nots(rule.condition).map((node) => ({ node, ...spanOfNots(rule, anchor) })),
    ...rule.unless.map((exclusion) => ({ node: exclusion.node, ...spanOf(exclusion, anchor) })),
  ];
  return unwanted.flatMap(({ node, from, to }) => leavesIn(node).map((leaf) => findingOf(rule, leaf, from, to, around)));
}

/** What is known of one condition, by its index, within an interval. */
export function findingOf(rule: Rule, leaf: number, from: number, to: number, around: Surroundings): Finding {
  const met = around.leaves[leaf]?.runs.findLast((run) => run.start <= to && run.end >= from);
  return {
    leaf,
    condition: rule.leaves[leaf]?.label ?? "",
    from,
    to,
    happened: truthWithin(rule, { kind: "leaf", leaf }, { from, to }, around),
    ...(met === undefined ? {} : { met }),
    blind: blindTo(rule, leaf, from, to, around),
  };
}

function blindTo(rule: Rule, leaf: number, from: number, to: number, { spans, scans }: Surroundings): readonly Gap[] {
  const modality = modalityOfLeaf(rule, leaf);
  const gaps = gapsIn(spans, modality, from, to);
  if (modality !== "image" || scans === undefined) return gaps;
  const unscanned = watchingOver(spans, modality, from, to).filter((sourceId) => !scannedWithin(scans, sourceId, from, to));
  return [...gaps, ...unscanned.map((sourceId) => unscannedSince(sourceId, lastScanEnd(scans, [sourceId], to)))];
}

function unscannedSince(sourceId: string, since: number | undefined): Gap {
  return { sourceId, modality: "image", reason: "no_complete_look", ...(since === undefined ? {} : { since }) };
}

function nots(node: ConditionNode): readonly ConditionNode[] {
  if (node.kind === "not") return [node.of];
  return node.kind === "leaf" ? [] : node.of.flatMap(nots);
}

function leavesIn(node: ConditionNode): readonly number[] {
  if (node.kind === "leaf") return [node.leaf];
  return node.kind === "not" ? leavesIn(node.of) : node.of.flatMap(leavesIn);
}

/** The leaves by which the condition is met, absences taken for granted; undefined: it is not met. */
function leavesMeeting(node: ConditionNode, recent: Met): readonly number[] | undefined {
  switch (node.kind) {
    case "leaf":
      return recent.has(node.leaf) ? [node.leaf] : undefined;
    case "not":
      return [];
    case "all": {
      const parts = node.of.map((child) => leavesMeeting(child, recent));
      return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);
    }
    case "any": {
      const parts = node.of.flatMap((child) => (child.kind === "not" ? [] : [leavesMeeting(child, recent)]));
      return parts.every((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
    }
  }
}

function hasNot(node: ConditionNode): boolean {
  return node.kind === "not" || (node.kind !== "leaf" && node.of.some(hasNot));
}

function truthOfCondition(rule: Rule, node: ConditionNode, anchor: Anchor, around: Surroundings): Truth {
  switch (node.kind) {
    case "leaf":
      return truthOf(anchor.metLeaves.includes(node.leaf));
    case "not":
      return not(truthWithin(rule, node.of, spanOfNots(rule, anchor), around));
    case "all":
      return all(node.of.map((child) => truthOfCondition(rule, child, anchor, around)));
    case "any":
      return any(node.of.map((child) => truthOfCondition(rule, child, anchor, around)));
  }
}

function happened(rule: Rule, exclusion: Exclusion, anchor: Anchor, around: Surroundings): Truth {
  return truthWithin(rule, exclusion.node, spanOf(exclusion, anchor), around);
}

/** Where a rule looks for what its `not` names. */
function spanOfNots(rule: Rule, anchor: Anchor): Interval {
  return { from: anchor.startedAt - rule.withinMs, to: anchor.firstMetAt };
}

function spanOf(exclusion: Exclusion, anchor: Anchor): Interval {
  return { from: anchor.startedAt - exclusion.withinMs, to: anchor.startedAt + exclusion.afterMs };
}

interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether something happened within an interval; without a witness over all of it, "no" is not to be known. Of pictures it takes
 * one that looked at all of its picture meanwhile.
 */
function truthWithin(rule: Rule, node: ConditionNode, interval: Interval, around: Surroundings): Truth {
  const { from, to } = interval;
  switch (node.kind) {
    case "leaf": {
      const runs = around.leaves[node.leaf]?.runs ?? [];
      if (runs.some((run) => run.start <= to && run.end >= from)) return "true";
      return isWitnessed(modalityOfLeaf(rule, node.leaf), interval, around) ? "false" : "unknown";
    }
    case "not":
      return not(truthWithin(rule, node.of, interval, around));
    case "all":
      return all(node.of.map((child) => truthWithin(rule, child, interval, around)));
    case "any":
      return any(node.of.map((child) => truthWithin(rule, child, interval, around)));
  }
}

function isWitnessed(modality: Modality, { from, to }: Interval, { spans, scans }: Surroundings): boolean {
  return watchingOver(spans, modality, from, to).some((sourceId) => modality !== "image" || scans === undefined || scannedWithin(scans, sourceId, from, to));
}

/** The modality that could tell it. */
export function modalityOfLeaf(rule: Rule, index: number): Modality {
  const leaf = rule.leaves[index];
  return leaf?.kind === "prompt" ? leaf.modality : "text";
}
