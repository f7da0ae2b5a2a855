// A folder of labelled recordings: sub-folders named by prompt, or a labels.csv.
import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from "node:fs";
import { extname, join, resolve } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { parseLabels } from "./labels-csv.js";

/** A picture or sound and what it shows. */
export interface LabelledFile {
  /** Absolute path. */
  readonly path: string;
  readonly modality: "image" | "audio";
  readonly label: string;
  /** What it was cut from; a file is its own recording unless labels.csv has a source_id. */
  readonly recording: string;
}

/** What a folder holds. `ignored`: files of no known kind. */
export interface LabelledFolder {
  readonly files: readonly LabelledFile[];
  readonly ignored: readonly string[];
}

/** What a sound's name may end in. */
export const SOUND_EXTENSIONS: readonly string[] = [".wav", ".ogg", ".oga", ".mp3", ".flac"];

const EXTENSIONS: Readonly<Record<LabelledFile["modality"], readonly string[]>> = {
  image: [".jpg", ".jpeg", ".png"],
  audio: SOUND_EXTENSIONS,
};

/**
 * The labelled files of a folder, in a fixed order. With a labels.csv, its rows, whose files lie in the folder or in its
 * sub-folder `clips`; without, every file of every sub-folder, labelled by the sub-folder's name. Underscores are spaces.
 * Errors: FusiondError "media_invalid".
 */
export function readLabelledFolder(folder: string): LabelledFolder {
  const root = resolve(folder);
  const table = join(root, "labels.csv");
  const named = existsSync(table) ? namedByTable(root, table) : namedByFolder(root);
  const files = named.flatMap(({ path, label, recording }) => {
    const modality = modalityOf(path);
    return modality === undefined ? [] : [{ path, modality, label: label.replaceAll("_", " ").trim(), recording }];
  });
  return { files, ignored: named.flatMap(({ path }) => (modalityOf(path) === undefined ? [path] : [])) };
}

/** A file of any kind with its label as it is written. */
export interface Named {
  readonly path: string;
  readonly label: string;
  readonly recording: string;
}

/** The files that a table names. Errors: FusiondError "media_invalid". */
export function namedByTable(root: string, table: string): Named[] {
  return parseLabels(readFileSync(table, "utf8"), table).map(({ file, label, recording }) => {
    const path = [join(root, file), join(root, "clips", file)].find((candidate) => existsSync(candidate));
    if (path === undefined) throw new FusiondError("media_invalid", `${table} names ${file}, which lies neither in ${root} nor in its folder clips`);
    return { path, label, recording: join(root, recording) };
  });
}

/** The files of the sub-folders, by the sub-folder's name. Errors: FusiondError "media_invalid". */
export function namedByFolder(root: string): Named[] {
  return entriesOf(root)
    .filter((entry) => statSync(join(root, entry.name), { throwIfNoEntry: false })?.isDirectory() === true)
    .flatMap(({ name }) =>
      entriesOf(join(root, name))
        .filter((entry) => !entry.isDirectory())
        .map((entry) => ({ path: join(root, name, entry.name), label: name, recording: join(root, name, entry.name) })),
    );
}

/** What lies in a folder and is not hidden, in a fixed order. Errors: FusiondError "media_invalid". */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new FusiondError("media_invalid", `${folder} cannot be read: give a folder of labelled recordings (${messageOf(cause)})`, { cause });
  }
}

function modalityOf(path: string): LabelledFile["modality"] | undefined {
  const extension = extname(path).toLowerCase();
  return (["image", "audio"] as const).find((modality) => EXTENSIONS[modality].includes(extension));
}
