// Delivery of outbox rows to the site's JetStream stream.
import type { Bus, DeliveryFault, StreamSpec, StreamState } from "../bus/bus.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { systemClock } from "../runtime/clock.js";
import type { AgeMs } from "../runtime/event-clock.js";
import type { AcknowledgedMark, OutboxRow } from "../store/store.js";
import { ALERT_BYTES_MAX, DELAYED_AFTER_MS, markDelayed } from "./alert-message.js";
import type { Receipt, Sink, SinkLook, SinkSession } from "./sink.js";
import { streamName, streamSubjects } from "./subjects.js";

/** Stands for an id that cannot be read; no message id is empty. */
const UNREADABLE = "";

const HOUR_MS = 3_600_000;

/** What the headers of a message take at the most, bytes. */
const HEADER_BYTES_MAX = 1024;

/** What the sink is made with. */
export interface NatsSinkOptions {
  readonly site: string;
  /** Default 7 days. */
  readonly maxAgeMs?: number;
  /** What the stream may take on the broker's disk; then its oldest messages go. Default 1 GiB. */
  readonly maxBytes?: number;
  /** For how long the stream knows a message id again. Default 1 hour. */
  readonly duplicateWindowMs?: number;
  /** Whether the broker is fusiond's own, so that the stream follows the configuration. Default false. */
  readonly owned?: boolean;
}

/** The site's stream as a Sink. Where the stream was made by somebody else, its own settings hold. */
export class NatsSink implements Sink {
  readonly name: string;
  readonly #bus: Bus;
  readonly #spec: StreamSpec;
  readonly #ageMs: AgeMs;
  #created = "";
  /** Stops listening for the end of the last session. */
  #leave: () => void = () => undefined;

  constructor(bus: Bus, options: NatsSinkOptions, ageMs: AgeMs = (unixMs) => systemClock.wallNowMs() - unixMs) {
    this.name = streamName(options.site);
    this.#bus = bus;
    this.#ageMs = ageMs;
    this.#spec = {
      name: this.name,
      subjects: streamSubjects(options.site),
      maxAgeMs: options.maxAgeMs ?? 7 * 24 * HOUR_MS,
      maxBytes: options.maxBytes ?? 1024 * 1024 * 1024,
      duplicateWindowMs: options.duplicateWindowMs ?? HOUR_MS,
      messageBytesMax: ALERT_BYTES_MAX + HEADER_BYTES_MAX,
      owned: options.owned ?? false,
    };
  }

  async open(signal: AbortSignal): Promise<SinkSession | undefined> {
    await this.#connected(signal);
    if (signal.aborted) return undefined;
    this.#leave();
    const ended = new AbortController();
    this.#leave = this.#bus.onStatus((status) => {
      if (status.state === "disconnected") ended.abort();
    });
    const { created, duplicateWindowMs } = await this.#look();
    this.#created = created;
    return { duplicateWindowMs, ended: ended.signal };
  }

  async look(mark: AcknowledgedMark | undefined): Promise<SinkLook> {
    const state = await this.#look();
    const holds = mark === undefined || (await this.#holds(mark, state));
    const fault = state.fault ?? (holds && state.emptied ? this.#emptied(state) : undefined);
    return { holds, ...(fault === undefined ? {} : { fault }) };
  }

  /** The id at the mark decides; the stream's date only where there is none: brokers date a stream anew when it is changed. */
  async #holds(mark: AcknowledgedMark, { created, lastSequence }: StreamState): Promise<boolean> {
    const messageId = await this.#readBack(mark.streamSequence, lastSequence);
    if (messageId === UNREADABLE) return mark.streamCreated === created;
    if (messageId !== undefined) return messageId === mark.messageId;
    const now = await this.#look();
    return now.created === mark.streamCreated && now.firstSequence > mark.streamSequence; // it has aged out, as it should
  }

  #emptied({ lastSequence }: StreamState): DeliveryFault {
    const detail = `the stream ${this.name} was emptied by somebody: its messages up to ${lastSequence} are gone by intention and are not published again, and it is filled by the next alert`;
    return { reason: "emptied", detail };
  }

  /** The id at the sequence; where reading back is not permitted, whether the stream got that far must do. */
  async #readBack(sequence: number, lastSequence: number): Promise<string | undefined> {
    try {
      return await this.#bus.storedMessageId(this.name, sequence);
    } catch (error) {
      if (!(error instanceof FusiondError) || error.code !== "sink_rejected") throw error;
      return lastSequence >= sequence ? UNREADABLE : undefined;
    }
  }

  async deliver(row: OutboxRow, redelivered: boolean): Promise<Receipt> {
    const delayed = row.class === "alert" && this.#ageMs(row.causedAt) > DELAYED_AFTER_MS;
    const ack = await this.#bus.publishToStream({
      stream: this.name,
      subject: row.subject,
      messageId: row.messageId,
      body: delayed ? markDelayed(row.body) : row.body,
      headers: {
        ...(redelivered ? { "Fusiond-Redelivered": "true" } : {}),
        ...(delayed ? { "Fusiond-Delayed": "true" } : {}),
      },
    });
    return { streamSequence: ack.sequence, streamCreated: this.#created, duplicate: ack.duplicate };
  }

  #look(): Promise<StreamState> {
    return this.#bus.ensureStream(this.#spec);
  }

  /** Resolves when the bus is connected or the signal aborts. */
  async #connected(signal: AbortSignal): Promise<void> {
    let leave = (): void => undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
      leave = this.#bus.onStatus((status) => {
        if (status.state === "connected") {
          signal.removeEventListener("abort", done);
          done();
        }
      });
    });
    leave();
  }
}
