// The tables of the state file and how an older file becomes today's.
import type { Database } from "better-sqlite3";
import { FusiondError } from "../../fusion/model/errors.js";

/** One step per version of the state file; `user_version` says how many were taken. Steps are only ever added. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id TEXT NOT NULL,
    bytes BLOB NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX journal_group ON journal (group_id);

  CREATE TABLE checkpoint (
    group_id TEXT PRIMARY KEY,
    bytes BLOB NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;

  -- Row ids are never used twice: a late acknowledgement must not hit another row.
  CREATE TABLE outbox (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    class TEXT NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL,
    accepted_at INTEGER NOT NULL,
    caused_at REAL NOT NULL,
    size INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    acknowledged_at INTEGER,
    stream_sequence INTEGER
  ) STRICT;
  CREATE INDEX outbox_waiting ON outbox (row_id, key) WHERE acknowledged_at IS NULL;
  CREATE INDEX outbox_waiting_key ON outbox (key) WHERE acknowledged_at IS NULL;
  CREATE INDEX outbox_waiting_class ON outbox (class) WHERE acknowledged_at IS NULL;
  CREATE INDEX outbox_retained_class ON outbox (class) WHERE acknowledged_at IS NOT NULL;

  CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;

  CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    row_key TEXT NOT NULL,
    bytes BLOB NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE background (
    group_id TEXT NOT NULL,
    place TEXT NOT NULL,
    bytes BLOB NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (group_id, place)
  ) STRICT;
  `,
  // Journals, checkpoints and backgrounds say the version of their form: a fusiond that does not look for it must not read them.
  "",
];

/** The version that this fusiond writes. */
export const STATE_VERSION = MIGRATIONS.length;

/**
 * Brings the file to today's version, each step whole or not at all.
 * Errors: FusiondError "store_version" if a newer fusiond wrote it.
 */
export function migrate(db: Database, path: string): void {
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version > STATE_VERSION) {
    throw new FusiondError(
      "store_version",
      `${path} was written by a newer fusiond (state version ${version}, this one knows ${STATE_VERSION}): run that one, or choose another state folder`,
    );
  }
  MIGRATIONS.slice(version).forEach((sql, i) =>
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${version + i + 1}`);
    })(),
  );
}
