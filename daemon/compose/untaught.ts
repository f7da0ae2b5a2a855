// Prompts that the pack can name but that its towers were not taught: a rule that waits for one may wait for ever.
import type { ConfigParts, ConfigPrompt, LoadedConfig } from "../../config/load.js";
import { formatProblem, type ConfigProblem } from "../../config/problem.js";
import type { Pack } from "../../encoders/pack.js";
import { isTaught, taughtNear, type TaughtTower } from "../../encoders/taught.js";
import type { Logger } from "../telemetry/logger.js";

/** A warning about a prompt, at its place. */
export interface UntaughtPrompt extends ConfigProblem {
  readonly ruleId: string;
}

const TOWER: Readonly<Record<"hear" | "see", TaughtTower>> = { see: "image", hear: "audio" };
const OTHER = { see: "hear", hear: "see" } as const;
const APPEARANCE = { see: "looks like", hear: "sounds like" } as const;
/** What comes of it where the rule asks for an absence: worse, since what is never found is always absent. */
const ABSENCE = {
  not: ', and "not" would hold although it is there',
  unless: ', and "unless" would let the incident through although it is there',
} as const;

/** How many near concepts of the other sense, and of the same one, a prompt is told. */
const [OTHER_SENSE_MAX, SAME_SENSE_MAX] = [2, 1];

/** Every `hear` and `see` that its tower was not taught. A pack that does not say is trusted. */
export function untaughtPrompts(loaded: Pick<ConfigParts, "prompts" | "problem">, pack: Pack): UntaughtPrompt[] {
  return loaded.prompts.flatMap(({ kind, text, ruleId, path, absence }) => {
    const vector = kind === "read" ? undefined : pack.vocabulary.vector(text);
    if (kind === "read" || vector === undefined || isTaught(pack.vocabulary.taught, TOWER[kind], vector)) return [];
    const instead = alternatives(pack, kind, text, vector);
    const message =
      `the pack "${pack.manifest.id}" was not taught what "${text}" ${APPEARANCE[kind]}, so this may never be found${absence === undefined ? "" : ABSENCE[absence]}: ` +
      `try it on your own recordings with "fusiond models score"${instead.length === 0 ? "" : `, or use ${listed(instead)} instead`}`;
    return [{ ...loaded.problem(path, message), ruleId }];
  });
}

/** One warning a rule that runs, with all of its prompts, in the daemon's log. */
export function warnOfUntaught(loaded: LoadedConfig, pack: Pack, logger: Pick<Logger, "warn">): void {
  const untaught = untaughtPrompts(loaded, pack);
  for (const { id } of loaded.config.rules) {
    const detail = untaught.filter(({ ruleId }) => ruleId === id).map(formatProblem);
    if (detail.length > 0) logger.warn("a rule looks for what the pack was not taught", { rule: id, detail });
  }
}

/** What the towers were taught that comes near: by the other sense first, since there it may be the thing itself. */
function alternatives(pack: Pack, kind: "hear" | "see", text: string, vector: Float32Array): string[] {
  const { taught } = pack.vocabulary;
  const other = OTHER[kind];
  const known = taught[TOWER[other]] !== undefined && isTaught(taught, TOWER[other], vector);
  const byOther = known ? [text] : taughtNear(taught, TOWER[other], vector, OTHER_SENSE_MAX);
  return [...byOther.map((name) => quoted(other, name)), ...taughtNear(taught, TOWER[kind], vector, SAME_SENSE_MAX).map((name) => quoted(kind, name))];
}

/** `a`, `a or b`, `a, b or c`. */
function listed(items: readonly string[]): string {
  return [...(items.length > 1 ? [items.slice(0, -1).join(", ")] : []), ...items.slice(-1)].join(" or ");
}

function quoted(kind: ConfigPrompt["kind"], name: string): string {
  return `${kind}: "${name}"`;
}
