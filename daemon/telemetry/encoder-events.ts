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

/** Counts what towers tell and notes it. The label `tower` is the tower's modality. */
export class EncoderEvents implements EncoderTelemetry {
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #stageErrors: CounterMetric;
  readonly #providerInfo: GaugeMetric;
  readonly #providers = new Map<Modality, string>();
  readonly #duration: HistogramMetric;
  readonly #batch: HistogramMetric;
  readonly #restarts: CounterMetric;
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
      labels: ["tower", "provider"],
    });
    this.#duration = metrics.histogram({ name: "encoder_duration_seconds", help: "Time that gate and graphs worked in one run, waiting excluded.", labels: ["tower"] });
    this.#batch = metrics.histogram({
      name: "encoder_batch_items",
      help: "Vectors that one run of the tower made.",
      labels: ["tower"],
      buckets: BATCH_BUCKETS,
    });
    this.#restarts = metrics.counter({ name: "encoder_restarts_total", help: "Times that the tower's child was replaced.", labels: ["tower", "reason"] });
    this.#variance = metrics.gauge({ name: "encoder_vector_variance", help: "Running variance of the tower's vectors.", labels: ["tower"] });
    this.#rejected = metrics.counter({ name: "vectors_rejected_total", help: "Vectors of the tower that were no vectors of the space.", labels: ["tower", "reason"] });
    this.#up = metrics.gauge({ name: "encoder_up", help: "1 while the tower makes vectors of what it is given.", labels: ["tower"] });
    for (const tower of MODALITIES) {
      for (const reason of ["crash", "deadline"]) this.#restarts.increase({ tower, reason }, 0);
      for (const reason of ["not_finite", "norm", "dimensions", "collapsed"]) this.#rejected.increase({ tower, reason }, 0);
    }
  }

  provider(modality: Modality, provider: string): void {
    this.#providers.set(modality, PROVIDERS.of(provider));
    this.#up.set(1, { tower: modality });
    this.#providerInfo.clear();
    for (const [tower, each] of this.#providers) this.#providerInfo.set(1, { tower, provider: each });
    this.#logger.log("info", "tower runs", { tower: modality, provider });
  }

  encoded(modality: Modality, ms: number, vectors: number): void {
    this.#duration.observe(ms / 1000, { tower: modality });
    this.#batch.observe(vectors, { tower: modality });
  }

  failed(modality: Modality, code: string): void {
    this.#stageErrors.increase({ stage: "encode", code: codeLabel(code) });
    this.#logger.log("error", "a capture could not be encoded", { tower: modality, code });
  }

  restarted(modality: Modality, reason: "crash" | "deadline"): void {
    this.#restarts.increase({ tower: modality, reason });
    this.#logger.log("warn", "tower's child was replaced", { tower: modality, reason });
  }

  rejected(modality: Modality, reason: "not_finite" | "norm" | "dimensions" | "collapsed"): void {
    this.#rejected.increase({ tower: modality, reason });
    this.#logger.log("error", "a vector was rejected", { tower: modality, reason });
  }

  scanned(sourceId: string, looks: number, tookMs: number | undefined): void {
    this.#sources.placesLooked(sourceId, looks, tookMs);
  }

  scanPutOff(sourceId: string): void {
    this.#sources.scanPutOff(sourceId);
  }

  serving(modality: Modality, fault: string | undefined): void {
    this.#up.set(fault === undefined ? 1 : 0, { tower: modality });
    if (fault === undefined) this.#health.towerProved(modality);
    else this.#health.towerFailed(modality, fault);
    if (fault === undefined) this.#logger.log("info", "tower serves again", { tower: modality });
    else this.#logger.log("error", "a tower does not serve: its sources are blind and prove no absence", { tower: modality, reason: fault });
  }

  variance(modality: Modality, variance: number): void {
    this.#variance.set(variance, { tower: modality });
  }
}
