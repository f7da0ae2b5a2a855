// What the store tells, and the outbox's own counts, read at every scrape.
import type { Clock } from "../runtime/clock.js";
import { STORE_FAULT_REASONS, type OutboxCounts, type Store, type StoreFault, type StoreTelemetry } from "../store/store.js";
import type { HealthBoard } from "./health-board.js";
import type { LogFields, Logger } from "./logger.js";
import type { GaugeMetric, HistogramMetric, KeptCounterMetric, Metrics } from "./metrics.js";

/** Shows the outbox as the store counts it. While the store does not answer, the last counts stay. */
export class StoreEvents implements StoreTelemetry {
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #clock: Clock;
  readonly #totals: Readonly<Record<"offered" | "accepted" | "acknowledged" | "superseded" | "corrupt", KeptCounterMetric>>;
  readonly #shed: KeptCounterMetric;
  readonly #pending: GaugeMetric;
  readonly #bytes: GaugeMetric;
  readonly #capacityBytes: GaugeMetric;
  readonly #oldestAge: GaugeMetric;
  readonly #commit: HistogramMetric;
  readonly #degraded: GaugeMetric;
  #counts: OutboxCounts | undefined;
  #read: () => Promise<OutboxCounts | undefined> = () => Promise.resolve(undefined);
  #reading: Promise<void> | undefined;

  constructor(metrics: Metrics, logger: Logger, health: HealthBoard, clock: Clock) {
    this.#logger = logger;
    this.#health = health;
    this.#clock = clock;
    this.#totals = {
      offered: metrics.keptCounter({ name: "outbox_offered_total", help: "Messages offered to the outbox: accepted or shed at the door." }),
      accepted: metrics.keptCounter({ name: "outbox_accepted_total", help: "Messages that were committed to disk." }),
      acknowledged: metrics.keptCounter({ name: "outbox_acknowledged_total", help: "Messages that the broker acknowledged, each once." }),
      superseded: metrics.keptCounter({ name: "outbox_superseded_total", help: "Messages that a newer revision replaced before they were published." }),
      corrupt: metrics.keptCounter({ name: "outbox_corrupt_total", help: "Rows whose checksum was wrong when they were read." }),
    };
    this.#shed = metrics.keptCounter({ name: "outbox_shed_total", help: "Messages given up because the disk was full.", labels: ["class", "at"] });
    this.#pending = metrics.gauge({ name: "outbox_pending", help: "Messages that wait for the broker." });
    this.#bytes = metrics.gauge({ name: "outbox_bytes", help: "Size of the outbox." });
    this.#capacityBytes = metrics.gauge({ name: "outbox_capacity_bytes", help: "Size that the outbox may have." });
    this.#oldestAge = metrics.gauge({ name: "outbox_oldest_age_seconds", help: "Age of the oldest message that waits for the broker." });
    this.#commit = metrics.histogram({ name: "outbox_commit_seconds", help: "Time of one commit, fsync included." });
    this.#degraded = metrics.gauge({ name: "store_degraded", help: "1 while the state folder or its disk is not as it must be, by reason.", labels: ["reason"] });
    for (const reason of STORE_FAULT_REASONS) this.#degraded.set(0, { reason });
    metrics.onScrape(() => this.#collect());
    metrics.onScrapeWaitFor(() => this.#refresh());
  }

  /** From now on this store is asked at every scrape, once at a time. */
  watch(store: Pick<Store, "counts">): void {
    this.#read = () => store.counts();
  }

  committed(seconds: number): void {
    this.#commit.observe(seconds);
    this.#health.outboxWritable();
  }

  corrupt(count: number): void {
    this.#logger.log("error", "rows of the store were corrupt and were left out", { count });
  }

  place(faults: readonly StoreFault[]): void {
    for (const reason of STORE_FAULT_REASONS) {
      const fault = faults.find((each) => each.reason === reason);
      this.#degraded.set(fault === undefined ? 0 : 1, { reason });
      if (fault !== undefined) this.#logger.log("error", "the place of the state is not as it must be", { ...fault });
    }
    if (faults.length === 0) this.#logger.log("info", "the place of the state is as it must be again");
    this.#health.place(faults);
  }

  note(level: "info" | "warn" | "error", message: string, fields?: LogFields): void {
    this.#logger.log(level, message, fields);
  }

  #refresh(): Promise<void> {
    this.#reading ??= this.#read()
      .then((counts) => void (this.#counts = counts ?? this.#counts))
      .catch((error: unknown) => this.#logger.log("warn", "the outbox could not be counted", { error }))
      .finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  #collect(): void {
    const counts = this.#counts;
    if (counts === undefined) return;
    for (const name of ["offered", "accepted", "acknowledged", "superseded", "corrupt"] as const) this.#totals[name].replace(counts[name]);
    for (const { class: shedClass, at, count } of counts.shed) this.#shed.replace(count, { class: shedClass, at });
    this.#pending.set(counts.pending);
    this.#bytes.set(counts.bytes);
    this.#capacityBytes.set(counts.capacityBytes);
    const oldestAt = counts.oldestAcceptedAt;
    this.#oldestAge.set(oldestAt === undefined ? 0 : Math.max(0, this.#clock.wallNowMs() - oldestAt) / 1000);
  }
}
