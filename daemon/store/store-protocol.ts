// What the store's proxy and its worker thread say to each other.
import type { ErrorCode } from "../../fusion/model/errors.js";
import type { AcknowledgedMark, CommitBatch, OutboxCounts, OutboxRow, RecoveredGroup, StoreTelemetry } from "./store.js";

/** What the worker needs to know before it opens the state folder. */
export interface StoreSettings {
  readonly folder: string;
  /** Byte budget of the outbox, retained rows included. */
  readonly maxBytes: number;
  readonly keepAcknowledgedMs: number;
  /** Room on the disk held back for alerts. */
  readonly reserveBytes: number;
}

/** What can be asked of the state file; each call is whole or leaves nothing. */
export interface StoreOperations {
  recover(): readonly RecoveredGroup[];
  commit(batch: CommitBatch): void;
  claim(limit: number, exceptKeys: readonly string[]): readonly OutboxRow[];
  acknowledge(rowId: number, mark: AcknowledgedMark): void;
  lastAcknowledged(): AcknowledgedMark | undefined;
  rebase(mark: AcknowledgedMark | undefined): void;
  retained(afterRowId: number, limit: number): readonly OutboxRow[];
  ageRetained(running: boolean): void;
  counts(): OutboxCounts;
  lastSeq(): number;
  nextRun(): number;
}

/** One call, as data. */
export interface StoreCall {
  readonly id: number;
  readonly operation: keyof StoreOperations | "close";
  readonly args: readonly unknown[];
}

/** What came of one call. An error crosses threads as its code and sentence. */
export type StoreReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string } };

/** Something that the worker wants told: a call of the telemetry, as data. */
export type StoreTold = { [K in keyof StoreTelemetry]: { readonly tell: K; readonly args: Parameters<StoreTelemetry[K]> } }[keyof StoreTelemetry];

/** What the worker sends: the answers to all calls of one transaction, and what it had to tell. */
export interface StoreAnswer {
  readonly replies: readonly StoreReply[];
  readonly told: readonly StoreTold[];
}
