// Many calls, one transaction, one fsync: and what becomes of each call when the disk is full or fails.
import type { Database } from "better-sqlite3";
import { FusiondError } from "../../fusion/model/errors.js";
import type { DiskReserve } from "./disk-reserve.js";
import type { StateFile } from "./state-file.js";
import { storeError } from "./store-errors.js";
import type { StoreCall, StoreReply } from "./store-protocol.js";
import type { StoreTelemetry } from "./store.js";

/** Pages of the write-ahead log after which it is moved into the file: SQLite's own choice. */
const LOG_PAGES = 1000;
/** The same while the disk is full: the log holds every page as often as it changed, the file once. */
const LOG_PAGES_WHILE_FULL = 16;

/** What the group commit works with. */
export interface GroupCommitOptions {
  readonly db: Database;
  readonly file: StateFile;
  readonly folder: string;
  readonly reserve: DiskReserve;
  readonly telemetry: StoreTelemetry;
  readonly monotonicNowMs: () => number;
}

/** Runs calls in transactions. Once the disk has failed nothing is tried again: what it holds is not known any more. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #dead: FusiondError | undefined;
  #logPages = LOG_PAGES;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The answers, in order. They are final: what they report as done is on the disk. */
  run(calls: readonly StoreCall[]): readonly StoreReply[] {
    for (const makeRoom of [() => this.#emptyLog(), () => this.#spendReserve(), undefined]) {
      if (this.#dead !== undefined) break;
      try {
        return this.#transact(calls);
      } catch (thrown) {
        const failure = storeError(thrown, this.#options.folder);
        if (failure.code !== "store_full") this.#dead = failure;
        else if (makeRoom === undefined) return this.#oneByOne(calls, failure);
        else makeRoom();
      }
    }
    return calls.map((call) => failed(call, this.#dead!));
  }

  #transact(calls: readonly StoreCall[]): readonly StoreReply[] {
    const { db, file, reserve, telemetry, monotonicNowMs } = this.#options;
    const writes = calls.some((call) => call.operation === "commit" || call.operation === "nextRun");
    if (writes) {
      reserve.take();
      this.#setLogPages(reserve.held ? LOG_PAGES : LOG_PAGES_WHILE_FULL);
    }
    const startedAtMs = monotonicNowMs();
    const replies = db.transaction(() => calls.map((call) => this.#attempt(call)))();
    if (writes) telemetry.committed((monotonicNowMs() - startedAtMs) / 1000);
    file.tellCorrupt();
    return replies;
  }

  #setLogPages(pages: number): void {
    if (pages !== this.#logPages) this.#options.db.pragma(`wal_autocheckpoint = ${pages}`);
    this.#logPages = pages;
  }

  /** One call in a savepoint of its own: refused, it leaves the others alone. */
  #attempt(call: StoreCall): StoreReply {
    try {
      return { id: call.id, value: this.#options.db.transaction(() => this.#apply(call))() };
    } catch (thrown) {
      if (thrown instanceof FusiondError) return failed(call, thrown);
      throw thrown;
    }
  }

  #apply(call: StoreCall): unknown {
    const operations = this.#options.file as unknown as Record<StoreCall["operation"], (...args: readonly unknown[]) => unknown>;
    return operations[call.operation](...call.args);
  }

  /** What needs no room must not fail with what does. */
  #oneByOne(calls: readonly StoreCall[], failure: FusiondError): readonly StoreReply[] {
    if (calls.length > 1) return calls.flatMap((call) => this.run([call]));
    return calls.map((call) => failed(call, failure));
  }

  /** Moves what the write-ahead log holds into the file: its pages are in there many times over. */
  #emptyLog(): void {
    try {
      this.#options.db.pragma("wal_checkpoint(TRUNCATE)");
    } catch (thrown) {
      const failure = storeError(thrown, this.#options.folder);
      if (failure.code !== "store_full") this.#dead = failure;
    }
  }

  #spendReserve(): void {
    if (!this.#options.reserve.spend()) return;
    this.#emptyLog();
  }
}

function failed(call: StoreCall, error: FusiondError): StoreReply {
  return { id: call.id, error: { code: error.code, message: error.message } };
}
