// The thread that owns the state folder. Its host is sqlite-store.ts; the main event loop never waits for a disk.
import { join } from "node:path";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { assertInvariant, type FusiondError } from "../../fusion/model/errors.js";
import { systemClock } from "../runtime/clock.js";
import { DiskReserve } from "./disk-reserve.js";
import { GroupCommit } from "./group-commit.js";
import { openWholeDatabase } from "./rebuild.js";
import { StateFile } from "./state-file.js";
import { lockStateFolder, prepareStateFolder } from "./state-folder.js";
import { StatePlace } from "./state-place.js";
import { storeError } from "./store-errors.js";
import type { StoreAnswer, StoreCall, StoreSettings, StoreTold } from "./store-protocol.js";
import type { StoreTelemetry } from "./store.js";

/** Calls answered in one transaction at most, so that none waits long for its answer. */
const CALLS_AT_ONCE_MAX = 256;

/** How often the place of the state is looked at, ms. */
const LOOK_EVERY_MS = 5_000;

assertInvariant(parentPort !== null, "the store's worker runs in a thread");
const port = parentPort;
const settings = workerData as StoreSettings;

let told: StoreTold[] = [];
const telemetry: StoreTelemetry = {
  committed: (...args) => void told.push({ tell: "committed", args }),
  corrupt: (...args) => void told.push({ tell: "corrupt", args }),
  place: (...args) => void told.push({ tell: "place", args }),
  note: (...args) => void told.push({ tell: "note", args }),
};

/** The open state, and how to let go of it. */
interface OpenState {
  readonly group: GroupCommit;
  /** Looks at the place of the state; tells what changed. */
  look(): void;
  close(): void;
}

let state: OpenState | undefined;

function open(): OpenState {
  const { folder, reserveBytes } = settings;
  prepareStateFolder(folder);
  const unlock = lockStateFolder(folder);
  try {
    const db = openWholeDatabase(folder, (...args) => telemetry.note(...args));
    const monotonicNowMs = () => systemClock.monotonicNowMs();
    const reserve = new DiskReserve(join(folder, "reserve"), reserveBytes, monotonicNowMs);
    reserve.take();
    const place = new StatePlace(folder, reserveBytes, reserve);
    const file = new StateFile(db, settings, systemClock, telemetry, () => !reserve.held);
    return {
      look() {
        const faults = place.changed();
        if (faults !== undefined) telemetry.place(faults);
      },
      group: new GroupCommit({ db, file, folder, reserve, telemetry, monotonicNowMs }),
      close() {
        db.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Everything that queued up while the last transaction was being written. */
function takeWaiting(first: StoreCall): StoreCall[] {
  const calls = [first];
  while (calls.length < CALLS_AT_ONCE_MAX && calls.at(-1)?.operation !== "close") {
    const next = receiveMessageOnPort(port) as { message: StoreCall } | undefined;
    if (next === undefined) break;
    calls.push(next.message);
  }
  return calls;
}

function answer(replies: StoreAnswer["replies"]): void {
  port.postMessage({ replies, told } satisfies StoreAnswer);
  told = [];
}

/** The place is looked at while nothing is asked, too. */
setInterval(() => {
  state?.look();
  if (told.length > 0) answer([]);
}, LOOK_EVERY_MS).unref();

port.on("message", (first: StoreCall) => {
  const calls = takeWaiting(first);
  const closing = calls.at(-1)?.operation === "close" ? calls.pop() : undefined;
  try {
    if (calls.length > 0) {
      state ??= open();
      const replies = state.group.run(calls);
      state.look();
      answer(replies);
    }
  } catch (thrown) {
    const error: FusiondError = storeError(thrown, settings.folder);
    answer(calls.map(({ id }) => ({ id, error: { code: error.code, message: error.message } })));
  }
  if (closing === undefined) return;
  state?.close();
  answer([{ id: closing.id, value: undefined }]);
  port.close();
});
