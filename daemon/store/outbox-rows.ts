// The outbox table: rows in and out, checksums made and checked. What may go when is decided in outbox.ts.
import Database from "better-sqlite3";
import { rowCrc } from "./row-crc.js";
import type { OutboxClass, OutboxMessage } from "./store.js";

/** What a row takes on disk beside its texts and body, bytes, roughly: the other columns and five indexes. */
const ROW_OVERHEAD_BYTES = 256;

/** A row as the table holds it. */
export interface StoredRow {
  readonly row_id: number;
  readonly message_id: string;
  readonly key: string;
  readonly class: OutboxClass;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly accepted_at: number;
  readonly caused_at: number;
  readonly size: number;
  readonly crc: number;
  readonly acknowledged_at: number | null;
}

/** A row without its contents. */
export type RowRef = Pick<StoredRow, "row_id" | "size">;

/** What a message takes of the byte budget. */
export function messageSize(message: OutboxMessage): number {
  const texts = message.messageId.length * 2 + message.key.length * 2 + message.subject.length;
  return message.body.byteLength + texts + ROW_OVERHEAD_BYTES;
}

/** Whether the row is as it was written. */
export function isIntact(row: StoredRow): boolean {
  return row.crc === crcOf(row);
}

function crcOf(row: Omit<StoredRow, "row_id" | "crc" | "acknowledged_at">): number {
  return rowCrc(row.message_id, row.key, row.class, row.subject, row.body, row.accepted_at, row.caused_at, row.size);
}

/** Statements over the outbox table. All calls belong into a transaction. */
export class OutboxRows {
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  insert(message: OutboxMessage, acceptedAt: number): void {
    const { messageId, key, subject, body, causedAt } = message;
    const row = {
      message_id: messageId,
      key,
      class: message.class,
      subject,
      body,
      accepted_at: acceptedAt,
      caused_at: causedAt,
      size: messageSize(message),
    };
    this.#statements.insert.run({ ...row, crc: crcOf(row) });
  }

  has(messageId: string): boolean {
    return this.#statements.has.get(messageId) !== undefined;
  }

  read(rowId: number): StoredRow | undefined {
    return this.#statements.read.get(rowId);
  }

  /** Unacknowledged rows, oldest first, without their contents. Nothing may be written while this is iterated. */
  waiting(): IterableIterator<{ readonly row_id: number; readonly key: string }> {
    return this.#statements.waiting.iterate();
  }

  waitingOf(key: string, rowClass: OutboxClass): readonly RowRef[] {
    return this.#statements.waitingOf.all(key, rowClass);
  }

  oldest(rowClass: OutboxClass, acknowledged: boolean): RowRef | undefined {
    return acknowledged ? this.#statements.oldestRetained.get(rowClass) : this.#statements.oldestWaiting.get(rowClass);
  }

  acknowledged(afterRowId: number, limit: number): readonly number[] {
    return this.#statements.acknowledged.all(afterRowId, limit);
  }

  /** All acknowledged rows, oldest first, from the index alone: the table is hundreds of megabytes after a long outage. */
  allAcknowledged(): readonly number[] {
    return this.#statements.allAcknowledged.all().sort((a, b) => a - b);
  }

  /** Notes the acknowledgement. False: the row has gone. */
  acknowledge(rowId: number, nowMs: number, streamSequence: number): boolean {
    return this.#statements.acknowledge.run(nowMs, streamSequence, rowId).changes > 0;
  }

  /** Deletes a row, also one whose indexed columns were damaged so that the indexes no longer find it. */
  remove(rowId: number): void {
    try {
      this.#statements.remove.run(rowId);
    } catch (thrown) {
      if (!(thrown instanceof Database.SqliteError) || !thrown.code.startsWith("SQLITE_CORRUPT")) throw thrown;
      this.#db.exec("REINDEX outbox");
      this.#statements.remove.run(rowId);
    }
  }

  /** How many rows wait and since when the oldest does, from the index alone: asked for at every scrape. */
  backlog(): { readonly waiting: number; readonly oldest: number | undefined } {
    return { waiting: this.#statements.waitingCount.get() ?? 0, oldest: this.#statements.waitingSince.get() };
  }

  /** The sizes of all rows together, from the whole table: seconds after a long outage. */
  bytes(): number {
    return this.#statements.bytes.get() ?? 0;
  }

  /** The highest row id; 0 if there is no row. */
  lastRowId(): number {
    return this.#statements.lastRowId.get() ?? 0;
  }
}

/** Indexes are named: without statistics the planner takes the one of the class, which is nearly the whole table. */
function prepare(db: Database.Database) {
  return {
    insert: db.prepare<[Omit<StoredRow, "row_id" | "acknowledged_at">]>(
      `INSERT INTO outbox (message_id, key, class, subject, body, accepted_at, caused_at, size, crc)
       VALUES (@message_id, @key, @class, @subject, @body, @accepted_at, @caused_at, @size, @crc)`,
    ),
    has: db.prepare<[string], number>("SELECT 1 FROM outbox WHERE message_id = ?").pluck(),
    read: db.prepare<[number], StoredRow>("SELECT * FROM outbox WHERE row_id = ?"),
    waiting: db.prepare<[], { row_id: number; key: string }>(
      "SELECT row_id, key FROM outbox INDEXED BY outbox_waiting WHERE acknowledged_at IS NULL ORDER BY row_id",
    ),
    waitingOf: db.prepare<[string, OutboxClass], RowRef>(
      `SELECT row_id, size FROM outbox INDEXED BY outbox_waiting_key
       WHERE key = ? AND class = ? AND acknowledged_at IS NULL ORDER BY row_id`,
    ),
    oldestWaiting: db.prepare<[OutboxClass], RowRef>(
      `SELECT row_id, size FROM outbox INDEXED BY outbox_waiting_class
       WHERE class = ? AND acknowledged_at IS NULL ORDER BY row_id LIMIT 1`,
    ),
    oldestRetained: db.prepare<[OutboxClass], RowRef>(
      `SELECT row_id, size FROM outbox INDEXED BY outbox_retained_class
       WHERE class = ? AND acknowledged_at IS NOT NULL ORDER BY row_id LIMIT 1`,
    ),
    acknowledged: db
      .prepare<[number, number], number>(
        "SELECT row_id FROM outbox WHERE acknowledged_at IS NOT NULL AND row_id > ? ORDER BY row_id LIMIT ?",
      )
      .pluck(),
    allAcknowledged: db
      .prepare<[], number>("SELECT row_id FROM outbox INDEXED BY outbox_retained_class WHERE acknowledged_at IS NOT NULL")
      .pluck(),
    acknowledge: db.prepare<[number, number, number]>(
      "UPDATE outbox SET acknowledged_at = ?, stream_sequence = ? WHERE row_id = ?",
    ),
    remove: db.prepare<[number]>("DELETE FROM outbox WHERE row_id = ?"),
    waitingCount: db
      .prepare<[], number>("SELECT count(*) FROM outbox INDEXED BY outbox_waiting WHERE acknowledged_at IS NULL")
      .pluck(),
    waitingSince: db
      .prepare<[], number>(
        "SELECT accepted_at FROM outbox INDEXED BY outbox_waiting WHERE acknowledged_at IS NULL ORDER BY row_id LIMIT 1",
      )
      .pluck(),
    bytes: db.prepare<[], number>("SELECT coalesce(sum(size), 0) FROM outbox").pluck(),
    lastRowId: db.prepare<[], number>("SELECT coalesce(max(row_id), 0) FROM outbox").pluck(),
  };
}
