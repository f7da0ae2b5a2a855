// The pipeline benchmark: the real daemon with N cameras and N microphones, for each N a fresh one.
import { describeMachine } from "../machine.js";
import { CAMERA_FPS } from "./config-text.js";
import { benchMedia } from "./media.js";
import { jsonOf, renderSteps } from "./report.js";
import { runStep, type StepResult } from "./run-step.js";

/** What is measured. */
export interface BenchPipelineOptions {
  /** The values of N, in this order. */
  readonly counts: readonly number[];
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly oneGroup: boolean;
  /** Each N with these, in this order: whole pictures looked at in turn or not. */
  readonly scans: readonly boolean[];
  readonly profileFolder?: string;
  /** One line of JSON a step instead of tables. */
  readonly json: boolean;
}

/** Where a benchmark writes: its tables, and how far it is. */
export interface BenchOutput {
  print(text: string): void;
  note(text: string): void;
}

/** Runs every step and prints the tables. Errors: missing media or programs, and what the daemon refuses. */
export async function benchPipeline(options: BenchPipelineOptions, output: BenchOutput): Promise<readonly StepResult[]> {
  output.note("preparing footage and sounds");
  const media = await benchMedia();
  const steps: StepResult[] = [];
  for (const pairs of options.counts) {
    for (const scans of options.scans) {
      output.note(`${pairs} cameras + ${pairs} microphones, scan ${scans ? "on" : "off"}: warm-up, then ${options.measureMs / 1_000} s measured`);
      const step = await runStep({ ...options, pairs, scans, media });
      steps.push(step);
      if (options.json) output.print(jsonOf(step));
    }
  }
  if (options.json) return steps;
  const grouping = options.oneGroup ? "all in one group" : "one group for each pair";
  output.print(
    [
      describeMachine(),
      `N cameras (640x360 H.264 file loops, ${CAMERA_FPS} frames/s) + N microphones (WAV loops), ${grouping}, ${options.measureMs / 1_000} s a step`,
      "frame, window: from the end of what was captured until its vector is there; alert: from the end of its newest observation until a subscriber of the broker has it",
      "",
      ...renderSteps(steps),
    ].join("\n"),
  );
  return steps;
}
