// The SQLite file of the daemon's state: what one call means, inside a transaction that somebody else makes.
import Database from "better-sqlite3";
import { join } from "node:path";
import { Counters } from "./counters.js";
import { GroupState } from "./group-state.js";
import { OutboxRows } from "./outbox-rows.js";
import { Outbox } from "./outbox.js";
import { Quarantine } from "./quarantine.js";
import { Retention } from "./retention.js";
import { migrate } from "./schema.js";
import { preparePrivateFile } from "./state-folder.js";
import type { StoreOperations, StoreSettings } from "./store-protocol.js";
import type { AcknowledgedMark, CommitBatch, StoreTelemetry } from "./store.js";

/** The name of the state file in the state folder. */
export const STATE_FILE = "fusiond.db";

/** Bytes that the write-ahead log is cut to after a checkpoint; SQLite would keep it at its longest for ever. */
const WAL_BYTES_KEPT = 8 * 1024 * 1024;

/** The two clocks that the state file reads. */
export interface StateClock {
  wallNowMs(): number;
  monotonicNowMs(): number;
}

/**
 * Opens the state file: write-ahead log, every commit synchronised to the disk.
 * Errors: FusiondError "store_version"; SQLite's own.
 */
export function openStateDatabase(folder: string, name = STATE_FILE): Database.Database {
  const path = join(folder, name);
  preparePrivateFile(path);
  const db = new Database(path);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The operations of the store on an open database. */
export class StateFile implements StoreOperations {
  readonly #clock: StateClock;
  readonly #telemetry: StoreTelemetry;
  readonly #diskShort: () => boolean;
  readonly #counters: Counters;
  readonly #groups: GroupState;
  readonly #retention: Retention;
  readonly #outbox: Outbox;
  readonly #readMark: Database.Statement<[], string>;
  readonly #writeMark: Database.Statement<[string]>;
  readonly #forgetMark: Database.Statement<[]>;
  #corruptTold = 0;

  constructor(db: Database.Database, settings: StoreSettings, clock: StateClock, telemetry: StoreTelemetry, diskShort: () => boolean) {
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#diskShort = diskShort;
    this.#counters = new Counters(db);
    const quarantine = new Quarantine(db, this.#counters);
    this.#groups = new GroupState(db, quarantine);
    this.#retention = new Retention(settings.keepAcknowledgedMs, () => clock.monotonicNowMs());
    this.#outbox = new Outbox({
      maxBytes: settings.maxBytes,
      rows: new OutboxRows(db),
      counters: this.#counters,
      quarantine,
      retention: this.#retention,
      note: (level, message, fields) => telemetry.note(level, message, fields),
    });
    this.#readMark = db.prepare<[], string>("SELECT value FROM meta WHERE name = 'acknowledged_mark'").pluck();
    this.#writeMark = db.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('acknowledged_mark', ?)");
    this.#forgetMark = db.prepare("DELETE FROM meta WHERE name = 'acknowledged_mark'");
  }

  recover() {
    this.#outbox.recover();
    return this.#groups.recover((message, fields) => this.#telemetry.note("error", message, fields));
  }

  commit(batch: CommitBatch): void {
    for (const groupId of batch.forgotten ?? []) this.#groups.forget(groupId);
    for (const checkpoint of batch.checkpoints) this.#groups.checkpoint(checkpoint);
    for (const entry of batch.journal) this.#groups.append(entry);
    for (const message of batch.outbox) this.#outbox.offer(message, this.#clock.wallNowMs(), this.#diskShort());
    const lastSeq = this.lastSeq();
    const seq = batch.outbox.reduce((highest, message) => Math.max(highest, message.seq ?? 0), lastSeq);
    if (seq > lastSeq) this.#counters.set("seq", seq);
    this.#outbox.release();
  }

  claim(limit: number, exceptKeys: readonly string[]) {
    return this.#outbox.claim(limit, exceptKeys);
  }

  acknowledge(rowId: number, mark: AcknowledgedMark): void {
    this.#outbox.acknowledge(rowId, mark, this.#clock.wallNowMs());
    const last = this.lastAcknowledged();
    if (last === undefined || last.streamSequence < mark.streamSequence) this.#setMark(mark);
  }

  lastAcknowledged(): AcknowledgedMark | undefined {
    const text = this.#readMark.get();
    return text === undefined ? undefined : (JSON.parse(text) as AcknowledgedMark);
  }

  rebase(mark: AcknowledgedMark | undefined): void {
    this.#setMark(mark);
    this.#retention.restart();
  }

  retained(afterRowId: number, limit: number) {
    return this.#outbox.retained(afterRowId, limit);
  }

  ageRetained(running: boolean): void {
    this.#retention.run(running);
  }

  counts() {
    return this.#outbox.counts();
  }

  lastSeq(): number {
    return this.#counters.get("seq");
  }

  nextRun(): number {
    const run = Math.max(this.#counters.get("run") + 1, Math.floor(this.#clock.wallNowMs() / 1000));
    this.#counters.set("run", run);
    return run;
  }

  #setMark(mark: AcknowledgedMark | undefined): void {
    if (mark === undefined) this.#forgetMark.run();
    else this.#writeMark.run(JSON.stringify(mark));
  }

  /** Tells what was found damaged since it was last asked; called once a transaction is on disk. */
  tellCorrupt(): void {
    const corrupt = this.#counters.get("corrupt");
    if (corrupt > this.#corruptTold) this.#telemetry.corrupt(corrupt - this.#corruptTold);
    this.#corruptTold = corrupt;
  }
}
