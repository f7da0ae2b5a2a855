// What the bus, the embedded broker and the publisher tell, as metrics, log lines and health.
import type { EmbeddedServerTelemetry } from "../bus/embedded-server.js";
import { DELIVERY_REASONS, PUBLISH_ERROR_REASONS, type BusTelemetry, type PublishErrorReason } from "../bus/bus.js";
import type { DeliveryState } from "../sinks/delivery-check.js";
import type { OutboxPublisherTelemetry } from "../sinks/outbox-publisher.js";
import type { HealthBoard } from "./health-board.js";
import type { LogFields, Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, HistogramMetric, Metrics } from "./metrics.js";
import type { StageEvents } from "./stage-events.js";

/** Counts what they tell and notes it. */
export class BusEvents implements BusTelemetry, EmbeddedServerTelemetry, OutboxPublisherTelemetry {
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #stages: StageEvents;
  readonly #connected: GaugeMetric;
  readonly #reconnects: CounterMetric;
  readonly #publishErrors: CounterMetric;
  readonly #degraded: GaugeMetric;
  readonly #duplicates: CounterMetric;
  readonly #regressions: CounterMetric;
  readonly #alertLatency: HistogramMetric;
  #isConnected = false;
  #delivery: DeliveryState = { state: "unknown" };
  /** Whether the log's last word on delivery was that it is degraded. */
  #degradedTold = false;

  constructor(metrics: Metrics, logger: Logger, health: HealthBoard, stages: StageEvents) {
    this.#logger = logger;
    this.#health = health;
    this.#stages = stages;
    this.#connected = metrics.gauge({ name: "nats_connected", help: "1 while the broker is connected." });
    this.#reconnects = metrics.counter({ name: "nats_reconnects_total", help: "Times that the connection came back." });
    this.#publishErrors = metrics.counter({ name: "nats_publish_errors_total", help: "Publications that failed and are tried again.", labels: ["reason"] });
    this.#degraded = metrics.gauge({ name: "delivery_degraded", help: "1 while the connected broker does not store messages as promised, by reason.", labels: ["reason"] });
    this.#duplicates = metrics.counter({ name: "nats_duplicates_total", help: "Publications that the broker already had." });
    this.#regressions = metrics.counter({ name: "nats_stream_regressions_total", help: "Times that the stream had lost what it had acknowledged." });
    this.#alertLatency = metrics.histogram({ name: "alert_latency_seconds", help: "From the end of the newest observation that made an alert true to its acknowledgement." });
    this.#connected.set(0);
    for (const reason of PUBLISH_ERROR_REASONS) this.#publishErrors.increase({ reason }, 0);
    metrics.onScrape(() => this.#collect());
  }

  connected(connected: boolean): void {
    this.#isConnected = connected;
    this.#connected.set(connected ? 1 : 0);
    if (connected) this.#health.brokerConnected();
    else this.#health.brokerMissing("not connected");
  }

  reconnected(): void {
    this.#reconnects.increase();
  }

  publishFailed(reason: PublishErrorReason): void {
    this.#publishErrors.increase({ reason });
  }

  dropped(subject: string, count: number): void {
    this.#logger.log("error", "messages of a subscription came faster than they were taken", { subject, count });
  }

  restarted(): void {
    this.#logger.log("warn", "the embedded broker was started again");
  }

  alertAcknowledged(latencyMs: number, outboxMs: number): void {
    this.#alertLatency.observe(Math.max(0, latencyMs) / 1000);
    this.#stages.took("outbox", Math.max(0, outboxMs));
  }

  duplicate(): void {
    this.#duplicates.increase();
  }

  regression(): void {
    this.#regressions.increase();
  }

  delivery(state: DeliveryState): void {
    this.#delivery = state;
    this.#health.delivery(state);
    if (state.state === "degraded") {
      this.#logger.log("error", "the broker does not store alerts as promised", { reason: state.reason, detail: state.detail });
    } else if (state.state === "deliverable" && this.#degradedTold) {
      this.#logger.log("info", "the broker stores alerts again");
    }
    if (state.state !== "unknown") this.#degradedTold = state.state === "degraded";
  }

  note(level: "info" | "warn" | "error", message: string, fields?: LogFields): void {
    this.#logger.log(level, message, fields);
  }

  #collect(): void {
    const reason = this.#isConnected && this.#delivery.state === "degraded" ? this.#delivery.reason : undefined;
    for (const each of DELIVERY_REASONS) this.#degraded.set(each === reason ? 1 : 0, { reason: each });
  }
}
