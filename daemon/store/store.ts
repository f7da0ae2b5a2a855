// The port of the one durable place: journal, checkpoints and outbox change in one transaction.

/** Shed order when there is no room: health first, alerts never. */
export const OUTBOX_CLASSES = ["alert", "health"] as const;
/** How much a message of the outbox matters. */
export type OutboxClass = (typeof OUTBOX_CLASSES)[number];

/** A message to be published, as the pipeline hands it over. */
export interface OutboxMessage {
  /** `<incident>.<revision>` or `<source>.<seq>`: the Nats-Msg-Id, the same on every try. */
  readonly messageId: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly class: OutboxClass;
  /**
   * Unpublished messages of one key and class coalesce into the newest, and those of one key are published in order:
   * the incident's or source's id.
   */
  readonly key: string;
  /** End of the newest observation that made it true, Unix ms: where its latency starts. */
  readonly causedAt: number;
  /** The number of a health message, above those before it: the store knows the highest, see `lastSeq`. */
  readonly seq?: number;
}

/** One step of a group's fold, encoded; `atMs` is its event time. */
export interface JournalEntry {
  readonly groupId: string;
  readonly bytes: Uint8Array;
}

/** What one place of a camera always shows, encoded; `place` is its name in the group. Without bytes: it is no more. */
export interface BackgroundRow {
  readonly place: string;
  readonly bytes?: Uint8Array;
}

/**
 * A group's state, encoded; it replaces the group's earlier checkpoint and journal. `backgrounds`, those that changed, replace
 * the rows of their places and leave the others as they are.
 */
export interface Checkpoint {
  readonly groupId: string;
  readonly bytes: Uint8Array;
  readonly backgrounds?: readonly BackgroundRow[];
}

/**
 * One transaction: whole or absent after kill -9.
 * Order: a group's checkpoint is written before its journal entries of the same batch.
 */
export interface CommitBatch {
  /** Groups that are no more: their checkpoints and journals go, before anything else of the batch. */
  readonly forgotten?: readonly string[];
  readonly checkpoints: readonly Checkpoint[];
  readonly journal: readonly JournalEntry[];
  readonly outbox: readonly OutboxMessage[];
}

/** What a group left behind at the last commit. */
export interface RecoveredGroup {
  readonly groupId: string;
  readonly checkpoint?: Uint8Array;
  readonly journal: readonly Uint8Array[];
  /** As each was when it was written last: with the checkpoint or before it, never after. */
  readonly backgrounds: readonly Required<BackgroundRow>[];
}

/** A row of the outbox on its way to the broker. */
export interface OutboxRow {
  readonly rowId: number;
  readonly messageId: string;
  readonly key: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly class: OutboxClass;
  /** Unix ms when its commit was made. */
  readonly acceptedAt: number;
  readonly causedAt: number;
  /** It may have been sent before: it was claimed earlier, or accepted before the last restart. */
  readonly attempted: boolean;
}

/**
 * The counting identity, read in one transaction:
 * offered = accepted + shed at the door; accepted = acknowledged + superseded + pending + shed later.
 */
export interface OutboxCounts {
  readonly offered: number;
  readonly accepted: number;
  readonly acknowledged: number;
  readonly superseded: number;
  readonly pending: number;
  readonly shed: readonly { readonly class: OutboxClass; readonly at: "door" | "later"; readonly count: number }[];
  readonly corrupt: number;
  readonly bytes: number;
  readonly capacityBytes: number;
  /** Unix ms of the oldest unacknowledged row. */
  readonly oldestAcceptedAt?: number;
}

/** Where the stream stood at the last acknowledgement: read back on every connect. */
export interface AcknowledgedMark {
  readonly messageId: string;
  readonly streamSequence: number;
  /** `created` of the stream, RFC 3339: another value is another stream. */
  readonly streamCreated: string;
}

/** The proxy of the worker thread that owns the SQLite file. One per state folder. */
export interface Store {
  /**
   * Locks the state folder, migrates and recovers.
   * Errors: FusiondError "store_locked" (a second daemon), "store_version" (newer state), "store_unavailable".
   */
  open(): Promise<readonly RecoveredGroup[]>;
  /**
   * Resolves after fsync. Batches that wait while another is being written are written together. A message whose id is
   * already in the outbox is not taken again. Takes no hold of the bytes: they are copied before it returns.
   * Errors: FusiondError "outbox_full" (the byte budget holds nothing but alerts that no broker took) and "store_full"
   * (the disk): nothing of the batch is kept or counted, try again later. "store_unavailable": the disk failed and the
   * store is dead; end the process.
   */
  commit(batch: CommitBatch): Promise<void>;
  /**
   * Takes rows that no broker has acknowledged, oldest first, at most one a key and none of `exceptKeys`. From now on
   * they may have been sent, so no newer message supersedes them.
   */
  claim(limit: number, exceptKeys: readonly string[]): Promise<readonly OutboxRow[]>;
  /**
   * Notes an acknowledgement; the row is kept for the retention time from now. A row acknowledged twice counts once.
   * The mark moves only forwards: see `rebase`.
   */
  acknowledge(rowId: number, mark: AcknowledgedMark): Promise<void>;
  /** The furthest acknowledgement, or undefined if there has been none. */
  lastAcknowledged(): Promise<AcknowledgedMark | undefined>;
  /**
   * Replaces the mark and starts the time of all retained rows anew: for when they have been published again, because
   * the stream is another one or went backwards.
   */
  rebase(mark: AcknowledgedMark | undefined): Promise<void>;
  /** Acknowledged rows that are still kept, by row id above `afterRowId`: what is published again after a regression. */
  retained(afterRowId: number, limit: number): Promise<readonly OutboxRow[]>;
  /**
   * Lets the retention time run (true) or stand still (false, as it is after `open`). It runs only while the stream is
   * known to hold what it acknowledged, so that a broker that comes back after hours without its last minutes can
   * still be given them.
   */
  ageRetained(running: boolean): Promise<void>;
  counts(): Promise<OutboxCounts>;
  /** The highest `seq` of all messages that were ever committed, whatever became of them; 0 if there was none. */
  lastSeq(): Promise<number>;
  /**
   * A number for a run of perception, above all that were ever given out, also by a state folder that is gone: it follows the
   * wall clock, s. Resolves after fsync: no crash gives it out again. Errors: as those of `commit`.
   */
  nextRun(): Promise<number>;
  /** Resolves when the worker has gone and the state folder is free. Idempotent. */
  close(): Promise<void>;
}

/** Closed set of what can be wrong with the place of the state while it still works; the metric label. */
export const STORE_FAULT_REASONS = ["disk_full", "reserve_missing", "folder_replaced"] as const;

/** What is wrong with the place of the state, in a sentence for the operator. */
export interface StoreFault {
  readonly reason: (typeof STORE_FAULT_REASONS)[number];
  readonly detail: string;
}

/** What the store tells while it works. */
export interface StoreTelemetry {
  /** What is wrong with the place of the state now; told when it changed, looked at every 5 s. */
  place(faults: readonly StoreFault[]): void;
  committed(seconds: number): void;
  corrupt(count: number): void;
  note(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}
