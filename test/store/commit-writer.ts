// A process of store-faults.test.ts: commits as fast as it can until it is killed, and prints what was reported done.
import { SqliteStore } from "../../daemon/store/sqlite-store.js";
import { message, RecordingStoreTelemetry } from "./store-support.js";

const [folder = "", run = ""] = process.argv.slice(2);
const store = new SqliteStore({ folder, reserveBytes: 0 }, new RecordingStoreTelemetry());
await store.open();
for (let i = 0; ; i++) {
  await store.commit({
    checkpoints: [],
    journal: [{ groupId: `run${run}`, bytes: new Uint8Array(500).fill(i) }],
    outbox: [message(`run${run}-a${i}`, 1, { bytes: 300 }), message(`run${run}-b${i}`, 1, { bytes: 300 })],
  });
  process.stdout.write(`${i}\n`);
}
