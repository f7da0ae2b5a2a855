// A source's health transition as a message: docs/source.schema.json describes it to consumers.
import type { SourceTransition } from "../sources/source.js";
import type { OutboxMessage } from "../store/store.js";
import { serialiseBody, shortened, timestamp, withoutUndefined, type BodyFormat } from "./message-body.js";
import { sourceSubject } from "./subjects.js";

/** Version of the message's fields. */
export const HEALTH_SCHEMA_VERSION = 1;

/** Longest detail, characters. */
const DETAIL_MAX = 500;

/** A source that changed its state, or of which a modality became blind or sees again. */
export interface HealthTransition extends SourceTransition {
  readonly sourceId: string;
  /** See `nextHealthSeq`. */
  readonly seq: number;
}

/** The message of one transition. */
export function healthMessage(transition: HealthTransition, site: string, format: BodyFormat): OutboxMessage {
  const { sourceId, state, at, detail, witnesses, seq } = transition;
  const blind = witnesses.filter(({ healthy }) => !healthy);
  const fields = {
    schema_version: HEALTH_SCHEMA_VERSION,
    source: sourceId,
    state,
    at: timestamp(at),
    detail: detail === undefined ? undefined : shortened(detail, DETAIL_MAX),
    blind: blind.map(({ modality, at: since, why }) => ({ modality, since: timestamp(since), why: shortened(why ?? "", DETAIL_MAX) })),
    seq,
  };
  return {
    messageId: `${sourceId}.${seq}`,
    key: sourceId,
    subject: sourceSubject(site, sourceId),
    class: "health",
    causedAt: at,
    body: serialiseBody(withoutUndefined(fields), format),
    seq,
  };
}

/**
 * A source's next sequence number: above the previous one, which the store remembers over restarts. The wall clock keeps it
 * above those of a state folder that is gone, whose messages the broker would otherwise take for the same ones.
 */
export function nextHealthSeq(previous: number, wallNowMs: number): number {
  return Math.max(previous + 1, Math.floor(wallNowMs));
}
