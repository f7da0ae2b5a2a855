// What of a report can be judged only by who takes it in: whether it is of what he knows. Pure.
import type { Modality } from "../../fusion/model/modality.js";
import { endedAt } from "../../fusion/model/observation.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { decodeReport } from "./report-codec.js";
import type { Report } from "./report.js";

/**
 * Closed set of reasons for which a report is refused; a metric label. `unreadable`: its bytes or a field of it; `version`: of
 * a format that is not known; `site`: of another one; `source`: of none that is known, or of a modality that it has not;
 * `encoders`, `space`, `dimensions`: its vector is not one of ours; `future`: a time of it is far ahead of the clock.
 */
export const REPORT_FAULTS = ["unreadable", "version", "site", "source", "encoders", "space", "dimensions", "future"] as const;
/** Why a report was refused. */
export type ReportFault = (typeof REPORT_FAULTS)[number];

/** How far ahead of the clock a report's time may lie, ms: what stamping pictures by their stream's own clock can come to is far less. */
export const AHEAD_MS_MAX = 10_000;

/** What reports are measured by. */
export interface Known {
  readonly site: string;
  readonly encoders: string;
  readonly space: string;
  readonly dimensions: number;
  /** The modalities of each source, by its id. */
  readonly sources: ReadonlyMap<string, readonly Modality[]>;
  /** In the time of the reports, Unix ms; Infinity where their time is not the clock's, as of a recording. */
  readonly nowMs: number;
}

/** What is wrong with a report, and what is to be done about it, in a sentence. */
export interface Refusal {
  readonly fault: ReportFault;
  readonly why: string;
  /** The report, where it could be read and is of a known input: then it is the fault of that input alone. */
  readonly report?: Report;
}

/** Why a report cannot be taken in; undefined if it can. */
export function checkReport(report: Report, known: Known): Refusal | undefined {
  const { sourceId, modality } = report;
  const ofSource = known.sources.get(sourceId);
  if (report.site !== known.site) return refused("site", `a report of site ${report.site} came to site ${known.site}: give each site subjects of its own`);
  if (ofSource === undefined) return refused("source", `a report came of source ${sourceId}, which is not configured: run perception and fusion with the same configuration`);
  if (!ofSource.includes(modality)) return refused("source", `a report of ${modality} came of source ${sourceId}, which gives none: run perception and fusion with the same configuration`);
  if (report.encoders !== known.encoders) return refused("encoders", `a report of ${sourceId} came of encoders ${report.encoders}, but ${known.encoders} serve here: use the same pack everywhere`);
  const latest = latestOf(report);
  if (latest > known.nowMs + AHEAD_MS_MAX) {
    return refused("future", `a report of ${sourceId} says what is ${Math.round((latest - known.nowMs) / 1000)} s ahead of the clock: set the clocks of all machines alike`);
  }
  return report.kind === "observation" ? vectorFault(report.observation.embedding, sourceId, known) : undefined;
}

/** The report of bytes, or why it is refused; whatever the bytes are, nothing is thrown. */
export function readReport(bytes: Uint8Array, known: Known): { readonly report: Report; readonly fault?: undefined } | Refusal {
  try {
    const report = decodeReport(bytes);
    const refusal = checkReport(report, known);
    if (refusal === undefined) return { report };
    return refusal.fault === "site" || refusal.fault === "source" ? refusal : { ...refusal, report };
  } catch (error) {
    if (!(error instanceof FusiondError)) throw error;
    return refused(error.code === "report_version" ? "version" : "unreadable", error.message);
  }
}

function vectorFault(embedding: { readonly space: string; readonly codes: Int8Array } | undefined, sourceId: string, known: Known): Refusal | undefined {
  if (embedding === undefined) return undefined;
  const { space, codes } = embedding;
  if (space !== known.space) return refused("space", `a report of ${sourceId} has a vector of space ${space}, but ${known.space} is used here: use the same pack everywhere`);
  if (codes.length === known.dimensions) return undefined;
  return refused("dimensions", `a report of ${sourceId} has a vector of ${codes.length} dimensions, but ${known.dimensions} are used here: use the same pack everywhere`);
}

/** The latest moment that a report speaks of. */
function latestOf(report: Report): number {
  switch (report.kind) {
    case "observation":
      return endedAt(report.observation);
    case "scan":
      return report.to;
    case "progress":
      return report.time;
    case "witness":
      return report.at;
    case "health":
      return Math.max(report.at, ...report.witnesses.map(({ at }) => at));
    case "end":
      return -Infinity;
  }
}

function refused(fault: ReportFault, why: string): Refusal {
  return { fault, why };
}
