// Time, errors and queues of the stages, as metrics and log lines.
import { codeLabel } from "./labels.js";
import type { Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, HistogramMetric, Metrics } from "./metrics.js";
import { STAGES, type Stage } from "../pipeline/pipeline-telemetry.js";
import type { QueueGauge } from "./gauges.js";

/** Counts what every stage has in common. */
export class StageEvents {
  /** Shared with the events of single stages. */
  readonly errors: CounterMetric;
  readonly #logger: Logger;
  readonly #queues = new Map<string, QueueGauge>();
  readonly #duration: HistogramMetric;
  readonly #items: GaugeMetric;
  readonly #capacity: GaugeMetric;
  readonly #oldestAge: GaugeMetric;

  constructor(metrics: Metrics, logger: Logger) {
    this.#logger = logger;
    this.#duration = metrics.histogram({ name: "stage_duration_seconds", help: "Time that one item took in a stage, waiting included.", labels: ["stage"] });
    this.errors = metrics.counter({ name: "stage_errors_total", help: "Errors of a stage, by code.", labels: ["stage", "code"] });
    this.#items = metrics.gauge({ name: "queue_items", help: "Items that wait in a queue.", labels: ["queue"] });
    this.#capacity = metrics.gauge({ name: "queue_capacity_items", help: "Items that a queue takes.", labels: ["queue"] });
    this.#oldestAge = metrics.gauge({ name: "queue_oldest_age_seconds", help: "How long the oldest item of a queue has waited.", labels: ["queue"] });
    for (const stage of STAGES) this.#duration.expect({ stage });
    metrics.onScrape(() => this.#collect());
  }

  took(stage: Stage, ms: number): void {
    this.#duration.observe(ms / 1000, { stage });
  }

  failed(stage: Stage, error: unknown): void {
    this.errors.increase({ stage, code: codeLabel(error) });
    this.#logger.log("error", "a stage failed", { stage, error });
  }

  /** From now on this queue is shown under a name of the configuration; the function ends that. */
  watchQueue(name: string, queue: QueueGauge): () => void {
    this.#queues.set(name, queue);
    return () => void this.#queues.delete(name);
  }

  /** How many items wait in all queues together. */
  waitingItems(): number {
    let waiting = 0;
    for (const queue of this.#queues.values()) waiting += queue.size;
    return waiting;
  }

  #collect(): void {
    for (const gauge of [this.#items, this.#capacity, this.#oldestAge]) gauge.clear();
    for (const [name, queue] of this.#queues) {
      this.#items.set(queue.size, { queue: name });
      this.#capacity.set(queue.capacity, { queue: name });
      this.#oldestAge.set(queue.oldestAgeMs() / 1000, { queue: name });
    }
  }
}
