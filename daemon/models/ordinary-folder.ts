// Folders with recordings of ordinary hours, and what is truly heard or seen in them.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { FusiondError } from "../../fusion/model/errors.js";
import { entriesOf, namedByFolder, namedByTable, SOUND_EXTENSIONS, type Named } from "./labelled-folder.js";

/** A recording of any length. */
export interface OrdinaryFile {
  /** Absolute path. */
  readonly path: string;
  /** Sounds are heard, videos are watched (and not heard). */
  readonly modality: "image" | "audio";
  /** What is truly there; nothing for most. */
  readonly labels: readonly string[];
}

/** What the folders hold, in a fixed order. `ignored`: files of no known kind. */
export interface OrdinaryFolders {
  readonly files: readonly OrdinaryFile[];
  /** Files that hold the same bytes as an earlier one, whose labels are with it now. */
  readonly repeated: readonly { readonly path: string; readonly reason: string }[];
  readonly ignored: readonly string[];
}

const VIDEO_EXTENSIONS = [".mp4", ".avi", ".mkv"];

/**
 * The recordings of folders: those that lie in a folder itself are without a label; those of its sub-folders, or of its
 * labels.csv, have one by the rule of labelled folders, and several rows of a table give a file several labels. Files with
 * the same bytes are one: an hour that is heard twice is one hour.
 * Errors: FusiondError "media_invalid", also if there is no recording at all.
 */
export async function readOrdinaryFolders(folders: readonly string[]): Promise<OrdinaryFolders> {
  const labels = new Map<string, Set<string>>();
  for (const { path, label } of folders.flatMap((folder) => namedIn(resolve(folder)))) {
    const known = labels.get(path) ?? new Set();
    labels.set(path, label === undefined ? known : known.add(label.replaceAll("_", " ").trim()));
  }
  const ignored: string[] = [];
  const repeated: { path: string; reason: string }[] = [];
  const first = new Map<string, { path: string; modality: OrdinaryFile["modality"]; labels: Set<string> }>();
  const contentOf = contentKeys([...labels.keys()]);
  for (const [path, own] of labels) {
    const modality = recordedModality(path);
    if (modality === undefined) {
      ignored.push(path);
      continue;
    }
    const content = await contentOf(path);
    const same = first.get(content);
    if (same === undefined) first.set(content, { path, modality, labels: own });
    else {
      for (const label of own) same.labels.add(label);
      repeated.push({ path, reason: `${path} holds the same bytes as ${same.path} and is counted once` });
    }
  }
  if (first.size === 0) {
    throw new FusiondError("media_invalid", `no recording lies in ${folders.join(", ")}: give sounds (${SOUND_EXTENSIONS.join(", ")}) or videos (${VIDEO_EXTENSIONS.join(", ")}) of ordinary hours`);
  }
  return { files: [...first.values()].map((file) => ({ ...file, labels: [...file.labels] })), repeated, ignored };
}

function namedIn(root: string): (Pick<Named, "path"> & { readonly label?: string })[] {
  const table = join(root, "labels.csv");
  const plain = filesIn(root).filter((path) => path !== table);
  if (!existsSync(table)) return [...plain.map((path) => ({ path })), ...namedByFolder(root)];
  const clips = join(root, "clips");
  return [...plain, ...(existsSync(clips) ? filesIn(clips) : [])].map((path): { path: string; label?: string } => ({ path })).concat(namedByTable(root, table));
}

/** The files that lie in a folder itself and are not hidden, in a fixed order. Errors: FusiondError "media_invalid". */
export function filesIn(folder: string): string[] {
  return entriesOf(folder)
    .map(({ name }) => join(folder, name))
    .filter((path) => !statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

/** What a recording gives, by the ending of its name; undefined for a file of another kind. */
export function recordedModality(path: string): OrdinaryFile["modality"] | undefined {
  const extension = extname(path).toLowerCase();
  if (SOUND_EXTENSIONS.includes(extension)) return "audio";
  return VIDEO_EXTENSIONS.includes(extension) ? "image" : undefined;
}

/** A function that tells files of different bytes apart; only those of one length are read. What cannot be read is like no other. */
export function contentKeys(paths: readonly string[]): (path: string) => Promise<string> {
  const lengthOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? -1;
  const counts = new Map<number, number>();
  for (const path of paths) counts.set(lengthOf(path), (counts.get(lengthOf(path)) ?? 0) + 1);
  return async (path) => {
    const length = lengthOf(path);
    if (length < 0 || counts.get(length) === 1) return path;
    const hash = createHash("sha256");
    try {
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    } catch {
      return path; // the decoder will say what is wrong with it
    }
    return hash.digest("hex");
  };
}
