// What the daemon's own life and its HTTP listener tell, as log lines and health.
import type { FusiondError } from "../../fusion/model/errors.js";
import type { HttpTelemetry } from "../http/server.js";
import type { ShutdownTelemetry } from "../runtime/shutdown.js";
import type { HealthBoard } from "./health-board.js";
import type { Logger } from "./logger.js";
import type { Metrics } from "./metrics.js";

/** Notes how the daemon ends and what its pages could not show. */
export class LifeEvents implements ShutdownTelemetry, HttpTelemetry {
  readonly #logger: Logger;
  readonly #health: HealthBoard;

  constructor(metrics: Metrics, logger: Logger, health: HealthBoard) {
    this.#logger = logger;
    this.#health = health;
    const lost = metrics.keptCounter({ name: "log_lines_lost_total", help: "Log lines that could not be written: no reader, or the disk was full." });
    metrics.onScrape(() => lost.replace(logger.linesLost));
  }

  /** A signal came that means nothing to fusiond. */
  straySignal(signal: string): void {
    this.#logger.log("warn", "a signal is ignored", { signal, detail: signal === "SIGHUP" ? "the configuration is read at the start only: restart fusiond to change it" : "it means nothing to fusiond" });
  }

  stopping(reason: string): void {
    this.#health.stopping();
    this.#logger.log("info", "fusiond is stopping", { reason });
  }

  stillRunning(stage: string, remaining: readonly string[], elapsedMs: number): void {
    this.#logger.log("info", "still stopping", { waiting_for: stage, remaining, elapsed_ms: elapsedMs });
  }

  stageFailed(stage: string, error: unknown): void {
    this.#logger.log("error", "a part could not be stopped in order", { part: stage, error });
  }

  aborted(error: FusiondError): void {
    this.#logger.log("error", "fusiond stopped at once", { error });
  }

  failed(path: string, error: unknown): void {
    this.#logger.log("error", "a page could not be made", { path, error });
  }

  listenerEnded(error: unknown): void {
    this.#logger.log("error", "the listener of metrics and health ended and is started again", { error });
  }
}
