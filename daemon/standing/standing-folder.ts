// A folder with footage in which somebody stands still, and what a person wrote down of it.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { requireProgram } from "../runtime/child-process.js";
import { parseLabelTable } from "../score/labels.js";
import type { Span } from "../score/spans.js";

/** Footage of a fixed camera, and when somebody is in clear view there. */
export interface LabelledFootage {
  readonly path: string;
  readonly name: string;
  readonly lengthMs: number;
  readonly stands: readonly Span[];
}

/** What a folder holds, in a fixed order. */
export interface StandingFolder {
  readonly footage: readonly LabelledFootage[];
  /** Pictures of things with transparency, full paths. */
  readonly things: readonly string[];
  /** Files of the table that are not there. */
  readonly missing: readonly string[];
}

/** What is written down of somebody who stands still. */
const WHAT = "person";

/**
 * Reads `labels.csv` (rows of `person` with file, start and end), the files that it names, in the folder or its `clips`, and
 * the pictures in its `things`.
 * Errors: FusiondError "media_invalid" with what is wrong, "dependency_missing" without ffprobe.
 */
export async function readStandingFolder(folder: string): Promise<StandingFolder> {
  const root = resolve(folder);
  const table = join(root, "labels.csv");
  if (!existsSync(table)) throw new FusiondError("media_invalid", `${table} is missing: write there when somebody stands in clear view, with the columns file, start, end, what`);
  const stands = new Map<string, Span[]>();
  for (const { file, label } of parseLabelTable(readFileSync(table, "utf8"), table)) {
    if (file === undefined || label?.what !== WHAT || label.span === undefined) continue;
    stands.set(file, [...(stands.get(file) ?? []), label.span]);
  }
  const found = [...stands].map(([file, spans]) => ({ file, spans, path: [join(root, "clips", file), join(root, file)].find((path) => existsSync(path)) }));
  const footage: LabelledFootage[] = [];
  for (const { file, spans, path } of found) {
    if (path === undefined) continue;
    const name = basename(file, extname(file)).replaceAll(/[^A-Za-z0-9]+/g, "-");
    footage.push({ path, name, lengthMs: await lengthMsOf(path), stands: [...spans].sort((a, b) => a.fromMs - b.fromMs) });
  }
  if (footage.length === 0) throw new FusiondError("media_invalid", `${table} names no footage that lies in ${root}: put the files beside it, and rows of "${WHAT}" with start and end into it`);
  const things = join(root, "things");
  return {
    footage,
    things: existsSync(things) ? readdirSync(things).sort().map((file) => join(things, file)) : [],
    missing: found.flatMap(({ file, path }) => (path === undefined ? [file] : [])),
  };
}

async function lengthMsOf(path: string): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)(requireProgram("ffprobe", "ffmpeg"), ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]);
    const seconds = Number(stdout.trim());
    if (seconds > 0) return Math.floor(seconds * 1_000);
    throw new Error("it has no length");
  } catch (cause) {
    if (cause instanceof FusiondError) throw cause;
    throw new FusiondError("media_invalid", `${path} cannot be read as footage: ${messageOf(cause).split("\n")[0]}`, { cause });
  }
}
