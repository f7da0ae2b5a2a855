// The folder that holds all that fusiond must not lose, and the lock that keeps a second daemon out of it.
import Database from "better-sqlite3";
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";

/**
 * Makes sure that the folder is there, mode 0700 where it is new.
 * Errors: FusiondError "store_unavailable" if it cannot be made or written to, or belongs to another user.
 */
export function prepareStateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseForeign(folder);
    preparePrivateFile(join(folder, "lock"));
  } catch (cause) {
    if (cause instanceof FusiondError) throw cause;
    throw new FusiondError(
      "store_unavailable",
      `the state folder ${folder} cannot be written (${messageOf(cause)}): make it the daemon's own, or choose another one`,
      { cause },
    );
  }
}

/**
 * What belongs to somebody else is not worked on, whatever its modes allow: they could read or change it, and root's
 * files in a user's folder would keep that user's own daemon from starting.
 */
function refuseForeign(folder: string): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))]) {
    const owner: number = statSync(path, { throwIfNoEntry: false })?.uid ?? own;
    if (owner === own) continue;
    const what = path === folder ? "" : `${path} in `;
    throw new FusiondError(
      "store_unavailable",
      `${what}the state folder ${folder} belongs to ${named(owner)} and fusiond runs as ${named(own)}: run it as that user, or name a folder that fusiond makes itself`,
    );
  }
}

function named(uid: number): string {
  return uid === 0 ? "root" : `user ${uid}`;
}

/** Makes sure that the file is there with mode 0600; SQLite gives its side files the mode of the main one. */
export function preparePrivateFile(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

/**
 * Locks the state folder until the result is called or the process ends, however it ends: the lock is SQLite's own on
 * the file `lock`, which the kernel takes back.
 * Errors: FusiondError "store_locked" if another daemon holds it.
 */
export function lockStateFolder(folder: string): () => void {
  const db = new Database(join(folder, "lock"), { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    throw new FusiondError(
      "store_locked",
      `the state folder ${folder} is used by another fusiond: end that one, or give this one a state folder of its own`,
      { cause },
    );
  }
  return () => db.close();
}
