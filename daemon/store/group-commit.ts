// Many calls, one transaction, one fsync: and what becomes of each call when the disk is full or fails.
import type { Database } from "better-sqlite3";
import { FusiondError } from "../../fusion/model/errors.js";
import type { DiskReserve } from "./disk-reserve.js";
import type { StateFile } from "./state-file.js";
import { storeError } from "./store-errors.js";
import type { StoreCall, StoreOperations, StoreReply } from "./store-protocol.js";
import type { StoreTelemetry } from "./store.js";

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

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The answers, in order. They are final: what they report as done is on the disk. */
  run(calls: readonly StoreCall[]): readonly StoreReply[] {
    if (this.#dead !== undefined) return calls.map((call) => failed(call, this.#dead!));
    try {
      return this.#transact(calls);
    } catch (thrown) {
      return this.#afterFailure(calls, storeError(thrown, this.#options.folder));
    }
  }

  #transact(calls: readonly StoreCall[]): readonly StoreReply[] {
    const { db, file, reserve, telemetry, monotonicNowMs } = this.#options;
    const writes = calls.some((call) => call.operation === "commit");
    if (writes) reserve.take();
    const startedAtMs = monotonicNowMs();
    const replies = db.transaction(() => calls.map((call) => this.#attempt(call)))();
    if (writes) telemetry.committed((monotonicNowMs() - startedAtMs) / 1000);
    file.tellCorrupt();
    return replies;
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
    const operation = this.#options.file[call.operation as keyof StoreOperations] as (...args: readonly unknown[]) => unknown;
    return operation.apply(this.#options.file, [...call.args]);
  }

  #afterFailure(calls: readonly StoreCall[], failure: FusiondError): readonly StoreReply[] {
    const { reserve, telemetry } = this.#options;
    if (failure.code !== "store_full") {
      this.#dead = failure;
      return calls.map((call) => failed(call, failure));
    }
    if (reserve.spend()) {
      telemetry.note("error", "the disk is full: the reserve for alerts is being used, health messages are shed");
      return this.run(calls);
    }
    const [only] = calls;
    if (calls.length === 1 && only !== undefined) return [failed(only, failure)];
    return calls.flatMap((call) => this.run([call]));
  }
}

function failed(call: StoreCall, error: FusiondError): StoreReply {
  return { id: call.id, error: { code: error.code, message: error.message } };
}
