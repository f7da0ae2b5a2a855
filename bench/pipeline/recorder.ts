// Listens in on a daemon's telemetry and remembers what a benchmark wants to know.
import { monitorEventLoopDelay, PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import type { Onlooker } from "../../daemon/compose/daemon.js";
import type { DaemonTelemetry } from "../../daemon/compose/telemetry.js";
import type { AlertView } from "../../daemon/tail/alert-view.js";
import type { HostReport } from "./host-protocol.js";

const LOOP_RESOLUTION_MS = 5;

/** Call `listen` before the daemon starts; `restart` begins the measured time. Bound: one number for each observation. */
export class Recorder implements Pick<Onlooker, "sourceState"> {
  readonly #healthy = new Set<string>();
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #sources: number;
  readonly #onHealthy: () => void;
  #encodedMs = { image: [] as number[], audio: [] as number[] };
  #alertMs: number[] = [];
  #captures = 0;
  #startedAtMs = 0;
  #gcMs = 0;
  readonly #gc = new PerformanceObserver((list) => this.#collected(list.getEntries()));

  /** `onHealthy` is called once, when so many sources have been healthy. */
  constructor(sources: number, onHealthy: () => void) {
    this.#sources = sources;
    this.#onHealthy = onHealthy;
  }

  /** A subscriber of the broker has this alert. A resolved one waits for what does not happen, so it does not count. */
  received(alert: AlertView): void {
    if (alert.state === "firing") this.#alertMs.push(Date.now() - alert.updatedAt);
  }

  sourceState(sourceId: string, state: string): void {
    if (state !== "healthy" || this.#healthy.has(sourceId)) return;
    this.#healthy.add(sourceId);
    if (this.#healthy.size === this.#sources) this.#onHealthy();
  }

  /** From now on the pipeline's events come here too. */
  listen({ events: { pipeline } }: DaemonTelemetry): void {
    const told = { ...pipeline };
    pipeline.observed = (sourceId, modality, endedAt) => {
      told.observed(sourceId, modality, endedAt);
      if (modality !== "text") this.#encodedMs[modality].push(Date.now() - endedAt);
    };
    pipeline.took = (stage, ms) => {
      told.took(stage, ms);
      if (stage === "capture") this.#captures += 1;
    };
  }

  /** Forgets what was seen. */
  restart(): void {
    this.#encodedMs = { image: [], audio: [] };
    this.#alertMs = [];
    this.#captures = 0;
    this.#gc.observe({ entryTypes: ["gc"] });
    this.#gc.takeRecords();
    this.#gcMs = 0;
    this.#loop.enable();
    this.#loop.reset();
    this.#startedAtMs = performance.now();
  }

  /** What was seen since `restart`; drops come from a scrape of the metrics and count from the daemon's start. */
  report(scrape: string): HostReport {
    this.#collected(this.#gc.takeRecords());
    const durationMs = performance.now() - this.#startedAtMs;
    return {
      durationMs,
      encodedMs: this.#encodedMs,
      alertMs: this.#alertMs,
      captures: this.#captures,
      drops: countsBy("reason", "fusiond_source_dropped_total", scrape),
      lateDropped: countsBy("action", "fusiond_late_observations_total", scrape)["dropped"] ?? 0,
      loopDelayP99Ms: Math.max(0, this.#loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS),
      gcShare: this.#gcMs / durationMs,
    };
  }

  #collected(entries: readonly PerformanceEntry[]): void {
    for (const { duration } of entries) this.#gcMs += duration;
  }
}

/** The sums of a counter's samples by one of its labels; zeros are left out. Our label values hold no quotes. */
function countsBy(label: string, name: string, scrape: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, labels = "", value] of scrape.matchAll(new RegExp(`^${name}\\{([^}]*)\\} (\\S+)$`, "gm"))) {
    const key = new RegExp(`${label}="([^"]*)"`).exec(labels)?.[1] ?? "";
    if (Number(value) > 0) counts[key] = (counts[key] ?? 0) + Number(value);
  }
  return counts;
}
