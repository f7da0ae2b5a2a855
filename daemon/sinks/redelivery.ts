// Whether a message that is sent again might be stored twice.
import type { AgeMs } from "../runtime/event-clock.js";
import type { OutboxRow } from "../store/store.js";

/** How long a message may be on its way before the sink sees it, ms: the time it has for its acknowledgement. */
const ON_ITS_WAY_MS = 5_000;

/**
 * Whether the row may have been sent so long ago that the sink no longer knows its id. Counts from its acceptance, so
 * it says yes too often rather than too seldom; a row that was accepted in the future means yes.
 */
export function mayBeUnknownToSink(row: OutboxRow, duplicateWindowMs: number, age: AgeMs): boolean {
  const ageMs = age(row.acceptedAt);
  return row.attempted && (ageMs < 0 || ageMs + ON_ITS_WAY_MS >= duplicateWindowMs);
}
