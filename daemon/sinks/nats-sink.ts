// Delivery of outbox rows to the site's JetStream stream.
import type { Bus, StreamSpec, StreamState } from "../bus/bus.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { systemClock } from "../runtime/clock.js";
import type { AgeMs } from "../runtime/event-clock.js";
import type { AcknowledgedMark, OutboxRow } from "../store/store.js";
import { DELAYED_AFTER_MS, markDelayed } from "./alert-message.js";
import type { Receipt, Sink, SinkSession } from "./sink.js";
import { streamName, streamSubjects } from "./subjects.js";

/** Stands for an id that cannot be read; no message id is empty. */
const UNREADABLE = "";

const HOUR_MS = 3_600_000;

/** What the sink is made with. */
export interface NatsSinkOptions {
  readonly site: string;
  /** Default 7 days. */
  readonly maxAgeMs?: number;
  /** What the stream may take on the broker's disk; then its oldest messages go. Default 256 MiB. */
  readonly maxBytes?: number;
  /** For how long the stream knows a message id again. Default 1 hour. */
  readonly duplicateWindowMs?: number;
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
      maxBytes: options.maxBytes ?? 256 * 1024 * 1024,
      duplicateWindowMs: options.duplicateWindowMs ?? HOUR_MS,
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

  async holds(mark: AcknowledgedMark): Promise<boolean> {
    if (mark.streamCreated !== this.#created) return false;
    const messageId = await this.#readBack(mark.streamSequence);
    if (messageId !== undefined) return messageId === mark.messageId || messageId === UNREADABLE;
    const { created, firstSequence } = await this.#look();
    return created === mark.streamCreated && firstSequence > mark.streamSequence; // it has aged out, as it should
  }

  /** The id at the sequence; where reading back is not permitted, whether the stream got that far must do. */
  async #readBack(sequence: number): Promise<string | undefined> {
    try {
      return await this.#bus.storedMessageId(this.name, sequence);
    } catch (error) {
      if (!(error instanceof FusiondError) || error.code !== "sink_rejected") throw error;
      return (await this.#look()).lastSequence >= sequence ? UNREADABLE : undefined;
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
