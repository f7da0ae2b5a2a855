// Whether the indexes of the state file are as their rows are.
import { crc32 } from "node:zlib";
import Database from "better-sqlite3";
import { OUTBOX_CLASSES } from "./store.js";

/** Tables that are read as a whole at every start: SQLite's own check, which reads them too, costs little more. */
const SMALL_TABLES = ["journal", "checkpoint", "background", "counter", "meta"] as const;

/** A row id and its key as one number. */
const CRC = "pair_crc(row_id, key)";

/** What one index says of the outbox's rows, whatever their order. */
interface Extract {
  readonly count: number;
  readonly sum: number;
}

/**
 * Whether every index of the state file is as its rows are. The outbox's indexes are held against each other, not
 * against its rows: after a long outage those are hundreds of megabytes.
 */
export function indexesAgree(db: Database.Database): boolean {
  try {
    return SMALL_TABLES.every((table) => isWhole(db, table)) && outboxIndexesAgree(db);
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_CORRUPT")) return false;
    throw error;
  }
}

function isWhole(db: Database.Database, table: (typeof SMALL_TABLES)[number]): boolean {
  return db.pragma(`integrity_check(${table})`, { simple: true }) === "ok";
}

function outboxIndexesAgree(db: Database.Database): boolean {
  const waiting = "acknowledged_at IS NULL";
  db.function("pair_crc", { deterministic: true }, (rowId: unknown, key: unknown) => crc32(`${String(rowId)} ${String(key)}`));
  const classes = [...byClass(db, "outbox_waiting_class", waiting), ...byClass(db, "outbox_retained_class", "acknowledged_at IS NOT NULL")];
  const known: readonly string[] = OUTBOX_CLASSES;
  if (classes.some((extract) => !known.includes(extract.class))) return false;
  const all = extractOf(db, "sqlite_autoindex_outbox_1", "message_id IS NOT NULL");
  const inWaiting = extractOf(db, "outbox_waiting", waiting);
  return (
    same(all, total(classes)) &&
    same(inWaiting, total(classes.filter(({ index }) => index === "outbox_waiting_class"))) &&
    same(extractOf(db, "outbox_waiting", waiting, CRC), extractOf(db, "outbox_waiting_key", waiting, CRC))
  );
}

function byClass(db: Database.Database, index: string, where: string): (Extract & { readonly class: string; readonly index: string })[] {
  const rows = db
    .prepare<[], Extract & { class: string }>(`SELECT class, count(*) AS count, total(row_id) AS sum FROM outbox INDEXED BY ${index} WHERE ${where} GROUP BY class`)
    .all();
  return rows.map((row) => ({ ...row, index }));
}

function extractOf(db: Database.Database, index: string, where: string, summed = "row_id"): Extract {
  return db.prepare<[], Extract>(`SELECT count(*) AS count, total(${summed}) AS sum FROM outbox INDEXED BY ${index} WHERE ${where}`).get()!;
}

function total(extracts: readonly Extract[]): Extract {
  return { count: extracts.reduce((n, { count }) => n + count, 0), sum: extracts.reduce((n, { sum }) => n + sum, 0) };
}

function same(a: Extract, b: Extract): boolean {
  return a.count === b.count && a.sum === b.sum;
}
