// What becomes of the clock, as metrics and log lines.
import type { Logger } from "./logger.js";
import type { CounterMetric, GaugeMetric, Metrics } from "./metrics.js";

/** Counts how often the clock was set. */
export class ClockEvents {
  readonly #logger: Logger;
  readonly #steps: CounterMetric;
  readonly #lastStep: GaugeMetric;

  constructor(metrics: Metrics, logger: Logger) {
    this.#logger = logger;
    this.#steps = metrics.counter({ name: "clock_steps_total", help: "Times that the clock was set, by direction.", labels: ["direction"] });
    this.#lastStep = metrics.gauge({ name: "clock_last_step_seconds", help: "How far the clock was set last; negative: back." });
    for (const direction of ["forward", "back"]) this.#steps.increase({ direction }, 0);
    this.#lastStep.set(0);
  }

  /** The clock was set while running, by `stepMs` (negative: back). */
  set(stepMs: number, eventsClosed: number): void {
    this.#count(stepMs);
    const message =
      stepMs > 0
        ? "the clock went forward: times follow it, and nobody counts as having watched what it left out"
        : "the clock was set back: times follow it, what was open or waited for goes on under it, open events were closed";
    this.#logger.change("warn", message, { seconds: stepMs / 1000, events_closed: eventsClosed });
  }

  /** What an earlier run left was written under a clock that ran ahead by `setBackMs`; 0: it was not. */
  recoveredAhead(setBackMs: number): void {
    if (setBackMs === 0) return;
    this.#count(-setBackMs);
    this.#logger.change("warn", "the state was written under a clock that ran ahead: it was set back to the present one, open events were closed", {
      seconds: -setBackMs / 1000,
    });
  }

  #count(stepMs: number): void {
    this.#steps.increase({ direction: stepMs > 0 ? "forward" : "back" });
    this.#lastStep.set(stepMs / 1000);
  }
}
