// A state file whose indexes were damaged on the disk, made anew from its rows.
import { linkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { indexesAgree } from "./indexes.js";
import { openStateDatabase, STATE_FILE } from "./state-file.js";
import type { StoreTelemetry } from "./store.js";

const TABLES = ["journal", "checkpoint", "background", "outbox", "counter", "meta", "quarantine", "sqlite_sequence"] as const;

/** The name under which the newest damaged file is kept, for whoever wants to look. */
const DAMAGED_FILE = `${STATE_FILE}.damaged`;
const PART_FILE = `${STATE_FILE}.rebuilding`;

/**
 * Opens the state file. If an index is damaged, all rows are copied into a new file that takes the place of the old one
 * in one step: rebuilding the index where it lies would follow its broken pages. Rows are copied as they are, and their
 * own checksums say whether they are whole. What cannot be copied leaves the file as it is, for whatever meets it.
 */
export function openWholeDatabase(folder: string, note: StoreTelemetry["note"]): Database.Database {
  const db = openStateDatabase(folder);
  if (indexesAgree(db)) return db;
  try {
    db.pragma("wal_checkpoint(TRUNCATE)"); // a log left behind would be taken for the new file's own
    copyRows(folder);
  } catch (error) {
    rmSync(join(folder, PART_FILE), { force: true });
    if (!(error instanceof Database.SqliteError)) throw error;
    note("error", "the state file is damaged on the disk in more than its indexes", { code: error.code });
    return db;
  }
  db.close();
  const [path, damaged] = [join(folder, STATE_FILE), join(folder, DAMAGED_FILE)];
  rmSync(damaged, { force: true });
  linkSync(path, damaged);
  renameSync(join(folder, PART_FILE), path);
  note("error", "an index of the state file was damaged on the disk: the file was made anew from its rows", { damaged });
  return openStateDatabase(folder);
}

function copyRows(folder: string): void {
  rmSync(join(folder, PART_FILE), { force: true });
  const db = openStateDatabase(folder, PART_FILE);
  try {
    db.prepare("ATTACH ? AS damaged").run(join(folder, STATE_FILE));
    db.transaction(() => {
      // The condition keeps SQLite from copying indexes page by page; the order of the columns is the schema's.
      for (const table of TABLES) db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM damaged.${table} NOT INDEXED WHERE rowid IS NOT NULL`);
    })();
    db.exec("DETACH damaged");
    db.pragma("journal_mode = DELETE"); // one file to put into the other's place
  } finally {
    db.close();
  }
}
