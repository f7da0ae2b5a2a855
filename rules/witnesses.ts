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

/** The spans without those that ended before `horizon`. */
export function withoutOlder(spans: readonly HealthSpan[], horizon: number): readonly HealthSpan[] {
  return spans.some((span) => (span.to ?? Infinity) < horizon) ? spans.filter((span) => (span.to ?? Infinity) >= horizon) : spans;
}

/** Whether some source of the modality was healthy over the whole interval. */
export function witnessed(spans: readonly HealthSpan[], modality: Modality, from: number, to: number): boolean {
  return spans.some((span) => span.modality === modality && span.from <= from && (span.to ?? Infinity) >= to);
}

function withRoom(spans: readonly HealthSpan[], change: WitnessChange): readonly HealthSpan[] {
  const own = spans.filter((span) => isOf(span, change));
  return own.length < SPANS_MAX ? spans : spans.filter((span) => span !== own[0]);
}

function isOf(span: HealthSpan, change: WitnessChange): boolean {
  return span.sourceId === change.sourceId && span.modality === change.modality;
}
