// What towers tell, as metrics and log lines.
import type { EncoderTelemetry } from "../../encoders/encoder.js";
import { MODALITIES, type Modality } from "../../fusion/model/modality.js";
import type { HealthBoard } from "./health-board.js";
import { codeLabel, LabelValues } from "./labels.js";
import type { Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, HistogramMetric, Metrics } from "./metrics.js";
import type { SourceEvents } from "./source-events.js";

const PROVIDERS = new LabelValues(["cpu", "cuda", "tensorrt", "webgpu"]);
const BATCH_BUCKETS = [0, 1, 2, 4, 8, 16, 32];

/** What metrics and log call the daemon's own process. */
const OWN_PROCESS = "fusiond";

/** Counts what towers tell and notes it. The label `tower` is the tower's modality, `process` the process that it is in. */
export class EncoderEvents {
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #stageErrors: CounterMetric;
  readonly #providerInfo: GaugeMetric;
  readonly #providers = new Map<string, { readonly process: string; readonly tower: Modality; readonly provider: string }>();
  readonly #duration: HistogramMetric;
  readonly #batch: HistogramMetric;
  readonly #variance: GaugeMetric;
  readonly #rejected: CounterMetric;
  readonly #up: GaugeMetric;
  readonly #sources: Pick<SourceEvents, "placesLooked" | "scanPutOff">;

  /** `sources`: counts what concerns one camera. */
  constructor(metrics: Metrics, logger: Logger, health: HealthBoard, stageErrors: CounterMetric, sources: Pick<SourceEvents, "placesLooked" | "scanPutOff">) {
    this.#sources = sources;
    this.#logger = logger;
    this.#health = health;
    this.#stageErrors = stageErrors;
    this.#providerInfo = metrics.gauge({
      name: "encoder_provider_info",
      help: "1 for the execution provider that runs the tower.",
      labels: ["process", "tower", "provider"],
    });
    this.#duration = metrics.histogram({ name: "encoder_duration_seconds", help: "Time that gate and graphs worked in one run, waiting excluded.", labels: ["tower"] });
    this.#batch = metrics.histogram({
      name: "encoder_batch_items",
      help: "Vectors that one run of the tower made.",
      labels: ["tower"],
      buckets: BATCH_BUCKETS,
    });
    this.#variance = metrics.gauge({ name: "encoder_vector_variance", help: "Running variance of the tower's vectors.", labels: ["process", "tower"] });
    this.#rejected = metrics.counter({ name: "vectors_rejected_total", help: "Vectors of the tower that were no vectors of the space.", labels: ["tower", "reason"] });
    this.#up = metrics.gauge({ name: "encoder_up", help: "1 while the tower makes vectors of what it is given.", labels: ["process", "tower"] });
    for (const tower of MODALITIES) {
      for (const reason of ["not_finite", "norm", "dimensions", "collapsed"]) this.#rejected.increase({ tower, reason }, 0);
    }
  }

  /** What the towers of one process tell; of the daemon's own where none is named. */
  of(process: string = OWN_PROCESS): EncoderTelemetry {
    return {
      provider: (tower, provider) => this.#provider(process, tower, provider),
      encoded: (tower, ms, vectors) => {
        this.#duration.observe(ms / 1000, { tower });
        this.#batch.observe(vectors, { tower });
      },
      failed: (tower, code) => {
        this.#stageErrors.increase({ stage: "encode", code: codeLabel(code) });
        this.#logger.log("error", "a capture could not be encoded", { process, tower, code });
      },
      rejected: (tower, reason) => {
        this.#rejected.increase({ tower, reason });
        this.#logger.log("error", "a vector was rejected", { process, tower, reason });
      },
      variance: (tower, variance) => this.#variance.set(variance, { process, tower }),
      scanned: (sourceId, looks, tookMs) => this.#sources.placesLooked(sourceId, looks, tookMs),
      scanPutOff: (sourceId) => this.#sources.scanPutOff(sourceId),
      serving: (tower, fault) => this.#serving(process, tower, fault),
    };
  }

  /** A process was lost, and its towers with it. */
  lost(process: string): void {
    for (const { tower, ...each } of this.#providers.values()) if (each.process === process) this.#up.set(0, { process, tower });
  }

  #provider(process: string, tower: Modality, provider: string): void {
    this.#providers.set(`${process} ${tower}`, { process, tower, provider: PROVIDERS.of(provider) });
    this.#up.set(1, { process, tower });
    this.#providerInfo.clear();
    for (const each of this.#providers.values()) this.#providerInfo.set(1, each);
    this.#health.towerProved(towerName(process, tower));
    this.#logger.log("info", "tower runs", { process, tower, provider });
  }

  #serving(process: string, tower: Modality, fault: string | undefined): void {
    const name = towerName(process, tower);
    this.#up.set(fault === undefined ? 1 : 0, { process, tower });
    if (fault === undefined) this.#health.towerProved(name);
    else this.#health.towerFailed(name, fault);
    if (fault === undefined) this.#logger.log("info", "tower serves again", { process, tower });
    else this.#logger.log("error", "a tower does not serve: its sources are blind and prove no absence", { process, tower, reason: fault });
  }
}

/** What health calls a tower. */
function towerName(process: string, tower: Modality): string {
  return process === OWN_PROCESS ? tower : `${tower} of ${process}`;
}
