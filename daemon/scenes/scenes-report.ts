// What scenes say about rules, as data. Pure.
import { calibrationError, quantile } from "../models/metrics.js";
import type { FoundTime, JudgedIncident } from "./match-incidents.js";
import type { Control } from "./scene-plan.js";
import { shareBounds } from "./share-bounds.js";

/** What came of one rule in one scene. */
export interface SceneResult {
  readonly scene: string;
  readonly ruleId: string;
  readonly incidents: readonly JudgedIncident[];
  readonly times: readonly FoundTime[];
  /** What the scene was composed as; absent of scenes that were not. */
  readonly control?: Control;
  /** Level of the sound over the background, dB; absent where there is none. */
  readonly snrDb?: number;
}

/** How many of the times in which rules are met were found, and how many of the incidents were right. */
export interface Score {
  /** Times in which a rule was truly met, and those of them in which a right incident was told. */
  readonly met: number;
  readonly found: number;
  /** found / met, and its 95 % interval; NaN, null in JSON, where nothing was met. */
  readonly recall: number;
  readonly recall_95: readonly [number, number];
  /** Incidents, and those of them that were right. */
  readonly told: number;
  readonly right: number;
  /** right / told, and its 95 % interval; NaN, null in JSON, where nothing was told. */
  readonly precision: number;
  readonly precision_95: readonly [number, number];
  /** From the moment at which the rule is truly met to the first right alert, event time; NaN, null in JSON, of none. */
  readonly delay_p50_ms: number;
  readonly delay_p95_ms: number;
}

/** How many of the incidents told at such a confidence were right: from <= confidence < to, the last to 1 included. */
export interface ConfidenceBin {
  readonly from: number;
  readonly to: number;
  readonly right: number;
  readonly told: number;
}

/** How often confidence is kept. */
export interface Reliability {
  readonly by_confidence: readonly ConfidenceBin[];
  /** Mean distance of confidence and frequency of incidents, 15 bins; NaN, null in JSON, of none. */
  readonly ece: number;
}

/** What something else than fusion makes of the same observations. */
export interface Baseline extends Score, Partial<Reliability> {
  readonly name: "sound alone" | "picture alone" | "time only";
}

/** One incident: the second of its scene in which it was told first, and the highest confidence that it was told with. */
interface SceneIncident {
  readonly scene: string;
  readonly rule: string;
  readonly at: number;
  readonly confidence: number;
  readonly right: boolean;
}

/** All that `score scenes` has to say. */
export interface ScenesReport extends Score, Reliability {
  readonly scenes: number;
  readonly seconds: number;
  readonly pack: string;
  readonly tolerance_ms: number;
  readonly by_rule: readonly ({ readonly rule: string } & Score)[];
  readonly by_snr: readonly ({ readonly snr_db: number } & Score)[];
  readonly by_control: readonly ({ readonly control: Control; readonly scenes: number } & Score)[];
  readonly baselines: readonly Baseline[];
  /** What was told, and times that were not found: s of the scene. */
  readonly incidents: readonly SceneIncident[];
  readonly missed: readonly { readonly scene: string; readonly rule: string; readonly from: number }[];
  /** What sources complained of. */
  readonly left_out: readonly { readonly scene: string; readonly reason: string }[];
}

/** Bounds of the bins of confidence. */
const CONFIDENCES = [0, 0.7, 0.8, 0.9, 0.97, 1] as const;

/** The score of rules and scenes together. */
export function scoreOf(results: readonly Pick<SceneResult, "incidents" | "times">[]): Score {
  const times = results.flatMap((result) => result.times);
  const delays = times.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs]));
  const incidents = results.flatMap((result) => result.incidents);
  const right = incidents.filter((incident) => incident.right).length;
  return {
    met: times.length,
    found: delays.length,
    recall: delays.length / times.length,
    recall_95: shareBounds(delays.length, times.length),
    told: incidents.length,
    right,
    precision: right / incidents.length,
    precision_95: shareBounds(right, incidents.length),
    delay_p50_ms: quantile(delays, 0.5),
    delay_p95_ms: quantile(delays, 0.95),
  };
}

/** How the confidence of incidents compares with how often they were right. The lowest bin is left out where it is empty. */
export function reliabilityOf(incidents: readonly JudgedIncident[]): Reliability {
  const bins = CONFIDENCES.slice(0, -1).map((from, i): ConfidenceBin => {
    const to = CONFIDENCES[i + 1] as number;
    const told = incidents.filter(({ confidence }) => confidence >= from && (confidence < to || to === 1));
    return { from, to, right: told.filter((incident) => incident.right).length, told: told.length };
  });
  return {
    by_confidence: bins.filter(({ told }, i) => i > 0 || told > 0),
    ece: calibrationError(incidents.map(({ confidence, right }) => ({ confidence, hit: right }))),
  };
}

/** The report of all rules in all scenes. */
export function reportScenes(
  results: readonly SceneResult[],
  about: Pick<ScenesReport, "scenes" | "seconds" | "pack" | "tolerance_ms" | "baselines" | "left_out">,
): ScenesReport {
  const { scenes, seconds, pack, tolerance_ms, baselines, left_out } = about;
  const by = <K>(keyOf: (result: SceneResult) => K | undefined): (readonly [K, readonly SceneResult[]])[] =>
    [...new Set(results.flatMap((result) => keyOf(result) ?? []))].map((key) => [key as K, results.filter((result) => keyOf(result) === key)]);
  const snrs = by(({ snrDb }) => snrDb).sort(([a], [b]) => b - a);
  return {
    scenes,
    ...scoreOf(results),
    ...reliabilityOf(results.flatMap(({ incidents }) => incidents)),
    seconds,
    pack,
    tolerance_ms,
    by_rule: by(({ ruleId }) => ruleId).map(([rule, own]) => ({ rule, ...scoreOf(own) })),
    by_snr: snrs.map(([snr_db, own]) => ({ snr_db, ...scoreOf(own) })),
    by_control: by(({ control }) => control).map(([control, own]) => ({ control, scenes: new Set(own.map(({ scene }) => scene)).size, ...scoreOf(own) })),
    baselines,
    incidents: results.flatMap(({ scene, ruleId, incidents }) => incidents.map(({ right, toldAt, confidence }) => ({ scene, rule: ruleId, at: toldAt / 1_000, confidence, right }))),
    missed: results.flatMap(({ scene, ruleId, times }) => times.flatMap(({ fromMs, delayMs }) => (delayMs === undefined ? [{ scene, rule: ruleId, from: fromMs / 1_000 }] : []))),
    left_out,
  };
}
