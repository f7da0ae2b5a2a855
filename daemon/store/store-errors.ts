// What SQLite's errors mean to the operator.
import Database from "better-sqlite3";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";

// The shared-memory file of the WAL cannot grow on a full disk either; nothing has been written then.
const FULL_CODES = ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP"];

/** The store's error for anything thrown below it: "store_full", or "store_unavailable" after which nothing is certain. */
export function storeError(thrown: unknown, folder: string): FusiondError {
  if (thrown instanceof FusiondError) return thrown;
  const code = thrown instanceof Database.SqliteError ? thrown.code : "";
  const reason = `${messageOf(thrown)}${code === "" ? "" : `, ${code}`}`;
  if (FULL_CODES.includes(code)) {
    return new FusiondError("store_full", `the disk of the state folder ${folder} is full: free some of it (${reason})`, { cause: thrown });
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new FusiondError(
      "store_unavailable",
      `the state file in ${folder} is damaged (${reason}): restore it from a backup, or move it away to begin anew`,
      { cause: thrown },
    );
  }
  return new FusiondError(
    "store_unavailable",
    `the state folder ${folder} cannot be read or written (${reason}): see to its disk and permissions, then start fusiond again`,
    { cause: thrown },
  );
}
