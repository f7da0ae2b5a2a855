// Files as fast as they can be taken, in one canonical order, so that the same input gives the same incidents.
import type { Encoder } from "../../encoders/encoder.js";
import type { Modality } from "../../fusion/model/modality.js";
import type { GroupResult, GroupRunner } from "../groups/group-runner.js";
import { stepOrder } from "../groups/step.js";
import { InOrder } from "../intake/in-order.js";
import { Intake } from "../intake/intake.js";
import { Perceiver } from "../perception/perceiver.js";
import type { ReportBase } from "../report/report.js";
import { systemClock } from "../runtime/clock.js";
import type { Source } from "../sources/source.js";
import type { PipelineTelemetry } from "./pipeline-telemetry.js";

/** What a replay is made with. */
export interface ReplayOptions {
  readonly sources: readonly Source[];
  readonly encoders: ReadonlyMap<Modality, Encoder>;
  /** What its reports say. */
  readonly origin: Pick<ReportBase, "site" | "encoders">;
  readonly groups: readonly GroupRunner[];
  readonly groupOf: (sourceId: string) => GroupRunner;
  readonly telemetry: PipelineTelemetry;
  /** Called in canonical order; a replay waits for it. */
  readonly onResult: (group: GroupRunner, result: GroupResult) => Promise<void>;
}

/** Captures of one source that may be encoded ahead of their turn, and of all: frames are large, and many files are read at once. */
const AHEAD = { ofOne: 7, ofAll: 128 } as const;

/**
 * Replays every source to its end, merged by event time across sources.
 *
 * Deterministic: what is told does not depend on how fast each source or tower is. Bound: AHEAD, at least one capture an
 * input, plus the reports that `InOrder` holds. Errors: those of the sources and towers.
 */
export async function replay(options: ReplayOptions, signal: AbortSignal): Promise<void> {
  const { sources, encoders, origin, groups, groupOf, telemetry, onResult } = options;
  let told: Promise<void> = Promise.resolve();
  const write = (group: GroupRunner, result: GroupResult): void => {
    told = told.then(() => onResult(group, result));
  };
  const intake = new Intake({ groups, groupOf, clock: systemClock, telemetry, written: () => undefined, write });
  const order = new InOrder({
    inputs: sources.flatMap(({ id, modalities }) => modalities.map((modality) => ({ sourceId: id, modality }))),
    release: (report, time) => {
      const group = groupOf(report.sourceId);
      write(group, group.take({ kind: "complete", to: time - 1 }));
      intake.take(report);
      return told;
    },
  });
  const perceiver = new Perceiver({
    sources,
    encoders,
    origin: { ...origin, run: 0 },
    clock: systemClock,
    telemetry,
    queueCapacity: () => 1,
    budget: { itemsMax: Infinity, bytesMax: Infinity },
    report: (report) => order.put(report),
    aheadMax: Math.max(0, Math.min(AHEAD.ofOne, Math.floor(AHEAD.ofAll / Math.max(1, sources.length)) - 1)),
    strict: true,
  });
  const stop = (): Promise<void> => {
    order.close();
    return perceiver.stop(AbortSignal.abort());
  };
  const onAbort = (): void => void stop();
  signal.addEventListener("abort", onAbort);
  try {
    if (!signal.aborted) perceiver.start();
    await perceiver.ended();
    if (signal.aborted) return;
    await order.end();
    for (const group of groups) await onResult(group, group.take({ kind: "complete", to: farBeyond(group) }));
  } finally {
    signal.removeEventListener("abort", onAbort);
    await stop();
  }
}

/** Past every gap, hold and absence that a rule may wait for: the input is over. */
function farBeyond(group: GroupRunner): number {
  const last = group.tail.at(-1);
  const newest = last === undefined ? group.watermark : stepOrder.timeOf(last);
  return Math.max(newest, group.watermark) + 3_600_000;
}
