// The port of a place that alerts are delivered to.
import type { OutboxRow } from "../store/store.js";

/** What the broker said: where it stored the message, and whether it already had it. */
export interface Receipt {
  readonly streamSequence: number;
  readonly streamCreated: string;
  readonly duplicate: boolean;
}

/** Delivers outbox rows at least once, idempotent by message id. */
export interface Sink {
  readonly name: string;
  /** Resolves when acknowledged. Errors: FusiondError "sink_unavailable" (try again) or "sink_rejected" (said no). */
  deliver(row: OutboxRow, redelivered: boolean, signal: AbortSignal): Promise<Receipt>;
  close(): Promise<void>;
}
