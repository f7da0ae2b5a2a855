// Counts that change in the same transaction as the rows they count, so that no crash sets them apart.
import type { Database, Statement } from "better-sqlite3";

/** Everything that is counted durably. `bytes` is a level, the others only rise; `seq` is the highest of a number that messages carry, `run` the last that was given out. */
export type CounterName =
  | "offered"
  | "accepted"
  | "acknowledged"
  | "superseded"
  | "corrupt"
  | "bytes"
  | "seq"
  | "run"
  | `shed_${"alert" | "health"}_${"door" | "later"}`;

/** Named integers in the state file; whatever a transaction undoes, it undoes here too. */
export class Counters {
  readonly #add: Statement<[CounterName, number]>;
  readonly #get: Statement<[CounterName], number>;
  readonly #set: Statement<[CounterName, number]>;

  constructor(db: Database) {
    this.#add = db.prepare(
      "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
    );
    this.#set = db.prepare(
      "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    );
    this.#get = db.prepare<[CounterName], number>("SELECT value FROM counter WHERE name = ?").pluck();
  }

  /** 0 where nothing was ever counted. */
  get(name: CounterName): number {
    return this.#get.get(name) ?? 0;
  }

  /** Adds to a count, negative amounts included. */
  add(name: CounterName, amount: number): void {
    if (amount !== 0) this.#add.run(name, amount);
  }

  /** Sets a level. */
  set(name: CounterName, value: number): void {
    this.#set.run(name, value);
  }
}
