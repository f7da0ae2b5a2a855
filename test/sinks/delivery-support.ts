// What the tests of delivery share: a daemon's whole way from the outbox to a stream, and a look into the stream itself.
import { connect } from "nats";
import type { Test } from "tap";
import { NatsBus } from "../../daemon/bus/nats-bus.js";
import type { BusTelemetry } from "../../daemon/bus/bus.js";
import { systemClock, type Clock } from "../../daemon/runtime/clock.js";
import type { DeliveryState } from "../../daemon/sinks/delivery-check.js";
import { NatsSink, type NatsSinkOptions } from "../../daemon/sinks/nats-sink.js";
import { OutboxPublisher, type OutboxPublisherTelemetry } from "../../daemon/sinks/outbox-publisher.js";
import { SqliteStore } from "../../daemon/store/sqlite-store.js";
import type { OutboxCounts } from "../../daemon/store/store.js";
import { eventually } from "../support/eventually.js";
import { RecordingStoreTelemetry } from "../store/store-support.js";

/** The telemetry of bus and publisher, remembered. */
export class RecordingDeliveryTelemetry implements BusTelemetry, OutboxPublisherTelemetry {
  readonly notes: string[] = [];
  readonly latenciesMs: number[] = [];
  readonly publishErrors: string[] = [];
  readonly deliveries: DeliveryState[] = [];
  isConnected = false;
  reconnects = 0;
  duplicates = 0;
  regressions = 0;
  droppedItems = 0;
  connected(connected: boolean): void {
    this.isConnected = connected;
  }
  reconnected(): void {
    this.reconnects++;
  }
  publishFailed(reason: string): void {
    this.publishErrors.push(reason);
  }
  dropped(_subject: string, count: number): void {
    this.droppedItems += count;
  }
  alertAcknowledged(latencyMs: number): void {
    this.latenciesMs.push(latencyMs);
  }
  duplicate(): void {
    this.duplicates++;
  }
  regression(): void {
    this.regressions++;
  }
  delivery(state: DeliveryState): void {
    this.deliveries.push(state);
    if (state.state === "degraded") this.notes.push(`${state.reason}: ${state.detail}`);
  }
  note(level: string, message: string): void {
    this.notes.push(`${level}: ${message}`);
  }
}

/** Everything between a commit and the broker. */
export class Delivery {
  readonly telemetry = new RecordingDeliveryTelemetry();
  readonly store: SqliteStore;
  readonly bus: NatsBus;
  readonly publisher: OutboxPublisher;
  readonly failures: unknown[] = [];

  constructor(folder: string, url: string, sink: Partial<NatsSinkOptions> = {}, clock: Clock = systemClock, credentialsFile?: string) {
    this.store = new SqliteStore({ folder, reserveBytes: 0 }, new RecordingStoreTelemetry());
    this.bus = new NatsBus({ site: "test", servers: [url], ...(credentialsFile === undefined ? {} : { credentialsFile }) }, this.telemetry);
    const natsSink = new NatsSink(this.bus, { site: "test", ...sink }, (unixMs) => clock.wallNowMs() - unixMs);
    const onFailure = (error: unknown): void => void this.failures.push(error);
    this.publisher = new OutboxPublisher({ store: this.store, sink: natsSink, onFailure, clock }, this.telemetry);
  }

  async start(): Promise<this> {
    await this.store.open();
    this.bus.start();
    this.publisher.start();
    return this;
  }

  /** Ends as the daemon does, without waiting for a broker. */
  async stop(drainMs = 0): Promise<void> {
    await this.publisher.stop(systemClock.monotonicNowMs() + drainMs);
    await this.bus.close();
    await this.store.close();
  }

  /** Resolves once the counts are as wanted; the test's timeout is the bound. */
  until(wanted: (counts: OutboxCounts) => boolean): Promise<OutboxCounts> {
    return eventually(async () => {
      const counts = await this.store.counts();
      return wanted(counts) && counts;
    });
  }

  /** Resolves once nothing is pending. */
  delivered(): Promise<OutboxCounts> {
    return this.until((counts) => counts.pending === 0);
  }
}

/** A started delivery that ends with the test. */
export async function startDelivery(t: Test, ...args: ConstructorParameters<typeof Delivery>): Promise<Delivery> {
  const delivery = await new Delivery(...args).start();
  t.teardown(() => delivery.stop());
  return delivery;
}

/** A message as it lies in the stream. */
export interface Stored {
  readonly id: string;
  readonly seq: number;
  readonly subject: string;
  readonly body: Uint8Array;
  readonly redelivered: boolean;
  readonly delayed: boolean;
}

/** Everything in the stream, by looking into it rather than by subscribing. */
export async function readStream(url: string, stream = "FUSIOND_test"): Promise<Stored[]> {
  const connection = await connect({ servers: url });
  try {
    const manager = await connection.jetstreamManager();
    const { state } = await manager.streams.info(stream);
    const stored: Stored[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq });
      const { header } = message;
      stored.push({
        id: header.get("Nats-Msg-Id"),
        seq,
        subject: message.subject,
        body: message.data,
        redelivered: header.get("Fusiond-Redelivered") === "true",
        delayed: header.get("Fusiond-Delayed") === "true",
      });
    }
    return stored;
  } finally {
    await connection.close();
  }
}
