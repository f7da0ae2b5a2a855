// What the bus and the publisher tell, as metrics, log lines and health.
import type { OutboxClass } from "../store/store.js";
import type { HealthBoard } from "./health-board.js";
import type { Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, HistogramMetric, Metrics } from "./metrics.js";
import { PUBLISH_ERRORS, type BusTelemetry, type PublishError } from "./stage-telemetry.js";

/** Counts what the bus tells and notes it. */
export class BusEvents implements BusTelemetry {
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #connected: GaugeMetric;
  readonly #reconnects: CounterMetric;
  readonly #publishErrors: CounterMetric;
  readonly #duplicates: CounterMetric;
  readonly #regressions: CounterMetric;
  readonly #alertLatency: HistogramMetric;

  constructor(metrics: Metrics, logger: Logger, health: HealthBoard) {
    this.#logger = logger;
    this.#health = health;
    this.#connected = metrics.gauge({ name: "nats_connected", help: "1 while the broker is connected." });
    this.#reconnects = metrics.counter({ name: "nats_reconnects_total", help: "Times that the connection came back." });
    this.#publishErrors = metrics.counter({ name: "nats_publish_errors_total", help: "Publications that failed and are tried again.", labels: ["reason"] });
    this.#duplicates = metrics.counter({ name: "nats_duplicates_total", help: "Publications that the broker already had." });
    this.#regressions = metrics.counter({ name: "nats_stream_regressions_total", help: "Times that the stream had lost what it had acknowledged." });
    this.#alertLatency = metrics.histogram({ name: "alert_latency_seconds", help: "From the end of the newest observation that made an alert true to its acknowledgement." });
    this.#connected.set(0);
    for (const reason of PUBLISH_ERRORS) this.#publishErrors.increase({ reason }, 0);
  }

  connected(server: string): void {
    this.#connected.set(1);
    this.#health.brokerConnected();
    this.#logger.log("info", "broker connected", { server });
  }

  disconnected(reason: string): void {
    this.#connected.set(0);
    this.#health.brokerMissing(reason);
    this.#logger.log("warn", "broker is not connected, alerts wait on disk", { reason });
  }

  reconnected(server: string): void {
    this.#reconnects.increase();
    this.connected(server);
  }

  publishFailed(reason: PublishError, error: unknown): void {
    this.#publishErrors.increase({ reason });
    this.#logger.log("warn", "a message could not be published and is tried again", { reason, error });
  }

  acknowledged(outboxClass: OutboxClass, latencyMs: number, duplicate: boolean): void {
    if (outboxClass === "alert") this.#alertLatency.observe(Math.max(0, latencyMs) / 1000);
    if (duplicate) this.#duplicates.increase();
  }

  streamRegressed(stream: string): void {
    this.#regressions.increase();
    this.#logger.log("error", "the stream has lost acknowledged messages, what is kept is published again", { stream });
  }
}
