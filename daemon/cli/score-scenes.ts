// fusiond score compose and score scenes: scenes whose truth is known, and what rules make of them.
import { loadRules } from "../../config/load.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { packageRoot } from "../runtime/package-root.js";
import { composeScenes } from "../scenes/compose-scenes.js";
import { readMaterial, type MaterialFolders } from "../scenes/read-material.js";
import { renderScenes } from "../scenes/render-scenes.js";
import { scoreScenes } from "../scenes/score-scenes.js";
import { write } from "./output.js";
import { untilInterrupted } from "./until-interrupted.js";

/** What `score compose` was told. */
export interface ComposeOptions extends MaterialFolders {
  readonly count: number;
  readonly seed: number;
}

/** Composes scenes into a folder and says on stderr what it is at. Resolves with the exit code. Errors: FusiondError. */
export function compose(folder: string, { count, seed, ...folders }: ComposeOptions): Promise<number> {
  return untilInterrupted(async (signal) => {
    const progress = ({ name }: { readonly name: string }): void => void process.stderr.write(`composing ${name} of ${count}\n`);
    await composeScenes({ material: readMaterial(folders), folder, seed, count, progress }, signal);
    await write(`${count} scenes lie in ${folder}\n`);
  });
}

/** What `score scenes` was told. */
export interface ScenesOptions {
  /** A file with rules. */
  readonly rules: string;
  /** A pack's name or folder; that of the rules' file if not given. */
  readonly pack?: string;
  readonly fps?: number;
  readonly json?: true;
}

/** Prints what rules make of scenes, as text or JSON, and on stderr what it is at. Resolves with the exit code. Errors: FusiondError. */
export function scenes(folder: string, { rules: file, pack: nameOrPath, fps, json }: ScenesOptions): Promise<number> {
  return untilInterrupted(async (signal) => {
    const rules = loadRules(file);
    const pack = await loadPack(findPack(nameOrPath ?? rules.config.encoders.pack, { packageRoot }));
    const progress = ({ name }: { readonly name: string }, done: number, of: number): void => void process.stderr.write(`${name}: ${done} of ${of} scenes are scored\n`);
    const report = await scoreScenes({ folder, rules, pack, ...(fps === undefined ? {} : { fps }), progress }, signal);
    await write(`${json === true ? JSON.stringify(report, undefined, 2) : renderScenes(report).join("\n")}\n`);
  });
}
