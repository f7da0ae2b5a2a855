// What is told of perception processes, as metrics, log lines and health.
import type { HostTelemetry } from "../perception/host-telemetry.js";
import { LOSS_REASONS, type LossReason } from "../perception/loss-reasons.js";
import type { Refusal } from "../report/check-report.js";
import type { WaitingInput } from "../perception/protocol.js";
import type { EncoderEvents } from "./encoder-events.js";
import type { HealthBoard } from "./health-board.js";
import type { Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, Metrics } from "./metrics.js";
import type { SourceEvents } from "./source-events.js";
import type { StageEvents } from "./stage-events.js";

/** Counts what perception processes do and notes it. */
export class PerceptionEvents implements HostTelemetry {
  readonly #logger: Logger;
  readonly #health: HealthBoard;
  readonly #stages: Pick<StageEvents, "watchQueue">;
  readonly #encoders: Pick<EncoderEvents, "lost">;
  readonly #sources: Pick<SourceEvents, "refused">;
  readonly #up: GaugeMetric;
  readonly #restarts: CounterMetric;
  readonly #callsLost: CounterMetric;
  readonly #sourceInfo: GaugeMetric;
  /** What waits in each process, as it said last; inputs that it no longer names have nothing waiting. */
  readonly #waiting = new Map<string, Map<string, WaitingInput>>();

  constructor(metrics: Metrics, logger: Logger, health: HealthBoard, stages: Pick<StageEvents, "watchQueue">, encoders: Pick<EncoderEvents, "lost">, sources: Pick<SourceEvents, "refused">) {
    this.#logger = logger;
    this.#health = health;
    this.#stages = stages;
    this.#encoders = encoders;
    this.#sources = sources;
    this.#up = metrics.gauge({ name: "perception_up", help: "1 while the process perceives its sources.", labels: ["process"] });
    this.#restarts = metrics.counter({ name: "perception_restarts_total", help: "Times that the process was lost and started again.", labels: ["process", "reason"] });
    this.#callsLost = metrics.counter({ name: "perception_telemetry_lost_total", help: "Metrics and log records of the process that found no room on their way.", labels: ["process"] });
    this.#sourceInfo = metrics.gauge({ name: "perception_source_info", help: "1 for the process that perceives the source.", labels: ["process", "source"] });
  }

  /** A process that is to perceive these sources: its series exist from now on. */
  assigned(process: string, sources: readonly string[]): void {
    this.#up.set(0, { process });
    for (const reason of LOSS_REASONS) this.#restarts.increase({ process, reason }, 0);
    this.#callsLost.increase({ process }, 0);
    for (const source of sources) this.#sourceInfo.set(1, { process, source });
    this.#health.perceptionStarting(process);
    this.#logger.log("info", "sources are perceived by a process of their own", { process, sources });
  }

  perceiving(process: string, fault: string | undefined, pid?: number): void {
    this.#up.set(fault === undefined ? 1 : 0, { process });
    this.#health.perception(process, fault);
    if (fault === undefined) this.#logger.change("info", "a perception process runs", { process, pid });
    else {
      this.#encoders.lost(process);
      this.#logger.change("error", "a perception process was lost: its sources are blind until it is back", { process, reason: fault });
    }
  }

  restarted(process: string, reason: LossReason): void {
    this.#restarts.increase({ process, reason });
  }

  refused(process: string, { fault, why, report }: Refusal): void {
    this.#sources.refused(report?.sourceId, fault, `perception process ${process}: ${why}`);
  }

  callsLost(process: string, count: number): void {
    this.#callsLost.increase({ process }, count);
    this.#logger.log("warn", "metrics and log records of a perception process were lost: the daemon is too busy to take them", { process, count });
  }

  waiting(process: string, inputs: readonly WaitingInput[]): void {
    const before = this.#waiting.get(process) ?? new Map<string, WaitingInput>();
    const now = new Map(inputs.map((input) => [`${input.sourceId} ${input.modality}`, input]));
    this.#waiting.set(process, now);
    for (const name of now.keys()) if (!before.has(name)) this.#watch(process, name);
  }

  #watch(process: string, name: string): void {
    const last = (): WaitingInput | undefined => this.#waiting.get(process)?.get(name);
    this.#stages.watchQueue(name, {
      get size() {
        return last()?.size ?? 0;
      },
      get capacity() {
        return last()?.capacity ?? 0;
      },
      oldestAgeMs: () => last()?.oldestAgeMs ?? 0,
    });
  }
}
