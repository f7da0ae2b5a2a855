// What was expected against what was reported. Pure.
import type { AlertView } from "../tail/alert-view.js";
import type { ExpectedRow, Scene } from "./scene.js";

/** An alert as it came, and how long that took. */
export interface ReceivedAlert {
  readonly alert: AlertView;
  /** From the end of the newest observation that made it true to the broker's acknowledgement, ms. */
  readonly latencyMs: number;
}

/** An incident, put together from its alerts. Times are ms of the scene. */
export interface ReportedIncident {
  readonly id: string;
  readonly ruleId: string;
  /** When the last of its conditions was first met. */
  readonly onsetMs: number;
  /** The latency of its first alert. */
  readonly latencyMs: number;
  readonly confidence: number;
  /** Modalities of its evidence, sorted. */
  readonly modalities: readonly string[];
  readonly eventCount: number;
  readonly alertCount: number;
  readonly withdrawn: boolean;
}

/** An expected row and what came of it. */
export interface RowResult {
  readonly row: ExpectedRow;
  readonly outcome: "found" | "missed" | "also_found" | "not_reported" | "quiet" | "false";
  /** Of a "nothing" row all that fired, of another the one that was found. */
  readonly incidents: readonly ReportedIncident[];
}

/** An incident without a row. "repeated": of a happening already reported. "withdrawn": taken back by the daemon. */
export interface StrayIncident {
  readonly incident: ReportedIncident;
  readonly outcome: "false" | "repeated" | "withdrawn";
}

/** The whole comparison. */
export interface RowScore {
  readonly results: readonly RowResult[];
  readonly strays: readonly StrayIncident[];
  readonly expected: number;
  readonly found: number;
  readonly missed: number;
  readonly falseCount: number;
  readonly repeated: number;
  readonly withdrawn: number;
}

/** How far an incident may lie from its row, ms: more than a window of sound, less than half the gap between sounds. */
export const ROW_TOLERANCE_MS = 3_000;

/** The incidents behind alerts, in order of their onset. `sceneStartMs`: event time of the scene's start, Unix ms. */
export function incidentsOf(received: readonly ReceivedAlert[], sceneStartMs: number): ReportedIncident[] {
  const byId = new Map<string, ReceivedAlert[]>();
  for (const item of received) byId.set(item.alert.id, [...(byId.get(item.alert.id) ?? []), item]);
  return [...byId.values()].map((revisions) => incidentOf(revisions, sceneStartMs)).sort((a, b) => a.onsetMs - b.onsetMs);
}

/**
 * Compares rows with incidents, each used once: a row takes the nearest incident of its rule that lies within the
 * tolerance and has both a picture and a sound as evidence. Everything left over is shown as what it is.
 */
export function scoreRows(rows: readonly ExpectedRow[], incidents: readonly ReportedIncident[], toleranceMs = ROW_TOLERANCE_MS): RowScore {
  const free = new Set(incidents.filter((incident) => !incident.withdrawn));
  const take = (incident: ReportedIncident | undefined): ReportedIncident[] => {
    if (incident === undefined) return [];
    free.delete(incident);
    return [incident];
  };
  const near = (row: ExpectedRow): ReportedIncident[] => [...free].filter((incident) => distanceMs(row, incident) <= toleranceMs);
  const taken = new Map<ExpectedRow, readonly ReportedIncident[]>();
  for (const row of rows.filter((r) => r.expect !== "nothing")) {
    const fitting = near(row).filter((incident) => incident.ruleId === row.ruleId && isFused(incident));
    taken.set(row, take(fitting.sort((a, b) => distanceMs(row, a) - distanceMs(row, b))[0]));
  }
  const strays: StrayIncident[] = incidents.filter((i) => i.withdrawn).map((incident) => ({ incident, outcome: "withdrawn" }));
  for (const row of rows.filter((r) => r.expect !== "nothing")) {
    for (const incident of near(row).filter((i) => i.ruleId === row.ruleId && isFused(i))) {
      strays.push({ incident, outcome: "repeated" });
      free.delete(incident);
    }
  }
  for (const row of rows.filter((r) => r.expect === "nothing")) taken.set(row, near(row).flatMap(take));
  for (const incident of free) strays.push({ incident, outcome: "false" });
  const results = rows.map((row) => resultOf(row, taken.get(row) ?? []));
  return { results, strays: strays.sort((a, b) => a.incident.onsetMs - b.incident.onsetMs), ...countsOf(results, strays) };
}

