// Folders of recordings: which files belong together, and what is truly there in them.
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { readCsv } from "../models/csv.js";
import { namedByFolder } from "../models/labelled-folder.js";
import { contentKeys, filesIn, recordedModality } from "../models/ordinary-folder.js";
import { isFileTable, parseLabelTable, type Label, type LabelTableRow } from "./labels.js";

/** A file of a recording, and what is truly there in it. Times of its labels count from its own start, at 0. */
export interface Piece {
  /** Absolute path. */
  readonly path: string;
  readonly labels: readonly Label[];
}

/** What one microphone or camera gave: files that follow one another. Sounds are heard, videos are watched (and not heard). */
export interface Recording {
  readonly name: string;
  readonly modality: "image" | "audio";
  readonly pieces: readonly Piece[];
}

/** What folders hold, in a fixed order. */
export interface RecordingFolders {
  readonly recordings: readonly Recording[];
  /** What is not used, and why, one sentence each. */
  readonly leftOut: readonly string[];
}

/** What is known of one file. */
interface Found {
  readonly path: string;
  /** Within one folder: what the file belongs to. */
  recording: string;
  readonly labels: Label[];
}

/**
 * The recordings of folders: every sound and video that lies in a folder itself, in its sub-folder `clips`, or that its
 * table names; without a table also those of its sub-folders, labelled by the sub-folder's name. The table is `labels.csv`,
 * or the only `*.csv` that says something of files. A file in the place of a folder is a recording. `tables`: further tables, whose files are found by path or name. Files
 * with the same bytes are one: an hour that is heard twice is one hour.
 * Errors: FusiondError "media_invalid", also if there is no recording at all.
 */
export async function readRecordings(folders: readonly string[], tables: readonly string[] = []): Promise<RecordingFolders> {
  const leftOut: string[] = [];
  const found = folders.flatMap((folder) => foundIn(resolve(folder), leftOut));
  for (const table of tables) leftOut.push(...addTable(found, table));
  const distinct = await withoutRepeated(found.filter(isRecording), leftOut);
  const others = found.filter((file) => !isRecording(file));
  if (others.length > 0) leftOut.push(`${others.length} files are neither sounds nor videos by their names, such as ${(others[0] as Found).path}`);
  if (distinct.length === 0) throw new FusiondError("media_invalid", `no recording lies in ${folders.join(", ")}: give sounds or videos of ordinary hours`);
  return { recordings: recordingsOf(distinct), leftOut };
}

function isRecording({ path }: Found): boolean {
  return recordedModality(path) !== undefined;
}

function unlabelled(path: string): Found {
  return { path, recording: path, labels: [] };
}

function foundIn(root: string, leftOut: string[]): Found[] {
  if (statSync(root, { throwIfNoEntry: false })?.isFile() === true) return [unlabelled(root)];
  const table = tableIn(root);
  const plain = filesIn(root).filter((path) => extname(path).toLowerCase() !== ".csv");
  if (table === undefined) {
    const sub = namedByFolder(root).map(({ path, label }) => ({ path, recording: path, labels: [{ what: label.replaceAll("_", " "), sources: [] }] }));
    return [...plain.map(unlabelled), ...sub];
  }
  const clips = join(root, "clips");
  const files = new Map([...plain, ...(existsSync(clips) ? filesIn(clips) : [])].map((path) => [path, unlabelled(path)]));
  const missing: string[] = [];
  for (const row of readTable(table)) {
    const file = row.file as string;
    const path = [join(root, file), join(clips, file)].find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true);
    if (path === undefined) missing.push(file);
    else files.set(path, withRow(files.get(path) ?? unlabelled(path), row, root));
  }
  if (missing.length > 0) leftOut.push(`${table} names ${missing.length} files that lie neither in ${root} nor in its folder clips, such as ${missing[0] as string}`);
  return [...files.values()];
}

/** Errors: FusiondError "media_invalid" where it is not clear which table is meant. */
function tableIn(root: string): string | undefined {
  const own = join(root, "labels.csv");
  if (existsSync(own)) return own;
  const tables = filesIn(root).filter((path) => extname(path).toLowerCase() === ".csv" && isFileTable(readCsv(textOf(path)).columns));
  if (tables.length > 1) throw new FusiondError("media_invalid", `${root} has several tables of files (${tables.map((path) => basename(path)).join(", ")}): name the one that counts labels.csv`);
  return tables[0];
}

/** Errors: FusiondError "media_invalid". */
function readTable(path: string): LabelTableRow[] {
  const text = textOf(path);
  if (!isFileTable(readCsv(text).columns)) throw new FusiondError("media_invalid", `${path}:1:1: the table must name a column file, and what (or label, scene_or_label) or recording (or source_id, camera)`);
  return parseLabelTable(text, path);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new FusiondError("media_invalid", `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** Adds what a further table says; gives what of it is about no file. */
function addTable(found: Found[], table: string): string[] {
  const unmatched: string[] = [];
  for (const row of readTable(resolve(table))) {
    const file = row.file as string;
    const meant = found.filter(({ path }) => path === resolve(file) || path.endsWith(`/${file}`));
    if (meant.length === 0) unmatched.push(file);
    for (const one of meant) withRow(one, row, table);
  }
  return unmatched.length === 0 ? [] : [`${table} names ${unmatched.length} files that lie in none of the folders, such as ${unmatched[0] as string}`];
}

function withRow(file: Found, { recording, label }: LabelTableRow, where: string): Found {
  if (recording !== undefined) file.recording = join(where, recording);
  if (label !== undefined) file.labels.push(label);
  return file;
}

async function withoutRepeated(found: readonly Found[], leftOut: string[]): Promise<readonly Found[]> {
  const first = new Map<string, Found>();
  const contentOf = contentKeys(found.map(({ path }) => path));
  for (const file of found) {
    const content = await contentOf(file.path);
    const same = first.get(content);
    if (same === undefined) {
      first.set(content, file);
      continue;
    }
    same.labels.push(...file.labels);
    leftOut.push(`${file.path} holds the same bytes as ${same.path} and is counted once`);
  }
  return [...first.values()];
}

function recordingsOf(files: readonly Found[]): Recording[] {
  const groups = new Map<string, Found[]>();
  for (const file of files) {
    const key = `${recordedModality(file.path) ?? ""} ${file.recording}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].map((pieces) => {
    const { path, recording } = pieces[0] as Found;
    const modality = recordedModality(path) as Recording["modality"];
    return { name: recording === path ? basename(path) : basename(recording), modality, pieces: pieces.map((piece) => ({ path: piece.path, labels: piece.labels })) };
  });
}
