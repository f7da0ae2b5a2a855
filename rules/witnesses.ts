// Who was watching when: absence needs a witness.
import type { Modality } from "../fusion/model/modality.js";

/** A source of the group became healthy, or stopped being so, at `at` (Unix ms of event time). */
export interface WitnessChange {
  readonly sourceId: string;
  readonly modality: Modality;
  readonly at: number;
  readonly healthy: boolean;
}

/** A time of uninterrupted health; `to` is absent while it lasts. */
export interface HealthSpan {
  readonly sourceId: string;
  readonly modality: Modality;
  readonly from: number;
  readonly to?: number;
}

/** Why a source cannot witness an absence: it did not watch, or it watched what moves but never looked at the whole picture. */
export const GAP_REASONS = ["not_watching", "no_complete_look"] as const;
/** One of the closed set of reasons for which a source witnesses no absence. */
export type GapReason = (typeof GAP_REASONS)[number];

/** A time in which a source witnessed nothing. */
export interface Gap {
  readonly sourceId: string;
  readonly modality: Modality;
  readonly reason: GapReason;
  /** Absent: as far back as is known. */
  readonly since?: number;
  /** Absent: it lasts. */
  readonly until?: number;
}

/** Times of health kept of one input: of what lies before nothing is known. */
const SPANS_MAX = 256;

/** The spans after a change, at most SPANS_MAX of one input, the newest. Pure; saying the same twice changes nothing. */
export function withChange(spans: readonly HealthSpan[], change: WitnessChange): readonly HealthSpan[] {
  const at = spans.findIndex((span) => isOf(span, change) && span.to === undefined);
  const { sourceId, modality } = change;
  if (change.healthy) return at === -1 ? [...withRoom(spans, change), { sourceId, modality, from: change.at }] : spans;
  const lasting = spans[at];
  return lasting === undefined ? spans : spans.with(at, { ...lasting, to: change.at });
}

/** The spans without those that ended before `horizon`; the newest of each input stays, so that it is known since when it is blind. */
export function withoutOlder(spans: readonly HealthSpan[], horizon: number): readonly HealthSpan[] {
  const isOld = (span: HealthSpan, at: number): boolean =>
    (span.to ?? Infinity) < horizon && spans.some((later, laterAt) => laterAt > at && isOf(later, span));
  return spans.some(isOld) ? spans.filter((span, at) => !isOld(span, at)) : spans;
}

/** The sources of the modality that were healthy over the whole interval. */
export function watchingOver(spans: readonly HealthSpan[], modality: Modality, from: number, to: number): readonly string[] {
  return spans.filter((span) => span.modality === modality && span.from <= from && (span.to ?? Infinity) >= to).map(({ sourceId }) => sourceId);
}

/** Of each source that ever witnessed in this modality, but not all of an interval, the first time that it missed of it. */
export function gapsIn(spans: readonly HealthSpan[], modality: Modality, from: number, to: number): readonly Gap[] {
  const seen = spans.filter((span) => span.modality === modality);
  return [...new Set(seen.map((span) => span.sourceId))].flatMap((sourceId) => {
    const own = seen.filter((span) => span.sourceId === sourceId);
    const covering = own.find((span) => span.from <= from && (span.to ?? Infinity) >= from);
    const since = covering === undefined ? own.findLast((span) => (span.to ?? Infinity) < from)?.to : covering.to;
    if (covering !== undefined && (since === undefined || since >= to)) return [];
    const until = own.find((span) => span.from > (since ?? from))?.from;
    return [{ sourceId, modality, reason: "not_watching", ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }];
  });
}

function withRoom(spans: readonly HealthSpan[], change: WitnessChange): readonly HealthSpan[] {
  const own = spans.filter((span) => isOf(span, change));
  return own.length < SPANS_MAX ? spans : spans.filter((span) => span !== own[0]);
}

type OfInput = Pick<HealthSpan, "sourceId" | "modality">;

function isOf(span: OfInput, other: OfInput): boolean {
  return span.sourceId === other.sourceId && span.modality === other.modality;
}
