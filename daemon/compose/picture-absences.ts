// Absences of what is seen: whether any camera looks at all of its picture often enough to know of them.
import type { ConfigPath, ConfigProblem } from "../../config/problem.js";
import type { ConfigPrompt, LoadedConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import type { RuleConfig } from "../../config/schema/rules.js";
import type { CameraConfig } from "../../config/schema/sources.js";
import { scanPeriodMs, scanPlaces } from "../../fusion/model/scan.js";
import { askedPrompts } from "./asked-conditions.js";

/** The shape that a picture is taken to have before one came: the places of most cameras, and about as many of the others. */
const USUAL_SHAPE = { width: 16, height: 9 };

/** A camera and how long it takes to look at all of its picture, ms; Infinity: it looks at what moves only. */
interface Scanning {
  readonly id: string;
  readonly periodMs: number;
}

/**
 * Every absence of what is seen that nobody could ever witness: none of the rule's groups has a camera that looks at all of its
 * picture within the time that the rule asks about. A rule that fires blind may ask for it. A camera that is switched off
 * counts as one.
 */
export function unknowableAbsences(loaded: LoadedConfig): ConfigProblem[] {
  const rules = new Map(loaded.config.rules.map((rule) => [rule.id, rule]));
  return askedPrompts(loaded).flatMap(({ prompt, asked }) => {
    const rule = rules.get(prompt.ruleId);
    if (rule === undefined || asked.modality !== "image" || !asked.absent || rule.whenBlind === "fire") return [];
    const cameras = camerasOf(rule, loaded.config).map(scanning);
    const quickest = cameras.reduce<Scanning | undefined>((a, b) => (a === undefined || b.periodMs < a.periodMs ? b : a), undefined);
    const intervalMs = intervalOf(prompt, rule);
    return quickest === undefined || quickest.periodMs <= intervalMs ? [] : [loaded.problem(prompt.path, refusal(prompt, quickest, intervalMs))];
  });
}

/** One line a camera that runs: how long it takes to look at all of its picture. */
export function scanLines({ sources }: Pick<Config, "sources">): string[] {
  const cameras = sources.filter((source): source is CameraConfig => source.kind === "camera" && source.enabled);
  return cameras.map(scanning).map(({ id, periodMs }) => {
    return periodMs === Infinity ? `${id} looks at what moves only, so nothing that is seen can be known to be absent` : `${id} looks at all of its picture once in ${seconds(periodMs)}`;
  });
}

function refusal({ absence }: ConfigPrompt, { id, periodMs }: Scanning, intervalMs: number): string {
  const away = "or set when_blind: fire";
  if (periodMs === Infinity) return `"${absence}" can never be known here: ${id} looks at what moves only (scan_rate: off), so who stands still is not seen; let it scan, ${away}`;
  return (
    `"${absence}" asks about ${seconds(intervalMs)}, but ${id} takes ${seconds(periodMs)} to look at all of its picture, so this can never be known: ` +
    `let "within" be ${Math.ceil(periodMs / 1000)}s or longer, raise the camera's scan_rate, ${away}`
  );
}

/** The shortest time that the rule may ask about, ms. */
function intervalOf({ absence, path }: ConfigPrompt, rule: RuleConfig): number {
  if (absence !== "unless") return rule.withinMs;
  const unless = rule.unless[indexIn(path)];
  return (unless?.withinMs ?? 0) + (unless?.afterMs ?? 0);
}

/** `rules.x.unless.1.see` is of the second of a list, `rules.x.unless.see` of the only one. */
function indexIn(path: ConfigPath): number {
  const index = path[path.indexOf("unless") + 1];
  return typeof index === "number" ? index : 0;
}

function camerasOf(rule: RuleConfig, { groups, sources }: Config): readonly CameraConfig[] {
  const members = new Set(groups.filter(({ id }) => rule.groups.includes(id)).flatMap((group) => group.sources));
  return sources.filter((source): source is CameraConfig => source.kind === "camera" && members.has(source.id));
}

function scanning({ id, fps, gate }: CameraConfig): Scanning {
  const places = scanPlaces(USUAL_SHAPE.width, USUAL_SHAPE.height).length;
  return { id, periodMs: scanPeriodMs({ fps, scanRate: gate.scanRate, places }) };
}

/** "7.2 s" */
function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
