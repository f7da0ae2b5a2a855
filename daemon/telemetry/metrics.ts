// The metrics registry: the one place that knows prom-client. What is measured is declared by area, in *-events.ts.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { systemClock, type Clock } from "../runtime/clock.js";

/** The prefix of every metric of fusiond's own. */
const PREFIX = "fusiond_";

/** Upper bounds of latency histograms, seconds. */
export const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Gauges of the Node defaults that end in `_total`, which is for counters: promtool refuses them. */
const MISNAMED_DEFAULTS = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** A metric's labels and their values. */
export type Labels = Readonly<Record<string, string>>;

/** A name, what it means in one sentence, and its labels. */
export interface MetricOptions {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** A number that only grows while the daemon runs. */
export interface CounterMetric {
  increase(labels?: Labels, by?: number): void;
}

/** A total that another place keeps, over restarts too. */
export interface KeptCounterMetric {
  /** From now on, this is the total. */
  replace(total: number, labels?: Labels): void;
}

/** A number as it stands. */
export interface GaugeMetric {
  set(value: number, labels?: Labels): void;
  /** Forgets every value: better no sample than a wrong one. */
  clear(): void;
}

/** How often values fell below each bound. */
export interface HistogramMetric {
  observe(value: number, labels?: Labels): void;
  /** Shows the series before the first value, at zero. */
  expect(labels: Labels): void;
}

/** What a metric is, for documents and tests. */
export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
}

/** How the registry reads time and how long it waits for values. */
export interface MetricsOptions {
  readonly clock?: Clock;
  /** Longest wait of one scrape for values that are read when asked for, ms. */
  readonly refreshTimeoutMs?: number;
}

/**
 * Every metric of the daemon, and its text for Prometheus (classic format).
 *
 * Bound: a scrape waits at most `refreshTimeoutMs` for values that another thread holds, then shows the last ones.
 */
export class Metrics {
  /** The Content-Type of what `scrape` gives. */
  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #clock: Clock;
  readonly #refreshTimeoutMs: number;
  readonly #described: MetricDescription[] = [];
  readonly #collectors: (() => void)[] = [];
  readonly #refreshers: (() => Promise<void>)[] = [];
  #observesProcess = false;

  constructor(options: MetricsOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#refreshTimeoutMs = options.refreshTimeoutMs ?? 500;
  }

  /** A new counter; an unlabelled one shows 0 from the start. Throws if the name is taken. */
  counter(options: MetricOptions): CounterMetric {
    const counter = new Counter(this.#describe("counter", options));
    return { increase: (labels = {}, by = 1) => counter.inc(labels, by) };
  }

  /** A new counter without a sample until it is first replaced: 0 after a restart would read as a reset. */
  keptCounter(options: MetricOptions): KeptCounterMetric {
    const counter = new Counter(this.#describe("counter", options));
    if (options.labels === undefined) counter.remove();
    return {
      replace: (total, labels = {}) => {
        counter.remove(labels);
        counter.inc(labels, total);
      },
    };
  }

  /** A new gauge, without a sample until it is set. Throws if the name is taken. */
  gauge(options: MetricOptions): GaugeMetric {
    const gauge = new Gauge(this.#describe("gauge", options));
    const clear = (): void => {
      gauge.reset();
      if (options.labels === undefined) gauge.remove();
    };
    clear();
    return { set: (value, labels = {}) => gauge.set(labels, value), clear };
  }

  /** A new histogram; latency buckets unless others are given. Throws if the name is taken. */
  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): HistogramMetric {
    const buckets = [...(options.buckets ?? LATENCY_BUCKETS_SECONDS)];
    const histogram = new Histogram({ ...this.#describe("histogram", options), buckets });
    return {
      observe: (value, labels = {}) => histogram.observe(labels, value),
      expect: (labels) => histogram.zero(labels),
    };
  }

  /** Adds the process' and Node's own metrics (CPU, memory, garbage collection, event-loop delay). Once. */
  observeProcess(): void {
    if (this.#observesProcess) return;
    this.#observesProcess = true;
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED_DEFAULTS) this.#registry.removeSingleMetric(name);
  }

  /** Runs at every scrape, before the text is made; must not wait. */
  onScrape(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Is waited for at every scrape, within the bound. Must not reject, and must be able to be asked again while it waits. */
  onScrapeWaitFor(refresh: () => Promise<void>): void {
    this.#refreshers.push(refresh);
  }

  /** The text for Prometheus. */
  async scrape(): Promise<string> {
    if (this.#refreshers.length > 0) await this.#refresh();
    for (const collect of this.#collectors) collect();
    return this.#registry.metrics();
  }

  /** Removes every series whose label has this value: a source, group or rule that the configuration no longer has. */
  async forget(label: string, value: string): Promise<void> {
    for (const { name, type, labels } of this.#described) {
      const metric = this.#registry.getSingleMetric(name);
      if (metric === undefined || type === "histogram" || !labels.includes(label)) continue;
      for (const sample of (await metric.get()).values) {
        if (sample.labels[label] === value) metric.remove(sample.labels as Record<string, string>);
      }
    }
  }

  /** What there is, in the order of declaration; without the process' and Node's own. */
  describe(): readonly MetricDescription[] {
    return this.#described;
  }

  #describe(type: MetricDescription["type"], options: MetricOptions): { name: string; help: string; labelNames: string[]; registers: Registry[] } {
    const name = PREFIX + options.name;
    const labelNames = [...(options.labels ?? [])];
    this.#described.push({ name, type, labels: labelNames });
    return { name, help: options.help, labelNames, registers: [this.#registry] };
  }

  async #refresh(): Promise<void> {
    const refreshed = Promise.all(this.#refreshers.map((refresh) => refresh()));
    let timer = { cancel: (): void => undefined };
    const bound = new Promise<void>((resolve) => (timer = this.#clock.after(this.#refreshTimeoutMs, resolve)));
    await Promise.race([refreshed, bound]);
    timer.cancel();
  }
}
