// fusiond score ordinary: how often rules tell what is not there.
import { loadRules } from "../../config/load.js";
import { findPack, loadPack } from "../../encoders/pack.js";
import { packageRoot } from "../runtime/package-root.js";
import { renderOrdinary } from "../score/render-ordinary.js";
import { scoreOrdinary } from "../score/ordinary.js";
import { write } from "./output.js";
import { untilInterrupted } from "./until-interrupted.js";

/** What `score ordinary` was told. */
export interface OrdinaryCommand {
  /** A configuration, of which only rules, gate and encoders count. */
  readonly rules: string;
  /** Tables of what is truly there, beside those of the folders. */
  readonly labels: readonly string[];
  /** How long each recording is played before it counts, ms. */
  readonly warm: readonly number[];
  /** Pictures a second. */
  readonly fps?: number;
  /** In place of the pack that the rules' file names. */
  readonly pack?: string;
  readonly json?: true;
}

/** Prints how often rules tell what is not there, in folders of ordinary hours, as text or JSON. Resolves with the exit code. Errors: FusiondError. */
export function ordinary(folders: readonly string[], { rules: file, labels, warm, fps, pack: named, json }: OrdinaryCommand): Promise<number> {
  return untilInterrupted(async (signal) => {
    const rules = loadRules(file);
    const pack = await loadPack(findPack(named ?? rules.config.encoders.pack, { packageRoot }));
    const progress = (line: string): void => void process.stderr.write(`${line}\n`);
    const score = await scoreOrdinary({ folders, labels, rules, pack, warmMs: warm, progress, ...(fps === undefined ? {} : { fps }) }, signal);
    await write(`${json === true ? JSON.stringify(score, undefined, 2) : renderOrdinary(score).join("\n")}\n`);
  });
}
