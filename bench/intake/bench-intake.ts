// The way in without what follows it: reports a second that are read, judged and taken once into a group that does nothing.
import { GroupRunner, type GroupResult } from "../../daemon/groups/group-runner.js";
import { Intake } from "../../daemon/intake/intake.js";
import { readReport } from "../../daemon/report/check-report.js";
import { decodeReport, encodeReport } from "../../daemon/report/report-codec.js";
import type { Report } from "../../daemon/report/report.js";
import { systemClock } from "../../daemon/runtime/clock.js";
import { silentGroups, silentPipeline } from "../../daemon/score/silence.js";
import { embeddingOf, observationId } from "../../fusion/model/observation.js";
import { seededRandom } from "../../fusion/simulator/random.js";
import { simulateScene } from "../../fusion/simulator/scene.js";
import { Scorer } from "../../fusion/scorer.js";
import { describeMachine } from "../machine.js";
import type { BenchOutput } from "../pipeline/bench-pipeline.js";
import { renderTable } from "../table.js";

const CAMERAS = 16;
const SITE = "bench";
const ENCODERS = "bench@0";
const SPACE = "bench";
/** As many as the pack that ships has. */
const DIMENSIONS = 256;

/** How fast it was. */
export interface IntakeResult {
  readonly reports: number;
  /** Mean bytes of a report. */
  readonly bytes: number;
  readonly perSecond: number;
  /** Of one report, microseconds: reading its bytes, judging it, and all else up to its group. */
  readonly decodeUs: number;
  readonly checkUs: number;
  readonly takeUs: number;
}

/** A group that takes each report once, and makes nothing of it. */
class Idler extends GroupRunner {
  override take(): GroupResult {
    return { groupId: this.groupId, publication: { alerts: [], candidates: [] }, watermark: 0, events: [] };
  }
}

/** Takes `reports` reports in, `times` times over, on one core; prints the fastest of each stage. */
export function benchIntake(options: { readonly reports: number; readonly times: number; readonly json: boolean }, output: BenchOutput): IntakeResult {
  const list = reportsOf(options.reports).map(encodeReport);
  const known = { site: SITE, encoders: ENCODERS, space: SPACE, dimensions: DIMENSIONS, sources: new Map(Array.from({ length: CAMERAS }, (_, i) => [`cam-${i}`, ["image" as const]])), nowMs: Infinity };
  const best = (work: () => (bytes: Uint8Array) => void): number =>
    Math.min(
      ...Array.from({ length: options.times }, () => {
        const one = work();
        const beganMs = performance.now();
        for (const bytes of list) one(bytes);
        return ((performance.now() - beganMs) * 1000) / list.length;
      }),
    );
  const decodeUs = best(() => (bytes) => void decodeReport(bytes));
  const readUs = best(() => (bytes) => void readReport(bytes, known));
  const wholeUs = best(() => {
    const intake = intakeOfNothing();
    return (bytes) => {
      const read = readReport(bytes, known);
      if ("report" in read) intake.take(read.report);
    };
  });
  const result = {
    reports: list.length,
    bytes: Math.round(list.reduce((sum, { length }) => sum + length, 0) / list.length),
    perSecond: Math.round(1e6 / wholeUs),
    decodeUs: round(decodeUs),
    checkUs: round(Math.max(0, readUs - decodeUs)),
    takeUs: round(Math.max(0, wholeUs - readUs)),
  };
  if (options.json) output.print(JSON.stringify(result));
  else {
    const table = [["reports/s", "bytes", "decode us", "check us", "take us"], [String(result.perSecond), String(result.bytes), String(result.decodeUs), String(result.checkUs), String(result.takeUs)]];
    output.print([describeMachine(), `${list.length} reports of ${CAMERAS} cameras, the fastest of ${options.times}, one core`, "", ...renderTable(table)].join("\n"));
  }
  return result;
}

/** In turn an observation and the progress that follows it, of each camera. */
function reportsOf(count: number): readonly Report[] {
  const random = seededRandom(1);
  return Array.from({ length: count }, (_, i): Report => {
    const round = Math.floor(i / CAMERAS);
    const key = { sourceId: `cam-${i % CAMERAS}`, modality: "image" as const, run: 1, seq: round };
    const base = { site: SITE, encoders: ENCODERS, ...key };
    const time = 1_700_000_000_000 + round * 100;
    if (round % 2 === 1) return { ...base, kind: "progress", time };
    const embedding = embeddingOf(SPACE, Float32Array.from({ length: DIMENSIONS }, () => random.unit() - 0.5));
    const region = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };
    return { ...base, kind: "observation", observation: { ...key, id: observationId(key), capturedAt: time, durationMs: 0, gate: "open", quality: 1, region, embedding }, captureMs: 12, encodeMs: 30 };
  });
}

function intakeOfNothing(): Intake {
  const { space } = simulateScene({ seed: 1, durationMs: 1000, happenings: 1, sources: [{ id: "cam-0", modality: "image" }], noise: 0 });
  const clusterer = { groupId: "g", sessionGapMs: 1000, maxDurationMs: 1000, observationMaxMs: 1000, openMax: 1, conceptNames: [], sameModality: space.sameModality };
  const inputs = Array.from({ length: CAMERAS }, (_, i) => ({ sourceId: `cam-${i}`, modality: "image" as const }));
  const state = { scorer: new Scorer(space, []), settleAfterMs: () => 1, clusterer, rules: { site: SITE, groupId: "g", rules: [] } };
  const group = new Idler({ groupId: "g", encoders: ENCODERS, state, inputs, allowedLatenessMs: 2000, idleAfterMs: 10_000, updateEveryMs: () => Infinity }, silentGroups);
  return new Intake({ groups: [group], groupOf: () => group, clock: systemClock, telemetry: silentPipeline, written: () => undefined, write: () => undefined });
}

function round(us: number): number {
  return Math.round(us * 100) / 100;
}
