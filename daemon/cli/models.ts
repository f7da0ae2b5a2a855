// fusiond models: what a pack is, and how good it is at what one needs.
import { findPack, loadPack } from "../../encoders/pack.js";
import { recordingsFor } from "../compose/recordings.js";
import { renderScore } from "../models/render-score.js";
import { scorePack } from "../models/score-pack.js";
import { verifyPack } from "../models/verify-pack.js";
import { renderWords, wordsOf } from "../models/words.js";
import { packageRoot } from "../runtime/package-root.js";
import { EXIT } from "./exit-codes.js";
import { write } from "./output.js";
import { untilInterrupted } from "./until-interrupted.js";

/** What `models score` was told. */
export interface ScoreOptions {
  readonly pack: string;
  /** Folders with recordings of ordinary hours. */
  readonly ordinary: readonly string[];
  /** Pictures a second of their videos. */
  readonly fps?: number;
  readonly json?: true;
}

/** Prints how a pack fares on labelled folders, as text or JSON. Resolves with the exit code. Errors: FusiondError. */
export function scoreModels(folders: readonly string[], { pack: nameOrPath, ordinary, fps, json }: ScoreOptions): Promise<number> {
  return untilInterrupted(async (signal) => {
    const pack = await loadPack(findPack(nameOrPath, { packageRoot }));
    const hours = ordinary.length === 0 ? undefined : { folders: ordinary, recordings: recordingsFor(pack, fps) };
    const report = await scorePack(pack, folders, signal, hours);
    await write(`${json === true ? JSON.stringify(report, undefined, 2) : renderScore(report).join("\n")}\n`);
  });
}

/** Proves a pack and prints what it is. Resolves with the exit code. Errors: FusiondError "model_invalid", "dependency_missing". */
export function verifyModels(nameOrPath: string): Promise<number> {
  return untilInterrupted(async (signal) => {
    const pack = await loadPack(findPack(nameOrPath, { packageRoot }));
    await write(`${(await verifyPack(pack, signal)).join("\n")}\n`);
  });
}

/** Prints the words that a pack knows, one a line. Resolves with the exit code. Errors: FusiondError "model_invalid". */
export async function listWords(nameOrPath: string, json: boolean): Promise<number> {
  const words = wordsOf(await loadPack(findPack(nameOrPath, { packageRoot })));
  await write(`${(json ? words.map((word) => JSON.stringify(word)) : renderWords(words)).join("\n")}\n`);
  return EXIT.ok;
}
