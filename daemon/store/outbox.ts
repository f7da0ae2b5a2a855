// The outbox: which messages are taken, which supersede which, which go when there is no room, and what is counted.
import { FusiondError } from "../../fusion/model/errors.js";
import type { Counters } from "./counters.js";
import { isIntact, messageSize, OutboxRows, type RowRef, type StoredRow } from "./outbox-rows.js";
import type { Quarantine } from "./quarantine.js";
import type { Retention } from "./retention.js";
import { OUTBOX_CLASSES, type AcknowledgedMark, type OutboxClass, type OutboxCounts, type OutboxMessage, type OutboxRow } from "./store.js";

/** Share of the byte budget that health messages may fill; the rest is for alerts alone. */
const HEALTH_SHARE = 0.9;

/** Claimed rows that are remembered before those that have gone are forgotten. */
const CLAIMED_MAX = 4096;

/** Acknowledged rows deleted in one transaction at most: a commit must not wait for a clean-up. */
const RELEASED_AT_ONCE_MAX = 64;

/** What the outbox works on. */
export interface OutboxOptions {
  readonly maxBytes: number;
  readonly rows: OutboxRows;
  readonly counters: Counters;
  readonly quarantine: Quarantine;
  readonly retention: Retention;
  readonly note: (level: "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/**
 * The outbox within one transaction after another. What it remembers beside the table only ever says too much, never
 * too little, so a transaction that is undone needs nothing undone here: row ids are never used twice.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** Rows up to this one were there before this start: they may have been sent. */
  #recoveredRowId = 0;
  #claimed = new Set<number>();
  #releasedEarly = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what the last run left. Says so if its counts do not add up. */
  recover(): void {
    const { rows, retention, note } = this.#options;
    this.#recoveredRowId = rows.lastRowId();
    for (const rowId of rows.allAcknowledged()) retention.keep(rowId);
    const { accepted, acknowledged, superseded, pending, shed } = this.counts();
    const shedLater = shed.reduce((sum, { at, count }) => sum + (at === "later" ? count : 0), 0);
    const missing = accepted - acknowledged - superseded - shedLater - pending;
    if (missing !== 0) note("error", "the outbox does not hold what its counters say: the disk changed it", { missing });
  }

  /**
   * Takes a message in, or sheds it at the door.
   * Errors: FusiondError "outbox_full" for an alert if nothing is left to make room with; the caller undoes its batch.
   */
  offer(message: OutboxMessage, nowMs: number, diskShort: boolean): void {
    const { rows, counters } = this.#options;
    if (rows.has(message.messageId)) return;
    const older = rows.waitingOf(message.key, message.class).filter((row) => !this.#mayHaveBeenSent(row.row_id));
    counters.add("offered", 1);
    if (message.class === "health" && !this.#admits(message, older, diskShort)) {
      counters.add("shed_health_door", 1);
      return;
    }
    for (const row of older) this.#remove(row);
    counters.add("superseded", older.length);
    if (message.class === "alert") this.#makeRoomForAlert(messageSize(message));
    rows.insert(message, nowMs);
    counters.add("accepted", 1);
    counters.add("bytes", messageSize(message));
  }

  /** See Store.claim. A damaged row is put into quarantine instead of being handed out. */
  claim(limit: number, exceptKeys: readonly string[]): readonly OutboxRow[] {
    if (this.#claimed.size > CLAIMED_MAX) this.#forgetGone();
    for (;;) {
      const rowIds = this.#firstOfEachKey(limit, new Set(exceptKeys));
      const claimed = rowIds.map((rowId) => this.#read(rowId)).filter((row) => row !== undefined);
      if (claimed.length === 0 && rowIds.length > 0) continue; // all damaged, and gone now: behind them wait others
      const rows = claimed.map((row) => this.#toRow(row));
      for (const row of rows) this.#claimed.add(row.rowId);
      return rows;
    }
  }

  /** See Store.acknowledge. A row that was shed meanwhile stays counted as shed. */
  acknowledge(rowId: number, mark: AcknowledgedMark, nowMs: number): void {
    const { rows, counters, retention } = this.#options;
    const row = rows.read(rowId);
    if (row === undefined) return;
    rows.acknowledge(rowId, nowMs, mark.streamSequence);
    if (row.acknowledged_at === null) counters.add("acknowledged", 1);
    retention.keep(rowId);
  }

  /** See Store.retained. */
  retained(afterRowId: number, limit: number): readonly OutboxRow[] {
    return this.#options.rows
      .acknowledged(afterRowId, limit)
      .map((rowId) => this.#read(rowId))
      .filter((row) => row !== undefined)
      .map((row) => this.#toRow(row));
  }

  /** Deletes some of the acknowledged rows whose time is over. */
  release(): void {
    const { rows, retention } = this.#options;
    for (const rowId of retention.due(RELEASED_AT_ONCE_MAX)) {
      const row = rows.read(rowId);
      if (row?.acknowledged_at == null) retention.forget(rowId);
      else this.#remove(row);
    }
  }

  counts(): OutboxCounts {
    const { rows, counters, maxBytes } = this.#options;
    const { waiting, oldest } = rows.backlog();
    const shed = OUTBOX_CLASSES.flatMap((rowClass) =>
      (["door", "later"] as const).map((at) => ({ class: rowClass, at, count: counters.get(`shed_${rowClass}_${at}`) })),
    );
    return {
      offered: counters.get("offered"),
      accepted: counters.get("accepted"),
      acknowledged: counters.get("acknowledged"),
      superseded: counters.get("superseded"),
      pending: waiting,
      shed,
      corrupt: counters.get("corrupt"),
      bytes: counters.get("bytes"),
      capacityBytes: maxBytes,
      ...(oldest === undefined ? {} : { oldestAcceptedAt: oldest }),
    };
  }

  #mayHaveBeenSent(rowId: number): boolean {
    return rowId <= this.#recoveredRowId || this.#claimed.has(rowId);
  }

  /** Whether a health message has room; one that supersedes another takes that one's. */
  #admits(message: OutboxMessage, older: readonly RowRef[], diskShort: boolean): boolean {
    if (diskShort && older.length === 0) return false;
    const freed = older.reduce((sum, row) => sum + row.size, 0);
    return this.#evict(messageSize(message) - freed, this.#options.maxBytes * HEALTH_SHARE, "health", true);
  }

  #makeRoomForAlert(size: number): void {
    const { maxBytes, note } = this.#options;
    if (this.#evict(size, maxBytes, "health", true) || this.#evict(size, maxBytes, "health", false)) return;
    if (!this.#evict(size, maxBytes, "alert", true)) {
      throw new FusiondError(
        "outbox_full",
        "the outbox is full of alerts that no broker has taken: bring the broker back, or raise the outbox size",
      );
    }
    if (!this.#releasedEarly) note("warn", "the outbox is nearly full: acknowledged alerts are no longer kept for their full time");
    this.#releasedEarly = true;
  }

  /** Deletes the oldest rows of a kind until `size` more bytes stay within `limit`. False: there were not enough. */
  #evict(size: number, limit: number, rowClass: OutboxClass, acknowledged: boolean): boolean {
    const { rows, counters } = this.#options;
    while (counters.get("bytes") + size > limit) {
      const row = rows.oldest(rowClass, acknowledged);
      if (row === undefined) return false;
      if (!acknowledged) counters.add(`shed_${rowClass}_later`, 1);
      this.#remove(row);
    }
    return true;
  }

  #remove(row: RowRef): void {
    const { rows, counters } = this.#options;
    rows.remove(row.row_id);
    counters.add("bytes", -row.size);
  }

  /** The oldest unacknowledged row of each key that is not in `seen`, oldest first. */
  #firstOfEachKey(limit: number, seen: Set<string>): number[] {
    const rowIds: number[] = [];
    if (limit <= 0) return rowIds;
    for (const { row_id: rowId, key } of this.#options.rows.waiting()) {
      if (seen.has(key)) continue;
      seen.add(key);
      rowIds.push(rowId);
      if (rowIds.length === limit) break;
    }
    return rowIds;
  }

  #forgetGone(): void {
    const waiting = [...this.#options.rows.waiting()].map((row) => row.row_id);
    this.#claimed = new Set(waiting.filter((rowId) => this.#claimed.has(rowId)));
  }

  /** The row if it is intact; otherwise it goes into quarantine, and if it was still to be sent, counts as shed later. */
  #read(rowId: number): StoredRow | undefined {
    const { rows, counters, quarantine, note } = this.#options;
    const row = rows.read(rowId);
    if (row === undefined) {
      throw new FusiondError("store_unavailable", "an index of the state file names a row that is not there: start fusiond again, which builds the index anew");
    }
    if (isIntact(row)) return row;
    quarantine.put("outbox", row.message_id, row.body, "checksum");
    if (row.acknowledged_at === null) counters.add(row.class === "health" ? "shed_health_later" : "shed_alert_later", 1);
    rows.remove(rowId);
    counters.set("bytes", rows.bytes());
    note("error", "a message in the outbox was damaged on disk: it is in quarantine", { messageId: row.message_id });
    return undefined;
  }

  #toRow(row: StoredRow): OutboxRow {
    return {
      rowId: row.row_id,
      messageId: row.message_id,
      key: row.key,
      subject: row.subject,
      body: row.body,
      class: row.class,
      acceptedAt: row.accepted_at,
      causedAt: row.caused_at,
      attempted: row.acknowledged_at !== null || this.#mayHaveBeenSent(row.row_id),
    };
  }
}
