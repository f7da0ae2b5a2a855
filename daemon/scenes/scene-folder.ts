// Reads a folder of scenes: each sub-folder has the files of its sources and a labels.csv.
import { existsSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { FusiondError } from "../../fusion/model/errors.js";
import { entriesOf } from "../models/labelled-folder.js";
import { recordedModality } from "../models/ordinary-folder.js";
import { parseRecordingLabels, type Label } from "../score/labels.js";
import { MANIFEST_FILE, parseManifest, type Composed } from "./manifest.js";

/** A source of a scene. */
export interface SceneSource {
  /** The file's name, less what follows the dot: labels name it so. */
  readonly id: string;
  readonly path: string;
  /** Videos are watched, and not heard. */
  readonly modality: "image" | "audio";
}

/** A scene as it lies in a folder. */
export interface Scene {
  readonly name: string;
  readonly sources: readonly SceneSource[];
  readonly labels: readonly Label[];
  /** Absent of scenes that were not composed. */
  readonly composed?: Composed;
}

const TABLE = "labels.csv";

/**
 * The scenes of a folder, in the order of their names. Errors: FusiondError "media_invalid" if there is none, or one has no
 * recording or labels that do not fit it.
 */
export function readScenes(folder: string): Scene[] {
  const root = resolve(folder);
  const manifest = join(root, MANIFEST_FILE);
  const composed = existsSync(manifest) ? parseManifest(readFileSync(manifest, "utf8"), manifest) : new Map<string, Composed>();
  const scenes = entriesOf(root)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => sceneOf(join(root, name), name, composed.get(name)));
  if (scenes.length === 0) throw new FusiondError("media_invalid", `no scene lies in ${root}: make a folder for each, with the files of its sources and a labels.csv, or let "fusiond score compose" make some`);
  return scenes;
}

function sceneOf(folder: string, name: string, composed: Composed | undefined): Scene {
  const sources = entriesOf(folder).flatMap((entry): SceneSource[] => {
    const modality = recordedModality(entry.name);
    return modality === undefined ? [] : [{ id: entry.name.slice(0, -extname(entry.name).length), path: join(folder, entry.name), modality }];
  });
  const twice = sources.find(({ id }, i) => sources.findIndex((other) => other.id === id) !== i);
  if (twice !== undefined) throw new FusiondError("media_invalid", `${folder} has two files whose names are ${twice.id} but for what follows the dot: rename one`);
  if (sources.length === 0) throw new FusiondError("media_invalid", `${folder} has no recording: give sounds or videos, or move the folder elsewhere`);
  const table = join(folder, TABLE);
  if (!existsSync(table)) throw new FusiondError("media_invalid", `${table} is missing: write there what is truly there when (start,end,what,sources), or that line alone if nothing is`);
  const labels = parseRecordingLabels(readFileSync(table, "utf8"), table);
  const unknown = labels.flatMap((label) => label.sources).find((id) => sources.every((source) => source.id !== id));
  if (unknown !== undefined) throw new FusiondError("media_invalid", `${table} names the source ${unknown}, which the scene does not have: it has ${sources.map(({ id }) => id).join(", ")}`);
  return { name, sources, labels, ...(composed === undefined ? {} : { composed }) };
}
