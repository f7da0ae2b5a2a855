// What follows when a stream lost messages that it had acknowledged: all that is still kept goes out again.
import { FusiondError } from "../../fusion/model/errors.js";
import type { AgeMs } from "../runtime/event-clock.js";
import type { AcknowledgedMark, OutboxRow, Store } from "../store/store.js";
import { mayBeUnknownToSink } from "./redelivery.js";
import type { Sink, SinkSession } from "./sink.js";

/** Rows in flight at one time. */
const PAGE_ROWS = 64;

/** What was published again. */
export interface PublishedAgain {
  readonly count: number;
  /** The furthest of the new acknowledgements; undefined if nothing was left to publish. */
  readonly mark: AcknowledgedMark | undefined;
}

/**
 * Publishes every retained row again with its own id, keys in order; the sink absorbs those that it still has.
 * The mark in the store is left alone, so that a crash half-way through is found again.
 * Errors: FusiondError "sink_unavailable"; a row that the sink rejects is left out.
 */
export async function publishAgain(store: Store, sink: Sink, session: SinkSession, age: AgeMs): Promise<PublishedAgain> {
  let count = 0;
  let mark: AcknowledgedMark | undefined;
  const deliver = async (row: OutboxRow): Promise<void> => {
    const redelivered = mayBeUnknownToSink(row, session.duplicateWindowMs, age);
    const { streamSequence, streamCreated } = await sink.deliver(row, redelivered);
    count++;
    if (streamSequence > (mark?.streamSequence ?? 0)) mark = { messageId: row.messageId, streamSequence, streamCreated };
  };
  for (let after = 0; ; ) {
    const rows = await store.retained(after, PAGE_ROWS);
    const last = rows.at(-1);
    if (last === undefined) return { count, mark };
    after = last.rowId;
    await Promise.all([...byKey(rows).values()].map((sameKey) => inOrder(sameKey, deliver)));
  }
}

function byKey(rows: readonly OutboxRow[]): Map<string, OutboxRow[]> {
  const keys = new Map<string, OutboxRow[]>();
  for (const row of rows) keys.set(row.key, [...(keys.get(row.key) ?? []), row]);
  return keys;
}

async function inOrder(rows: readonly OutboxRow[], deliver: (row: OutboxRow) => Promise<void>): Promise<void> {
  for (const row of rows) {
    try {
      await deliver(row);
    } catch (error) {
      if (!(error instanceof FusiondError) || error.code !== "sink_rejected") throw error;
    }
  }
}