/** The rows of what was played: all that ended by then, once for each time the scene went round. */
export function rowsPlayed(scene: Pick<Scene, "rows" | "durationMs">, playedMs: number): ExpectedRow[] {
  const rounds = Math.ceil(playedMs / scene.durationMs);
  const all = Array.from({ length: rounds }, (_, round) =>
    scene.rows.map((row) => ({ ...row, fromMs: row.fromMs + round * scene.durationMs, toMs: row.toMs + round * scene.durationMs })),
  );
  return all.flat().filter((row) => row.toMs <= playedMs);
}

function incidentOf(received: readonly ReceivedAlert[], sceneStartMs: number): ReportedIncident {
  const revisions = [...received].sort((a, b) => a.alert.revision - b.alert.revision);
  const [first, last] = [revisions[0], revisions.at(-1)] as [ReceivedAlert, ReceivedAlert];
  return {
    id: first.alert.id,
    ruleId: first.alert.rule,
    onsetMs: onsetOf(first.alert) - sceneStartMs,
    latencyMs: first.latencyMs,
    confidence: Math.max(...revisions.map(({ alert }) => alert.confidence)),
    modalities: [...new Set(revisions.flatMap(({ alert }) => alert.evidence.map((item) => item.modality)))].sort(),
    eventCount: last.alert.eventIds.length,
    alertCount: revisions.length,
    withdrawn: last.alert.reason === "withdrawn",
  };
}

/** Not `startedAt`: that is where its earliest event began, which for a person in view is long before the bark. */
function onsetOf(alert: AlertView): number {
  const firstMet = new Map<string, number>();
  for (const { condition, capturedAt } of alert.evidence) {
    firstMet.set(condition, Math.min(capturedAt, firstMet.get(condition) ?? Infinity));
  }
  return firstMet.size === 0 ? alert.startedAt : Math.max(...firstMet.values());
}

function isFused(incident: ReportedIncident): boolean {
  return incident.modalities.includes("audio") && incident.modalities.includes("image");
}

/** 0 within the row. */
function distanceMs(row: ExpectedRow, incident: ReportedIncident): number {
  return Math.max(0, row.fromMs - incident.onsetMs, incident.onsetMs - row.toMs);
}

function resultOf(row: ExpectedRow, incidents: readonly ReportedIncident[]): RowResult {
  const any = incidents.length > 0;
  switch (row.expect) {
    case "incident":
      return { row, incidents, outcome: any ? "found" : "missed" };
    case "either":
      return { row, incidents, outcome: any ? "also_found" : "not_reported" };
    case "nothing":
      return { row, incidents, outcome: any ? "false" : "quiet" };
  }
}

function countsOf(results: readonly RowResult[], strays: readonly StrayIncident[]): Omit<RowScore, "results" | "strays"> {
  const rowsThat = (outcome: RowResult["outcome"]): RowResult[] => results.filter((result) => result.outcome === outcome);
  const straysThat = (outcome: StrayIncident["outcome"]): number => strays.filter((stray) => stray.outcome === outcome).length;
  const [found, missed] = [rowsThat("found").length, rowsThat("missed").length];
  const falseAtRows = rowsThat("false").reduce((sum, result) => sum + result.incidents.length, 0);
  return {
    ...{ expected: found + missed, found, missed },
    ...{ falseCount: falseAtRows + straysThat("false"), repeated: straysThat("repeated"), withdrawn: straysThat("withdrawn") },
  };
}
