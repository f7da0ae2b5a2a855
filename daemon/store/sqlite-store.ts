// The store as the daemon sees it: a proxy of the worker thread that owns the state folder.
import { Worker } from "node:worker_threads";
import { FusiondError, messageOf } from "../../fusion/model/errors.js";
import type { StoreAnswer, StoreCall, StoreOperations, StoreReply, StoreSettings } from "./store-protocol.js";
import type { AcknowledgedMark, CommitBatch, OutboxCounts, OutboxRow, RecoveredGroup, Store, StoreTelemetry } from "./store.js";

/** Acknowledged rows are kept at least this long, ms: five times the two minutes after which a broker writes to disk. */
const KEEP_ACKNOWLEDGED_MIN_MS = 10 * 60_000;

/** What the store is made with. */
export interface SqliteStoreOptions {
  /** The state folder; made if it is not there. */
  readonly folder: string;
  /** Byte budget of the outbox. Default 256 MiB. */
  readonly maxBytes?: number;
  /** How long acknowledged rows are kept, at least 10 minutes, which is the default. */
  readonly keepAcknowledgedMs?: number;
  /** Room on the disk held back for alerts. Default 4 MiB. */
  readonly reserveBytes?: number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FusiondError) => void;
}

/** A Store in one SQLite file. Calls are carried out in the order in which they were made. */
export class SqliteStore implements Store {
  readonly #settings: StoreSettings;
  readonly #telemetry: StoreTelemetry;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #exited: Promise<void> | undefined;
  #lastId = 0;
  #dead: FusiondError | undefined;

  constructor(options: SqliteStoreOptions, telemetry: StoreTelemetry) {
    this.#settings = {
      folder: options.folder,
      maxBytes: options.maxBytes ?? 256 * 1024 * 1024,
      keepAcknowledgedMs: Math.max(KEEP_ACKNOWLEDGED_MIN_MS, options.keepAcknowledgedMs ?? 0),
      reserveBytes: options.reserveBytes ?? 4 * 1024 * 1024,
    };
    this.#telemetry = telemetry;
  }

  async open(): Promise<readonly RecoveredGroup[]> {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: this.#settings,
      execArgv: [], // loaders that the process was started with would be loaded again
    });
    this.#worker = worker;
    worker.on("message", (answer: StoreAnswer) => this.#take(answer));
    worker.on("error", (error) => this.#die(error));
    this.#exited = new Promise((resolve) =>
      worker.once("exit", () => {
        this.#die(new Error("it ended"));
        resolve();
      }),
    );
    try {
      return await this.#call("recover");
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  commit(batch: CommitBatch): Promise<void> {
    return this.#call("commit", {
      forgotten: batch.forgotten ?? [],
      checkpoints: batch.checkpoints.map(({ groupId, bytes, backgrounds = [] }) => ({
        groupId,
        bytes: compact(bytes),
        backgrounds: backgrounds.map((row) => (row.bytes === undefined ? row : { ...row, bytes: compact(row.bytes) })),
      })),
      journal: batch.journal.map((entry) => ({ ...entry, bytes: compact(entry.bytes) })),
      outbox: batch.outbox.map((message) => ({ ...message, body: compact(message.body) })),
    });
  }

  claim(limit: number, exceptKeys: readonly string[]): Promise<readonly OutboxRow[]> {
    return this.#call("claim", limit, exceptKeys);
  }

  acknowledge(rowId: number, mark: AcknowledgedMark): Promise<void> {
    return this.#call("acknowledge", rowId, mark);
  }

  lastAcknowledged(): Promise<AcknowledgedMark | undefined> {
    return this.#call("lastAcknowledged");
  }

  rebase(mark: AcknowledgedMark | undefined): Promise<void> {
    return this.#call("rebase", mark);
  }

  retained(afterRowId: number, limit: number): Promise<readonly OutboxRow[]> {
    return this.#call("retained", afterRowId, limit);
  }

  ageRetained(running: boolean): Promise<void> {
    return this.#call("ageRetained", running);
  }

  counts(): Promise<OutboxCounts> {
    return this.#call("counts");
  }

  lastSeq(): Promise<number> {
    return this.#call("lastSeq");
  }

  nextRun(): Promise<number> {
    return this.#call("nextRun");
  }

  async close(): Promise<void> {
    if (this.#worker === undefined) return;
    if (this.#dead === undefined) await this.#post("close", []).catch(() => undefined); // gone already is gone too
    await this.#exited;
  }

  #call<K extends keyof StoreOperations>(
    operation: K,
    ...args: Parameters<StoreOperations[K]>
  ): Promise<ReturnType<StoreOperations[K]>> {
    return this.#post(operation, args) as Promise<ReturnType<StoreOperations[K]>>;
  }

  #post(operation: StoreCall["operation"], args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#dead !== undefined || this.#worker === undefined) {
        reject(this.#dead ?? new FusiondError("store_unavailable", "the store is not open: open it first"));
        return;
      }
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, operation, args } satisfies StoreCall);
    });
  }

  #take({ replies, told }: StoreAnswer): void {
    const telemetry = this.#telemetry as unknown as Record<keyof StoreTelemetry, (...args: readonly unknown[]) => void>;
    for (const { tell, args } of told) telemetry[tell](...args);
    for (const reply of replies) this.#settle(reply);
  }

  #settle(reply: StoreReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(new FusiondError(reply.error.code, reply.error.message));
    else waiting?.resolve(reply.value);
  }

  #die(cause: unknown): void {
    this.#dead ??= new FusiondError(
      "store_unavailable",
      `the store of ${this.#settings.folder} is closed (${messageOf(cause)}): start fusiond again`,
      { cause },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}

/** Bytes that own their memory: a view would drag the whole buffer below it into the other thread. */
function compact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}
