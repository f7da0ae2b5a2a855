// Where rows go whose checksum is wrong: kept for whoever wants to look, out of the way of the rest.
import type { Database, Statement } from "better-sqlite3";
import type { Counters } from "./counters.js";

/** Newest bad rows that are kept; more would let a dying disk fill itself. */
const ROWS_MAX = 256;

/** Tables whose rows carry a checksum. */
export type CheckedTable = "journal" | "checkpoint" | "background" | "outbox";

/** Bad rows, at most 256, the newest; each is counted as corrupt. */
export class Quarantine {
  readonly #insert: Statement<[string, string, Uint8Array, string]>;
  readonly #trim: Statement<[number]>;
  readonly #counters: Counters;

  constructor(db: Database, counters: Counters) {
    this.#insert = db.prepare("INSERT INTO quarantine (table_name, row_key, bytes, reason) VALUES (?, ?, ?, ?)");
    this.#trim = db.prepare("DELETE FROM quarantine WHERE seq <= (SELECT max(seq) FROM quarantine) - ?");
    this.#counters = counters;
  }

  /** Takes a copy of a bad row; the caller deletes it from its table in the same transaction. */
  put(table: CheckedTable, rowKey: string | number, bytes: Uint8Array, reason: string): void {
    this.#insert.run(table, String(rowKey), bytes, reason);
    this.#trim.run(ROWS_MAX);
    this.#counters.add("corrupt", 1);
  }
}
