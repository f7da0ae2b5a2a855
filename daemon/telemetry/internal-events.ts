// All that happens inside the daemon, told once and turned into metrics, log lines and health.
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { systemClock, type Clock } from "../runtime/clock.js";
import { BusEvents } from "./bus-events.js";
import { ClockEvents } from "./clock-events.js";
import { EncoderEvents } from "./encoder-events.js";
import { FusionEvents } from "./fusion-events.js";
import type { HealthBoard } from "./health-board.js";
import { LifeEvents } from "./life-events.js";
import type { Logger } from "./logger.js";
import type { Metrics } from "./metrics.js";
import { PerceptionEvents } from "./perception-events.js";
import { SourceEvents } from "./source-events.js";
import { StageEvents } from "./stage-events.js";
import type { PipelineTelemetry } from "../pipeline/pipeline-telemetry.js";
import { StoreEvents } from "./store-events.js";

/** Where internal events go to. */
export interface InternalEventsOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly health: HealthBoard;
  /** fusiond's version, as package.json has it. */
  readonly version: string;
  readonly clock?: Clock;
}

/** The small telemetry interface of every stage, in one place: hand each stage its own. */
export class InternalEvents {
  readonly stages: StageEvents;
  readonly sources: SourceEvents;
  readonly encoders: EncoderEvents;
  readonly perception: PerceptionEvents;
  readonly fusion: FusionEvents;
  readonly store: StoreEvents;
  readonly bus: BusEvents;
  readonly pipeline: PipelineTelemetry;
  readonly life: LifeEvents;
  readonly clock: ClockEvents;

  constructor(options: InternalEventsOptions) {
    const { metrics, logger, health } = options;
    const build = metrics.gauge({ name: "build_info", help: "1; the labels say what runs.", labels: ["version", "node_version"] });
    build.set(1, { version: options.version, node_version: process.version });
    const stages = new StageEvents(metrics, logger);
    const sources = new SourceEvents(metrics, logger, health);
    this.stages = stages;
    this.sources = sources;
    this.encoders = new EncoderEvents(metrics, logger, health, stages.errors, sources);
    this.perception = new PerceptionEvents(metrics, logger, health, stages, this.encoders, sources);
    this.fusion = new FusionEvents(metrics, logger);
    this.store = new StoreEvents(metrics, logger, health, options.clock ?? systemClock);
    this.life = new LifeEvents(metrics, logger, health);
    const clock = new ClockEvents(metrics, logger);
    this.clock = clock;
    this.bus = new BusEvents(metrics, logger, health, stages);
    this.pipeline = {
      sourceState: (sourceId, transition) => sources.state(sourceId, transition),
      dropped: (sourceId, reason, count) => sources.dropped(sourceId, reason, count),
      progressed: () => health.progressed(),
      clockSet: (stepMs, eventsClosed) => clock.set(stepMs, eventsClosed),
      observed: (sourceId, modality, endedAt) => sources.observed(sourceId, modality, endedAt),
      scanned: (sourceId, endedAt) => sources.scanned(sourceId, endedAt),
      refused: (sourceId, reason, why) => sources.refused(sourceId, reason, why),
      witnessing: (sourceId, modality, witnesses, blind) => sources.witnessing(sourceId, modality, witnesses, blind),
      calibration: (sourceId, modality, warm) => sources.calibration(sourceId, modality, warm),
      took: (stage, ms) => stages.took(stage, ms),
      failed: (stage, error) => {
        if (stage === "outbox") health.outboxRefused(messageOf(error));
        if (stage === "encode" && error instanceof FusiondError) return; // its tower has counted and told it
        stages.failed(stage, error);
      },
    };
  }
}
