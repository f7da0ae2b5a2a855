// Where everything is told to: metrics, log, health.
import { createLogger, type Logger, type LogLevel } from "../telemetry/logger.js";
import { HealthBoard } from "../telemetry/health-board.js";
import { InternalEvents } from "../telemetry/internal-events.js";
import { Metrics } from "../telemetry/metrics.js";
import { Redactor } from "../telemetry/redact.js";

/** The ears of one daemon. */
export interface DaemonTelemetry {
  readonly redactor: Redactor;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: HealthBoard;
  readonly events: InternalEvents;
}

/** Makes them; `process`: with the metrics of the Node process itself. */
export function buildTelemetry(version: string, level: LogLevel, ofProcess = true): DaemonTelemetry {
  const redactor = new Redactor();
  const logger = createLogger({ redactor, level });
  const metrics = new Metrics();
  if (ofProcess) metrics.observeProcess();
  const health = new HealthBoard(redactor);
  return { redactor, logger, metrics, health, events: new InternalEvents({ metrics, logger, health, version }) };
}
