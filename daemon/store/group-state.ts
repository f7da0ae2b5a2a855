// What each group has to remember: its last checkpoint, the steps since, and what its places always show.
import type { Database, Statement } from "better-sqlite3";
import type { Quarantine } from "./quarantine.js";
import { rowCrc } from "./row-crc.js";
import type { Checkpoint, JournalEntry, RecoveredGroup } from "./store.js";

interface CheckpointRow {
  readonly group_id: string;
  readonly bytes: Uint8Array;
  readonly crc: number;
}

interface BackgroundRow extends CheckpointRow {
  readonly place: string;
}

interface JournalRow extends CheckpointRow {
  readonly seq: number;
}

/** The journal, checkpoint and background tables. All calls belong into a transaction. */
export class GroupState {
  readonly #db: Database;
  readonly #quarantine: Quarantine;
  readonly #append: Statement<[string, Uint8Array, number]>;
  readonly #replace: Statement<[string, Uint8Array, number]>;
  readonly #forgetSteps: Statement<[string]>;
  readonly #forgetCheckpoint: Statement<[string]>;
  readonly #replaceBackground: Statement<[string, string, Uint8Array, number]>;
  readonly #forgetBackground: Statement<[string, string]>;
  readonly #forgetBackgrounds: Statement<[string]>;

  constructor(db: Database, quarantine: Quarantine) {
    this.#db = db;
    this.#quarantine = quarantine;
    this.#append = db.prepare("INSERT INTO journal (group_id, bytes, crc) VALUES (?, ?, ?)");
    this.#replace = db.prepare("INSERT OR REPLACE INTO checkpoint (group_id, bytes, crc) VALUES (?, ?, ?)");
    this.#forgetSteps = db.prepare("DELETE FROM journal WHERE group_id = ?");
    this.#forgetCheckpoint = db.prepare("DELETE FROM checkpoint WHERE group_id = ?");
    this.#replaceBackground = db.prepare("INSERT OR REPLACE INTO background (group_id, place, bytes, crc) VALUES (?, ?, ?, ?)");
    this.#forgetBackground = db.prepare("DELETE FROM background WHERE group_id = ? AND place = ?");
    this.#forgetBackgrounds = db.prepare("DELETE FROM background WHERE group_id = ?");
  }

  /** Replaces the group's checkpoint, all its steps, and the backgrounds that came with it. */
  checkpoint({ groupId, bytes, backgrounds = [] }: Checkpoint): void {
    this.#forgetSteps.run(groupId);
    this.#replace.run(groupId, bytes, rowCrc(groupId, bytes));
    for (const row of backgrounds) {
      if (row.bytes === undefined) this.#forgetBackground.run(groupId, row.place);
      else this.#replaceBackground.run(groupId, row.place, row.bytes, rowCrc(groupId, row.place, row.bytes));
    }
  }

  /** Leaves nothing of a group. */
  forget(groupId: string): void {
    this.#forgetSteps.run(groupId);
    this.#forgetCheckpoint.run(groupId);
    this.#forgetBackgrounds.run(groupId);
  }

  /** Adds a step to the group's journal. */
  append({ groupId, bytes }: JournalEntry): void {
    this.#append.run(groupId, bytes, rowCrc(groupId, bytes));
  }

  /**
   * Everything that was committed, per group. A bad step goes to quarantine and the others stay; with a bad checkpoint
   * its steps go too, for they lead nowhere without it: the group begins anew. A place with a bad background is learned anew.
   */
  recover(note: (message: string, fields: Readonly<Record<string, unknown>>) => void): readonly RecoveredGroup[] {
    const groups = new Map<string, { checkpoint?: Uint8Array; journal: Uint8Array[]; backgrounds: { place: string; bytes: Uint8Array }[] }>();
    const of = (id: string) => groups.get(id) ?? groups.set(id, { journal: [], backgrounds: [] }).get(id)!;
    for (const row of this.#db.prepare<[], CheckpointRow>("SELECT group_id, bytes, crc FROM checkpoint").all()) {
      if (rowCrc(row.group_id, row.bytes) === row.crc) {
        of(row.group_id).checkpoint = row.bytes;
      } else {
        this.#dropCheckpoint(row);
        note("a group's checkpoint was damaged on disk: the group begins anew", { group: row.group_id });
      }
    }
    for (const row of this.#db.prepare<[], JournalRow>("SELECT seq, group_id, bytes, crc FROM journal ORDER BY seq").all()) {
      if (rowCrc(row.group_id, row.bytes) === row.crc) {
        of(row.group_id).journal.push(row.bytes);
      } else {
        this.#dropStep(row);
        note("a step of a group's journal was damaged on disk: it is left out", { group: row.group_id });
      }
    }
    for (const row of this.#db.prepare<[], BackgroundRow>("SELECT group_id, place, bytes, crc FROM background").all()) {
      if (rowCrc(row.group_id, row.place, row.bytes) === row.crc) {
        of(row.group_id).backgrounds.push({ place: row.place, bytes: row.bytes });
      } else {
        this.#quarantine.put("background", `${row.group_id} ${row.place}`, row.bytes, "checksum");
        this.#forgetBackground.run(row.group_id, row.place);
        note("what a place of a camera always shows was damaged on disk: it is learned anew", { group: row.group_id, place: row.place });
      }
    }
    return [...groups].map(([groupId, group]) => ({ groupId, ...group }));
  }

  #dropCheckpoint(row: CheckpointRow): void {
    this.#quarantine.put("checkpoint", row.group_id, row.bytes, "checksum");
    this.#forgetSteps.run(row.group_id);
    this.#db.prepare("DELETE FROM checkpoint WHERE group_id = ?").run(row.group_id);
  }

  #dropStep(row: JournalRow): void {
    this.#quarantine.put("journal", row.seq, row.bytes, "checksum");
    this.#db.prepare("DELETE FROM journal WHERE seq = ?").run(row.seq);
  }
}
