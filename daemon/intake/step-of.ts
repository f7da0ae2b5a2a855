// What a report is to its group: one step. Pure.
import type { GroupStep, Origin } from "../groups/step.js";
import type { Report, ReportBase } from "../report/report.js";

/** A report that is a step of the fold, and so has a place in its canonical order. */
export type FoldedReport = Extract<Report, { kind: "observation" | "scan" | "witness" }>;

/** The step that a report is, its times moved by `shiftMs` into event time. */
export function stepOf<R extends Exclude<Report, { kind: "health" }>>(report: R, shiftMs: number): Extract<GroupStep, { kind: R["kind"] }>;
/** The same, of a report whose kind is not known. */
export function stepOf(report: Exclude<Report, { kind: "health" }>, shiftMs: number): GroupStep {
  const { sourceId, modality } = report;
  switch (report.kind) {
    case "observation":
      return { kind: "observation", observation: { ...report.observation, capturedAt: report.observation.capturedAt + shiftMs } };
    case "scan":
      return { kind: "scan", sourceId, from: report.from + shiftMs, to: report.to + shiftMs, origin: originOf(report) };
    case "witness":
      return { kind: "witness", change: { sourceId, modality, at: report.at + shiftMs, healthy: report.healthy }, origin: originOf(report) };
    case "progress":
      return { kind: "progress", input: { sourceId, modality }, time: report.time + shiftMs };
    case "end":
      return { kind: "end", input: { sourceId, modality } };
  }
}

/** Which report of its input it is. */
export function originOf({ run, seq }: Pick<ReportBase, "run" | "seq">): Origin {
  return { run, seq };
}
