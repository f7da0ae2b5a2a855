// fusiond score standing: whether somebody who stands still is seen, or taken for nobody.
import { join } from "node:path";
import { loadRules } from "../../config/load.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { FusiondError } from "../../fusion/model/errors.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import { packageRoot } from "../runtime/package-root.js";
import { scoreStanding } from "../standing/score-standing.js";
import { renderStanding } from "../standing/standing-report.js";
import { write } from "./output.js";
import { untilInterrupted } from "./until-interrupted.js";

/** What `score standing` was told. */
export interface StandingCommand {
  /** A file with rules. */
  readonly rules: string;
  /** A pack's name or folder; that of the rules' file if not given. */
  readonly pack?: string;
  readonly fps?: number;
  readonly seed: number;
  /** Only scenes with this in their name. */
  readonly only?: string;
  /** How long somebody stands still, seconds. */
  readonly seconds: number;
  readonly json?: true;
}

/** Prints how often somebody who stands still is seen, as text or JSON, and on stderr what it is at. Resolves with the exit code. Errors: FusiondError. */
export function standing(folder: string, { rules: file, pack: nameOrPath, fps, seed, seconds, only, json }: StandingCommand): Promise<number> {
  return untilInterrupted(async (signal) => {
    const rules = loadRules(file);
    const pack = await loadPack(findPack(nameOrPath ?? rules.config.encoders.pack, { packageRoot }));
    const cache = cacheFolder();
    if (cache === undefined) throw new FusiondError("dependency_missing", "scenes are rendered into the user's cache folder, and there is no home folder: set XDG_CACHE_HOME");
    const progress = (scene: string, done: number, of: number): void => void process.stderr.write(`${scene}: ${done} of ${of} scenes are scored\n`);
    const options = { folder, rules, pack, seed, standMs: seconds * 1_000, sceneFolder: join(cache, "standing"), progress };
    const report = await scoreStanding({ ...options, ...(fps === undefined ? {} : { fps }), ...(only === undefined ? {} : { only }) }, signal);
    await write(`${json === true ? JSON.stringify(report, undefined, 2) : renderStanding(report).join("\n")}\n`);
  });
}
