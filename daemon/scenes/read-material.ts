// Reads the folders that scenes are composed of: each has a labels.csv and the files that it names, there or in its folder clips.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import { parseLabelTable, type LabelTableRow } from "../score/labels.js";
import { requireMaterial, type Background, type FootagePart, type Material, type SoundClip } from "./material.js";
import { SEEN } from "./scene-plan.js";

/** Full or relative paths of folders. */
export interface MaterialFolders {
  readonly sounds: string;
  readonly backgrounds: string;
  readonly footage: string;
}

/**
 * What the folders hold, in the order of their tables: `file,what,source_id` of sounds, `file,what,recording` of backgrounds
 * (`what` is the kind of place), `file,start,end,what,camera` of footage, where a row without `what` says that nothing of
 * note is in view.
 * Errors: FusiondError "media_invalid", also if scenes cannot be made of it.
 */
export function readMaterial(folders: MaterialFolders): Material {
  const material: Material = {
    sounds: rowsOf(folders.sounds).flatMap(({ row, ...place }): SoundClip[] => {
      if (row.label === undefined) throw new FusiondError("media_invalid", `${place.path} has no label: say in the table what is to be heard, or remove the row`);
      return [{ ...place, what: row.label.what, recording: row.recording ?? place.file }];
    }),
    backgrounds: rowsOf(folders.backgrounds).map(({ row, ...place }): Background => ({ ...place, kind: row.label?.what ?? "", recording: row.recording ?? place.file })),
    footage: partsOf(rowsOf(folders.footage)),
  };
  requireMaterial(material, SEEN);
  return material;
}

interface Placed {
  readonly file: string;
  readonly path: string;
  readonly row: LabelTableRow;
}

function rowsOf(folder: string): Placed[] {
  const root = resolve(folder);
  const table = join(root, "labels.csv");
  let text: string;
  try {
    text = readFileSync(table, "utf8");
  } catch (cause) {
    throw new FusiondError("media_invalid", `${table} cannot be read: write a table there that says what each file of the folder holds (${messageOf(cause)})`, { cause });
  }
  return parseLabelTable(text, table).map((row) => {
    const file = row.file ?? "";
    const path = [join(root, file), join(root, "clips", file)].find((candidate) => file !== "" && existsSync(candidate));
    if (path === undefined) throw new FusiondError("media_invalid", `${table} names ${file === "" ? "no file" : file}, which lies neither in ${root} nor in its folder clips`);
    return { file, path, row };
  });
}

/** Rows of one file and the same time are one part. */
function partsOf(rows: readonly Placed[]): FootagePart[] {
  const parts = new Map<string, FootagePart>();
  for (const { file, path, row } of rows) {
    const [fromMs, toMs] = [row.label?.span?.fromMs ?? 0, row.label?.span?.toMs ?? Infinity];
    const key = `${file} ${fromMs} ${toMs}`;
    const what = [...(parts.get(key)?.what ?? []), ...(row.label === undefined ? [] : [row.label.what])];
    parts.set(key, { file, path, camera: row.recording ?? file, fromMs, toMs, what });
  }
  return [...parts.values()];
}
