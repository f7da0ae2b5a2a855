// A pack: a folder with the towers of one space, found, read and verified.
import { existsSync, readdirSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FusiondError } from "../fusion/model/errors.js";
import type { SpaceModel } from "../fusion/model/space.js";
import { parseConditionTables, type ConditionTables } from "./condition-tables.js";
import { isNearChance, leastRecall, neededRecall } from "./cross-modal.js";
import { parseGolden, type Golden } from "./golden.js";
import { parsePackJson, readPackFile } from "./pack-files.js";
import { parseManifest, type Manifest } from "./pack-manifest.js";
import { buildSpaceModel } from "./space-model.js";
import { parseVocabulary, type Vocabulary } from "./vocabulary.js";

/** A pack whose every file is there and has the manifest's hash. */
export interface Pack {
  /** Absolute path. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly golden: Golden;
  readonly vocabulary: Vocabulary;
  /** What the pure centre needs of it. */
  readonly space: SpaceModel;
  /** What the confidence of a condition goes by, and what thresholds cost. */
  readonly conditions: ConditionTables;
}

/** Where packs are looked for by name. */
export interface PackPlaces {
  /** The daemon's state folder; packs lie in its `packs`. */
  readonly stateDir?: string;
  /** The folder of fusiond's own package; packs lie in its `encoders/packs`. */
  readonly packageRoot: string;
}

/** Longest manifest that is read, bytes. */
const MANIFEST_BYTES_MAX = 64 * 1024;

/**
 * The folder of a pack: a path, then a name in the state folder, then a name among fusiond's own.
 * Errors: FusiondError "model_invalid", which lists the packs that there are.
 */
export function findPack(nameOrPath: string, places: PackPlaces): string {
  const shelves = [...(places.stateDir === undefined ? [] : [join(places.stateDir, "packs")]), join(places.packageRoot, "encoders", "packs")];
  const candidates = [resolve(nameOrPath), ...shelves.map((shelf) => join(shelf, nameOrPath))];
  const found = candidates.find((folder) => existsSync(join(folder, "manifest.json")));
  if (found !== undefined) return found;
  const names = [...new Set(shelves.flatMap(packsIn))].sort();
  throw new FusiondError(
    "model_invalid",
    `no pack "${nameOrPath}" was found: give a folder with a manifest.json, or one of ${names.length === 0 ? "(none)" : names.join(", ")}`,
  );
}

/**
 * Reads a pack and verifies every file of it; the towers themselves are proved by the process that runs them. A pack near
 * chance is refused here, so for the daemon too: it would fuse what does not belong together, and nobody would notice.
 * Errors: FusiondError "model_invalid", one sentence.
 */
export async function loadPack(folder: string): Promise<Pack> {
  const manifestPath = join(folder, "manifest.json");
  const manifest = parseManifest(parsePackJson(await readManifest(manifestPath), manifestPath), manifestPath);
  refuseNearChance(manifest, manifestPath);
  for (const graph of [...manifest.image.graphs, ...manifest.audio.graphs]) await readPackFile(folder, graph);
  const table = async (file: Manifest["golden"]): Promise<[unknown, string]> => {
    const path = join(folder, file.file);
    return [parsePackJson(await readPackFile(folder, file), path), path];
  };
  const vocabulary = parseVocabulary(...(await table(manifest.vocabulary)), manifest);
  const [calibration, calibrationPath] = await table(manifest.calibration);
  const [golden, goldenPath] = await table(manifest.golden);
  return {
    folder: resolve(folder),
    manifest,
    golden: parseGolden(golden, manifest.dimensions, goldenPath),
    vocabulary,
    space: buildSpaceModel(manifest, calibration, vocabulary, calibrationPath),
    conditions: parseConditionTables(calibration, calibrationPath),
  };
}

function refuseNearChance({ id, crossModal }: Manifest, where: string): void {
  if (!isNearChance(crossModal)) return;
  const [measured, least, needed, chance] = [crossModal.soundToPictureRAt10, leastRecall(crossModal), neededRecall(crossModal), crossModal.chance].map((x) => x.toFixed(3));
  throw new FusiondError(
    "model_invalid",
    `${where}: the pack "${id}" is too near chance at finding the picture of a sound to fuse the two (R@10 ${measured} over ${crossModal.concepts} concepts is at least ${least}, ` +
      `but more than ${needed} is needed where chance is ${chance}): use another pack, or train its towers to one space`,
  );
}

async function readManifest(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MANIFEST_BYTES_MAX) throw new Error(`${size} bytes are too many`);
    return await readFile(path);
  } catch (cause) {
    throw new FusiondError("model_invalid", `${path} cannot be read: a pack is a folder with a manifest.json of at most 64 KiB`, { cause });
  }
}

function packsIn(shelf: string): string[] {
  if (!existsSync(shelf)) return [];
  return readdirSync(shelf).filter((name) => existsSync(join(shelf, name, "manifest.json")));
}
