// The files of a pack: nothing is read that is too long, nothing is used whose hash is not the manifest's.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FusiondError, messageOf } from "../fusion/model/errors.js";
import type { PackFile } from "./pack-manifest.js";

/**
 * The bytes of a pack's file, whose length and hash are the manifest's.
 * Bound: a file of another length is not read.
 * Errors: FusiondError "model_invalid": missing, of another length, or with another hash.
 */
export async function readPackFile(folder: string, { file, sha256, bytes }: PackFile): Promise<Buffer> {
  const path = join(folder, file);
  const length = await lengthOf(path);
  if (length !== bytes) {
    throw new FusiondError("model_invalid", `${path} has ${length} bytes but the manifest says ${bytes}: fetch the pack again`);
  }
  const content = await readFile(path);
  const found = createHash("sha256").update(content).digest("hex");
  if (found !== sha256) {
    throw new FusiondError(
      "model_invalid",
      `${path} has SHA-256 ${found.slice(0, 12)}… but the manifest says ${sha256.slice(0, 12)}…: fetch the pack again`,
    );
  }
  return content;
}

/** Parses JSON of a pack. Errors: FusiondError "model_invalid". */
export function parsePackJson(content: Buffer, path: string): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch (cause) {
    throw new FusiondError("model_invalid", `${path} is no JSON: ${messageOf(cause)}`, { cause });
  }
}

async function lengthOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    throw new FusiondError("model_invalid", `${path} is missing or cannot be read: fetch the pack again`, { cause });
  }
  throw new FusiondError("model_invalid", `${path} is not a file: fetch the pack again`);
}
