// Somebody who stands still, through the real perception, groups and rules: is he seen, and is he taken for nobody?
import type { LoadedConfig } from "../../config/load.js";
import type { Pack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import type { ConditionNode, Rule } from "../../rules/rule.js";
import { compileRules } from "../compose/rules.js";
import { RenderedFiles } from "../runtime/rendered-files.js";
import { Trial, type TriedIncident } from "../score/trial.js";
import { FrozenWatch } from "./frozen-watch.js";
import { ASK, Questions } from "./questions.js";
import { emptyArgs, emptyTimes, standingArgs } from "./standing-args.js";
import { readStandingFolder, type LabelledFootage } from "./standing-folder.js";
import { MOMENTS, planStanding, type StandingFootage, type StandingMoment, type StandingScene } from "./standing-plan.js";
import { sharesOf, type Answers, type StandingReport, type ToldOf } from "./standing-report.js";

/** What is scored. */
export interface ScoreStandingOptions {
  /** See `readStandingFolder`. */
  readonly folder: string;
  /** Rules that ask (`read: {field: ask, equals: now}`) whether somebody is there or nobody, and rules that just tell. */
  readonly rules: LoadedConfig;
  readonly pack: Pack;
  readonly seed: number;
  /** How long somebody stands still, ms. */
  readonly standMs: number;
  /** Pictures a second; as a camera has it by default if it is not given. */
  readonly fps?: number;
  /** Only scenes with this in their name; all if it is not given. */
  readonly only?: string;
  /** Where rendered scenes are kept. */
  readonly sceneFolder: string;
  /** Told before each scene. */
  readonly progress: (scene: string, done: number, of: number) => void;
}

/** Scenes that are kept: some 20 MB each. */
const SCENE_FILES_MAX = 96;

/** What each rule is about, and what it was asked and told. */
interface Tally {
  readonly rule: Rule;
  readonly says: Answers["says"] | undefined;
  readonly asked: Map<StandingMoment, number>;
  readonly told: Map<StandingMoment, number>;
}

/**
 * Renders the folder's scenes and scores every one for itself, from an empty state, its camera judged as a live one. The same folder, rules, pack and machine
 * give the same report.
 * Errors: FusiondError "media_invalid", "config_invalid" if no rule asks, and those of the towers.
 */
export async function scoreStanding(options: ScoreStandingOptions, signal: AbortSignal): Promise<StandingReport> {
  const { rules: loaded, pack, seed, standMs, only = "", fps, progress } = options;
  const tallies = compileRules(loaded, pack).rules.map((rule): Tally => ({ rule, says: saysOf(rule), asked: new Map(), told: new Map() }));
  if (tallies.every(({ says }) => says === undefined)) {
    throw new FusiondError("config_invalid", `no rule of ${loaded.file} asks whether anybody is there: write one with read: {field: ${ASK.field}, equals: ${ASK.equals}}`);
  }
  const { footage, things, missing } = await readStandingFolder(options.folder);
  const files = new RenderedFiles({
    folder: options.sceneFolder,
    filesMax: SCENE_FILES_MAX,
    failed: (reason) => `ffmpeg could not render a scene of ${options.folder}: ${reason}`,
    aborted: "the scenes were not finished: score them again",
  });
  const scenes = planStanding(footage.map(withEmpty), { seed, standMs, things: things.length }).filter(({ name }) => name.includes(only));
  const trial = new Trial({
    ...{ rules: loaded, pack, ...(fps === undefined ? {} : { fps }) },
    modalities: ["image", "text"],
    cameras: scenes.map(({ name }) => name),
  });
  const leftOut = missing.map((file) => `${file} is not there`);
  await trial.start(signal);
  try {
    for (const [i, scene] of scenes.entries()) {
      progress(scene.name, i, scenes.length);
      const path = await rendered(scene, footage, things, files, signal);
      const sources = [new FrozenWatch(trial.open({ id: scene.name, path, modalities: ["image"] })), new Questions(`${scene.name}-asks`, scene.asks.map(({ atMs }) => atMs))];
      const { incidents, notes } = await trial.run(scene.name, sources, signal);
      leftOut.push(...notes.map((note) => `${scene.name}: ${note}`));
      files.prune();
      for (const tally of tallies) count(tally, scene, incidents.filter(({ ruleId }) => ruleId === tally.rule.id));
    }
  } finally {
    await trial.stop();
  }
  const answers = tallies.flatMap(({ rule, says, asked, told }) =>
    says === undefined ? [] : MOMENTS.flatMap((moment): Answers[] => (asked.has(moment) ? [{ rule: rule.id, says, moment, asked: asked.get(moment) ?? 0, told: told.get(moment) ?? 0 }] : [])),
  );
  return {
    ...{ scenes: scenes.length, pack: `${pack.manifest.id} ${pack.manifest.version}`, seed },
    ...sharesOf(answers),
    answers,
    told: tallies.flatMap(({ rule, says, told }) => (says === undefined ? [...told].map(([moment, incidents]): ToldOf => ({ rule: rule.id, moment, incidents })) : [])),
    hours: MOMENTS.map((moment) => ({ moment, hours: scenes.flatMap(({ settled }) => settled).reduce((sum, one) => sum + (one.moment === moment ? one.toMs - one.fromMs : 0), 0) / 3_600_000 })),
    left_out: leftOut,
  };
}

async function rendered(scene: StandingScene, footage: readonly LabelledFootage[], things: readonly string[], files: RenderedFiles, signal: AbortSignal): Promise<string> {
  const { path, lengthMs, stands } = footage.find(({ name }) => name === scene.footage.name) as LabelledFootage;
  const render = (name: string, extension: string, args: readonly string[], length: number): Promise<string> => files.render({ name, extension, args, lengthMs: length }, () => undefined, signal);
  const times = emptyTimes(lengthMs, stands);
  const empty = times === undefined ? "" : await render(`${scene.footage.name}-empty`, "png", emptyArgs(path, times), lengthMs);
  const args = standingArgs(scene, { footage: path, empty, things });
  return render(scene.name, "mp4", args, scene.segments.reduce((sum, { durationMs }) => sum + durationMs, 0));
}

function withEmpty({ name, lengthMs, stands }: LabelledFootage): StandingFootage {
  return { name, lengthMs, stands, hasEmpty: emptyTimes(lengthMs, stands) !== undefined };
}

/** A rule that asks has a line in its evidence for each answer; of one that only tells, what it told first counts. */
function count({ says, asked, told }: Tally, { asks, settled }: StandingScene, incidents: readonly TriedIncident[]): void {
  const add = (counts: Map<StandingMoment, number>, moment: StandingMoment): void => void counts.set(moment, (counts.get(moment) ?? 0) + 1);
  if (says === undefined) {
    for (const { firedAt } of incidents) {
      const during = settled.find(({ fromMs, toMs }) => fromMs <= firedAt && firedAt < toMs);
      if (during !== undefined) add(told, during.moment);
    }
    return;
  }
  const answered = new Set(incidents.flatMap(({ evidence }) => evidence.flatMap((one) => (one.modality === "text" ? [one.capturedAt] : []))));
  for (const { atMs, moment } of asks) {
    add(asked, moment);
    if (answered.has(atMs)) add(told, moment);
  }
}

/** Whether the rule asks, and whether it says then that somebody is there, or nobody. */
function saysOf(rule: Rule): Tally["says"] {
  const asks = rule.leaves.some((leaf) => leaf.kind === "field" && leaf.field === ASK.field);
  if (!asks) return undefined;
  return rule.unless.length > 0 || hasNot(rule.condition) ? "absence" : "presence";
}

function hasNot(node: ConditionNode): boolean {
  return node.kind === "not" || (node.kind !== "leaf" && node.of.some(hasNot));
}
