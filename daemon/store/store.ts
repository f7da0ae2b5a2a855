// The port of the one durable place: journal, checkpoints and outbox change in one transaction.

/** Shed order when the disk is full: health first, alerts never. */
export type OutboxClass = "alert" | "health";

/** A message to be published, as the pipeline hands it over. */
export interface OutboxMessage {
  /** `<incident>.<revision>` or `<source>.<seq>`: the Nats-Msg-Id, the same on every try. */
  readonly messageId: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly class: OutboxClass;
  /** Unpublished messages of one key coalesce into the newest: the incident's or source's id. */
  readonly key: string;
  /** End of the newest observation that made it true, Unix ms: where its latency starts. */
  readonly causedAt: number;
}

/** One step of a group's fold, encoded; `atMs` is its event time. */
export interface JournalEntry {
  readonly groupId: string;
  readonly bytes: Uint8Array;
}

/** A group's whole state, encoded; it replaces the group's earlier checkpoint and journal. */
export interface Checkpoint {
  readonly groupId: string;
  readonly bytes: Uint8Array;
}

/**
 * One transaction: whole or absent after kill -9.
 * Order: a group's checkpoint is written before its journal entries of the same batch.
 */
export interface CommitBatch {
  readonly checkpoints: readonly Checkpoint[];
  readonly journal: readonly JournalEntry[];
  readonly outbox: readonly OutboxMessage[];
}

/** What a group left behind at the last commit. */
export interface RecoveredGroup {
  readonly groupId: string;
  readonly checkpoint?: Uint8Array;
  readonly journal: readonly Uint8Array[];
}

/** A row of the outbox on its way to the broker. */
export interface OutboxRow {
  readonly rowId: number;
  readonly messageId: string;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly class: OutboxClass;
  /** Unix ms when its commit was made. */
  readonly acceptedAt: number;
  readonly causedAt: number;
  /** Set while it waits for an acknowledgement, or was handed out before a restart. */
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
   * Resolves after fsync. Batches that wait while another is being written are written together.
   * Errors: FusiondError "store_full" (nothing of the batch is kept), "store_unavailable".
   */
  commit(batch: CommitBatch): Promise<void>;
  /** The oldest rows that no broker has acknowledged, at most `limit`, alerts and health in order of acceptance. */
  pending(limit: number): Promise<readonly OutboxRow[]>;
  /** Notes that these rows are being tried. */
  attempt(rowIds: readonly number[]): Promise<void>;
  /** Notes an acknowledgement; the row is kept for the retention time. A row acknowledged twice counts once. */
  acknowledge(rowId: number, mark: AcknowledgedMark): Promise<void>;
  /** The newest acknowledgement, or undefined if there has been none. */
  lastAcknowledged(): Promise<AcknowledgedMark | undefined>;
  /** Acknowledged rows that are still kept, oldest first: what is published again after the stream went backwards. */
  retained(): Promise<readonly OutboxRow[]>;
  counts(): Promise<OutboxCounts>;
  close(): Promise<void>;
}

/** What the store tells while it works. */
export interface StoreTelemetry {
  committed(seconds: number): void;
  corrupt(count: number): void;
}
