// Scenes through the real perception, groups and rules: what is told of them, and what should have been.
import type { LoadedConfig } from "../../config/load.js";
import type { Pack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { dot } from "../../fusion/model/vector.js";
import type { Leaf, Rule } from "../../rules/rule.js";
import { compileRules } from "../compose/rules.js";
import { SYNONYM_COSINE } from "../models/labels.js";
import type { Label } from "../score/labels.js";
import { lengthMs, merged, type Span } from "../score/spans.js";
import { Trial, type TriedIncident } from "../score/trial.js";
import { alone, sameTime } from "./baseline-rules.js";
import { matchIncidents, TOLERANCE_MS, type ToldIncident } from "./match-incidents.js";
import { Moments } from "./moments.js";
import { modalityOf, timesMet, type LeafTruth } from "./rule-truth.js";
import { readScenes, type Scene } from "./scene-folder.js";
import { reliabilityOf, reportScenes, scoreOf, type Baseline, type SceneResult, type ScenesReport } from "./scenes-report.js";

/** What is scored. */
export interface ScoreScenesOptions {
  /** A folder of scenes. */
  readonly folder: string;
  readonly rules: LoadedConfig;
  readonly pack: Pack;
  /** Pictures a second; as a camera has it by default if it is not given. */
  readonly fps?: number;
  /** Told before each scene. */
  readonly progress: (scene: Scene, done: number, of: number) => void;
}

/** A rule of one sense: `hear` alone or `see` alone of the rule `of`. */
interface Derived {
  readonly of: Rule;
  readonly rule: Rule;
  readonly name: Exclude<Baseline["name"], "time only">;
}

const SENSES = [
  ["sound alone", "audio"],
  ["picture alone", "image"],
] as const;

/**
 * Scores every scene for itself, from an empty state, its sources in one group with the default settings of groups. The same
 * scenes, rules, pack and machine give the same report.
 * Errors: FusiondError "media_invalid", "config_invalid" for rules that scenes cannot be asked for, and those of the towers.
 */
export async function scoreScenes({ folder, rules: loaded, pack, fps, progress }: ScoreScenesOptions, signal: AbortSignal): Promise<ScenesReport> {
  const scenes = readScenes(folder);
  const { rules } = compileRules(loaded, pack);
  requireSenses(rules);
  const derived = rules.flatMap((of) => SENSES.flatMap(([name, modality]): Derived[] => {
    const rule = alone(of, modality, `${of.id}.${modality}`);
    return rule === undefined ? [] : [{ of, rule, name }];
  }));
  const moments = new Moments();
  const trial = new Trial({
    ...{ rules: loaded, pack, ...(fps === undefined ? {} : { fps }) },
    modalities: (["image", "audio"] as const).filter((modality) => scenes.some(({ sources }) => sources.some((source) => source.modality === modality))),
    cameras: scenes.flatMap((scene, i) => scene.sources.flatMap(({ modality }, k) => (modality === "image" ? [idOf(i, k)] : []))),
    before: (tower) => moments.through(tower),
    also: derived.map(({ rule }) => rule),
  });
  const results = { fused: [] as SceneResult[], alone: new Map<Baseline["name"], SceneResult[]>() };
  const leftOut: { scene: string; reason: string }[] = [];
  let seconds = 0;
  await trial.start(signal);
  try {
    for (const [i, scene] of scenes.entries()) {
      progress(scene, i, scenes.length);
      const sources = scene.sources.map(({ path, modality }, k) => trial.open({ id: idOf(i, k), path, modalities: [modality] }));
      const { incidents, looked, notes } = await trial.run(`scene-${i + 1}`, sources, signal);
      leftOut.push(...notes.map((reason) => ({ scene: scene.name, reason })));
      const spans = merged([...looked.values()].flat());
      seconds += lengthMs(spans) / 1_000;
      const whole = { fromMs: 0, toMs: Math.max(0, ...spans.map(({ toMs }) => toMs)) };
      const met = new Map(rules.map((rule) => [rule.id, timesMet(rule, truthIn(scene, pack, whole), whole)]));
      const resultOf = (of: Rule, own: readonly ToldIncident[]): SceneResult => ({
        ...{ scene: scene.name, ruleId: of.id, ...scene.composed },
        ...matchIncidents(met.get(of.id) ?? [], own, { lateMs: lateMs(of) }),
      });
      results.fused.push(...rules.map((rule) => resultOf(rule, told(incidents, rule.id))));
      for (const { name, rule, of } of derived) add(results.alone, name, resultOf(of, going(incidents, rule.id)));
      add(results.alone, "time only", { scene: scene.name, ruleId: "", ...timeOnly(rules, [...met.values()].flat(), moments) });
    }
  } finally {
    await trial.stop();
  }
  return reportScenes(results.fused, {
    ...{ scenes: scenes.length, seconds, pack: `${pack.manifest.id} ${pack.manifest.version}`, tolerance_ms: TOLERANCE_MS, left_out: leftOut },
    baselines: [...results.alone].map(([name, own]) => ({ name, ...scoreOf(own), ...(name === "time only" ? {} : reliabilityOf(own.flatMap(({ incidents }) => incidents))) })),
  });
}

/** Something heard and something seen at the same time, right where any rule at all is truly met while that goes on. */
function timeOnly(rules: readonly Rule[], met: readonly Span[], moments: Moments): Pick<SceneResult, "incidents" | "times"> {
  const withinMs = Math.max(...rules.map((rule) => rule.withinMs));
  const silentMs = Math.max(...rules.map((rule) => rule.resolveAfterMs + rule.cooldownMs));
  return matchIncidents(merged(met), sameTime(moments.take(), { withinMs, silentMs }).map(({ fromMs, toMs }) => ({ ruleId: "", toldAt: fromMs, untilMs: toMs, confidence: 1 })));
}

/** By the labels: a condition is true while what means the same to the pack is there for a source of its sense. */
function truthIn(scene: Scene, pack: Pack, whole: Span): LeafTruth {
  const reaches = ({ sources }: Label, leaf: Leaf): boolean =>
    scene.sources.some(({ id, modality }) => modality === modalityOf(leaf) && (sources.length === 0 || sources.includes(id)));
  return (leaf) => scene.labels.filter((label) => reaches(label, leaf) && meansTheSame(pack, phraseOf(leaf), label.what)).map(({ span }) => span ?? whole);
}

function meansTheSame(pack: Pack, phrase: string, what: string): boolean {
  if (phrase === what) return true;
  const [a, b] = [pack.vocabulary.vector(phrase), pack.vocabulary.vector(what)];
  return a !== undefined && b !== undefined && dot(a, b) >= SYNONYM_COSINE;
}

/** `hear: dog` is written of `dog`. */
function phraseOf({ label }: Leaf): string {
  return label.slice(label.indexOf(": ") + 2);
}

/** How long the rule itself waits after its conditions are met. */
function lateMs(rule: Rule): number {
  return rule.holdForMs + Math.max(0, ...rule.unless.map(({ afterMs }) => afterMs));
}

function told(incidents: readonly TriedIncident[], ruleId: string): ToldIncident[] {
  return incidents.filter((incident) => incident.ruleId === ruleId).map(({ firedAt, confidence }) => ({ ruleId, toldAt: firedAt, confidence }));
}

/** As `told`, but to a baseline's credit an incident counts for as long as it goes on. */
function going(incidents: readonly TriedIncident[], ruleId: string): ToldIncident[] {
  return incidents.filter((incident) => incident.ruleId === ruleId).map(({ firedAt, endedAt, confidence }) => ({ ruleId, toldAt: firedAt, untilMs: endedAt, confidence }));
}

function requireSenses(rules: readonly Rule[]): void {
  if (rules.length === 0) throw new FusiondError("config_invalid", "no rule is enabled: write at least one rule");
  const reading = rules.find((rule) => rule.leaves.some((leaf) => modalityOf(leaf) === "text"));
  if (reading !== undefined) throw new FusiondError("config_invalid", `the rule ${reading.id} reads text, which scenes do not have: leave it out of the rules that scenes are scored by`);
}

function idOf(scene: number, source: number): string {
  return `scene-${scene + 1}-${source + 1}`;
}

function add(results: Map<Baseline["name"], SceneResult[]>, name: Baseline["name"], result: SceneResult): void {
  const own = results.get(name);
  if (own === undefined) results.set(name, [result]);
  else own.push(result);
}
