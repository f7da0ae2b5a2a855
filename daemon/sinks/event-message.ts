// One revision of an event as the body of a message: docs/nats.md describes it to consumers.
import type { FusionEvent } from "../../fusion/model/event.js";
import { serialiseBody, timestamp, withoutUndefined, type BodyFormat } from "./message-body.js";

/** Version of the message's fields; raised when a field changes its meaning or goes. */
export const EVENT_SCHEMA_VERSION = 1;

/** The body of one revision of an event. Bound: one entry for each source and modality that witnessed it. */
export function eventBody(event: FusionEvent, site: string, format: BodyFormat): Uint8Array {
  const fields = {
    schema_version: EVENT_SCHEMA_VERSION,
    id: event.id,
    revision: event.revision,
    phase: event.phase,
    site,
    group: event.groupId,
    started_at: timestamp(event.startedAt),
    ended_at: timestamp(event.endedAt),
    concept: event.concept,
    counts: event.counts,
    witnesses: event.representatives.map(({ sourceId, modality }) => ({ source: sourceId, modality })),
    continues: event.continues,
    merged_into: event.mergedInto,
    close_reason: event.closeReason,
  };
  return serialiseBody(withoutUndefined(fields), format);
}
