// The port of the message broker: connection state, core messages, and one stream that acknowledges what it stores.

/** Closed set of reasons for which the broker does not store what it is given, whatever is wrong with the stream; a metric label. */
const REFUSALS = ["timeout", "no_jetstream", "no_stream", "subjects_taken", "not_permitted", "too_large", "full", "unfit", "refused"] as const;

/** Closed set of reasons for which a publish to the stream fails; the metric label. */
export const PUBLISH_ERROR_REASONS = ["disconnected", ...REFUSALS] as const;
/** Why a publish to the stream failed. */
export type PublishErrorReason = (typeof PUBLISH_ERROR_REASONS)[number];

/** Closed set of reasons for which messages are not stored as promised although the broker is connected; the metric label. */
export const DELIVERY_REASONS = [...REFUSALS, "emptied"] as const;
/** Why messages are not stored as promised: refused, or `emptied`: stored, and taken out of the stream by somebody. */
export type DeliveryReason = (typeof DELIVERY_REASONS)[number];

/** Why messages are not stored as promised, in a sentence for the operator. */
export interface DeliveryFault {
  readonly reason: DeliveryReason;
  readonly detail: string;
}

/** Whether the broker can be reached now, and if not, why. */
export type BusStatus =
  | { readonly state: "connected"; readonly server: string }
  | { readonly state: "disconnected"; readonly reason: string };

/** Whether messages of a subscription can come: the broker has confirmed it, or why it has not. */
export type SubscriptionState = { readonly up: true } | { readonly up: false; readonly reason: string };

/** A core message that came in. Owner: whoever iterates. */
export interface BusMessage {
  readonly subject: string;
  readonly body: Uint8Array;
}

/** A stream as fusiond makes it if it is not there. Limits retention on disk, old messages go first. */
export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly duplicateWindowMs: number;
  /** What one message may need, headers included: a stream or broker that takes less is at fault. */
  readonly messageBytesMax: number;
  /** Whether nobody else has a say in it: then an existing stream is given these settings too. */
  readonly owned: boolean;
}

/** Where a stream stands. */
export interface StreamState {
  /** RFC 3339, as the broker writes it: another value is another stream. */
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly duplicateWindowMs: number;
  /** Somebody took out what it held before its time was over, and nothing was stored since. */
  readonly emptied: boolean;
  /** Why it will not store all that it is given as promised. */
  readonly fault?: DeliveryFault;
}

/** A message for the stream. */
export interface StreamMessage {
  readonly stream: string;
  readonly subject: string;
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** The broker's word that it stored a message: not yet that it is on its disk. */
export interface PublishAck {
  readonly sequence: number;
  readonly duplicate: boolean;
}

/** A connection that comes back by itself. Constructors only assign. */
export interface Bus {
  readonly status: BusStatus;
  /** Calls back on every change of the status, first with the present one, until the result is called. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** Connects in the background and returns at once: a missing broker is an operating state, not a failed start. */
  start(): void;
  /** Sends a core message that nobody acknowledges. False: not connected, the message is gone. */
  publish(subject: string, body: Uint8Array): boolean;
  /**
   * Makes the stream if it is not there and says where it stands. One that is there is left as it is, unless it is
   * owned: then it is given the limits of the spec.
   * Errors: FusiondError "sink_unavailable", or "sink_rejected" if it is not permitted.
   */
  ensureStream(spec: StreamSpec): Promise<StreamState>;
  /**
   * The Nats-Msg-Id of a stored message; undefined if the stream holds none at this sequence or it has no id.
   * Errors: FusiondError "sink_unavailable", or "sink_rejected" if it is not permitted.
   */
  storedMessageId(stream: string, sequence: number): Promise<string | undefined>;
  /**
   * Resolves when the stream has stored the message, within 5 s.
   * Errors: FusiondError "sink_unavailable" (try again) or "sink_rejected" (this message will not be taken).
   */
  publishToStream(message: StreamMessage): Promise<PublishAck>;
  /**
   * Calls back with each core message of a subject from whenever the broker is connected, until the signal aborts, as it
   * is read: nothing waits here and nothing is dropped. A listener must return at once. `onState` is told whether they
   * can come, first at once or when the broker has answered; what it refuses is asked for again.
   */
  listen(subject: string, listener: (message: BusMessage) => void, signal: AbortSignal, onState?: (state: SubscriptionState) => void): void;
  /** The same for a reader that takes its time: at most 1000 messages wait; older ones are dropped, which is told. */
  subscribe(subject: string, signal: AbortSignal): AsyncIterable<BusMessage>;
  /** Sends what is buffered and leaves. Idempotent. */
  close(): Promise<void>;
}

/** What the bus tells while it runs. */
export interface BusTelemetry {
  connected(connected: boolean): void;
  reconnected(): void;
  publishFailed(reason: PublishErrorReason): void;
  /** Core messages of a subscription that came faster than they were taken. */
  dropped(subject: string, count: number): void;
  note(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}
