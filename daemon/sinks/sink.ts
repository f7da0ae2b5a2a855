// The port of a place that alerts are delivered to.
import type { DeliveryFault } from "../bus/bus.js";
import type { AcknowledgedMark, OutboxRow } from "../store/store.js";

/** What the broker said: where it stored the message, and whether it already had it. */
export interface Receipt {
  readonly streamSequence: number;
  readonly streamCreated: string;
  readonly duplicate: boolean;
}

/** The time from one connect to the next disconnect. */
export interface SinkSession {
  /** For how long the sink knows a message id again, ms. */
  readonly duplicateWindowMs: number;
  /** Aborts when the connection is lost: what the sink holds must be checked again. */
  readonly ended: AbortSignal;
}

/** What a look at the sink showed. */
export interface SinkLook {
  /** False if the sink lost what it acknowledged: it is a new one, or it went backwards. */
  readonly holds: boolean;
  /** Why it will not store all that it is given as promised. */
  readonly fault?: DeliveryFault;
}

/** Delivers outbox rows at least once, idempotent by message id. */
export interface Sink {
  readonly name: string;
  /**
   * Waits until messages can be delivered. Undefined: the signal aborted first.
   * Errors: FusiondError "sink_unavailable" (connected, but it will not work: try again later).
   */
  open(signal: AbortSignal): Promise<SinkSession | undefined>;
  /**
   * Looks whether the sink still holds its last acknowledgement, if there is one, and whether it will do.
   * Errors: FusiondError "sink_unavailable" or "sink_rejected".
   */
  look(mark: AcknowledgedMark | undefined): Promise<SinkLook>;
  /**
   * Resolves when acknowledged. `redelivered`: the message may be there already and not be known again.
   * Errors: FusiondError "sink_unavailable" (try again) or "sink_rejected" (this message will not be taken as it is).
   */
  deliver(row: OutboxRow, redelivered: boolean): Promise<Receipt>;
}
