// The overload benchmark: text feeds that say more than they may, and what becomes of the alerts, the memory and the counts.
import { describeMachine } from "../machine.js";
import type { BenchOutput } from "../pipeline/bench-pipeline.js";
import { renderOverload } from "./report.js";
import { runStep, type OverloadStep } from "./run-step.js";

/** What is measured. */
export interface BenchOverloadOptions {
  readonly sources: number;
  /** Lines a second of each source, one step each. */
  readonly rates: readonly number[];
  readonly durationMs: number;
  /** Whether every line is an incident. */
  readonly fires: boolean;
  /** Where a CPU profile of each step's daemon is written. */
  readonly profileFolder?: string;
}

/** Runs a step for each rate in a state folder of its own. Errors: what the daemon says if it cannot start. */
export async function benchOverload(options: BenchOverloadOptions, output: BenchOutput, json: boolean): Promise<readonly OverloadStep[]> {
  const steps: OverloadStep[] = [];
  for (const rate of options.rates) {
    output.note(`${options.sources} text sources at ${rate} lines/s for ${options.durationMs / 1_000} s`);
    steps.push(await runStep({ ...options, rate }));
  }
  const setting = `${options.sources} text sources on NATS, ${options.fires ? "every line an incident" : "no line an incident"}, ${options.durationMs / 1_000} s a step`;
  output.print(json ? JSON.stringify({ machine: describeMachine(), setting, steps }, undefined, 2) : [describeMachine(), setting, "", ...renderOverload(steps)].join("\n"));
  return steps;
}
