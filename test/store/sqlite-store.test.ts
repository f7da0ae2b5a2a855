// The store through its proxy and worker thread, on a real disk.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t from "tap";
import { SqliteStore } from "../../daemon/store/sqlite-store.js";
import { STATE_FILE } from "../../daemon/store/state-file.js";
import { batch, identity, message, openStore, RecordingStoreTelemetry, temporaryFolder } from "./store-support.js";

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));
const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());
const mark = (sequence: number, created = "2026-01-01T00:00:00Z") => ({ messageId: `m.${sequence}`, streamSequence: sequence, streamCreated: created });

await t.test("store: gives back what was committed when it is opened again", async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  t.same(first.recovered, []);
  await first.store.commit({
    checkpoints: [{ groupId: "dock", bytes: bytesOf("c1") }],
    journal: [
      { groupId: "dock", bytes: bytesOf("j1") },
      { groupId: "yard", bytes: bytesOf("y1") },
    ],
    outbox: [message("a", 1)],
  });
  await first.store.commit({
    checkpoints: [{ groupId: "dock", bytes: bytesOf("c2") }],
    journal: [{ groupId: "dock", bytes: bytesOf("j2") }],
    outbox: [],
  });
  await first.store.close();
  const { store, recovered } = await openStore(t, { folder });
  const groups = recovered.map((g) => ({ id: g.groupId, checkpoint: textOf(g.checkpoint), journal: g.journal.map(textOf) }));
  t.same(groups, [
    { id: "dock", checkpoint: "c2", journal: ["j2"] },
    { id: "yard", checkpoint: undefined, journal: ["y1"] },
  ]);
  const [row] = await store.claim(10, []);
  t.match(row, { messageId: "a.1", key: "a", class: "alert", attempted: true, causedAt: 1_700_000_000_001 });
  t.same(row?.body, message("a", 1).body);
});

await t.test("store: knows the highest number that a message ever carried, whatever became of it", async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder, maxBytes: 2000 });
  t.equal(await first.store.lastSeq(), 0);
  await first.store.commit(batch(message("a", 1), message("cam", 1, { class: "health", seq: 7_000_000_000_001 })));
  await first.store.commit(batch(message("mic", 1, { class: "health", seq: 7_000_000_000_002, bytes: 5000 }))); // shed at the door
  await first.store.commit(batch(message("cam", 2, { class: "health", seq: 5 })));
  t.equal(await first.store.lastSeq(), 7_000_000_000_002);
  await first.store.close();
  const { store } = await openStore(t, { folder });
  t.equal(await store.lastSeq(), 7_000_000_000_002);
});

await t.test("store: gives out a run's number once, also where the state folder is gone or the daemon was killed", async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  const runs = await Promise.all([first.store.nextRun(), first.store.nextRun(), first.store.nextRun()]);
  t.ok(runs[0] >= 1_700_000_000, "it follows the wall clock");
  const db = new Database(join(folder, "fusiond.db"), { readonly: true });
  t.equal(db.prepare("SELECT value FROM counter WHERE name = 'run'").pluck().get(), runs[2], "on the disk when it is given out");
  db.close();
  await first.store.close();
  const { store } = await openStore(t, { folder });
  runs.push(await store.nextRun());
  t.strictSame(runs, [...new Set(runs)].sort((a, b) => a - b), "each above those before it");
});

await t.test("store: backgrounds are written with a checkpoint and stay until they are replaced, taken out, or their group is forgotten", async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  const row = (place: string, text: string) => ({ place, bytes: bytesOf(text) });
  await first.store.commit({ checkpoints: [{ groupId: "dock", bytes: bytesOf("c1"), backgrounds: [row("cam 0", "a"), row("cam 1", "b"), row("cam 2", "c")] }], journal: [], outbox: [] });
  await first.store.commit({ checkpoints: [{ groupId: "dock", bytes: bytesOf("c2"), backgrounds: [row("cam 1", "B"), { place: "cam 2" }] }], journal: [], outbox: [] });
  await first.store.commit({ checkpoints: [{ groupId: "dock", bytes: bytesOf("c3") }, { groupId: "yard", bytes: bytesOf("y"), backgrounds: [row("cam 0", "y")] }], journal: [], outbox: [] });
  await first.store.close();
  const second = await openStore(t, { folder });
  const groups = second.recovered.map((g) => [g.groupId, textOf(g.checkpoint), g.backgrounds.map(({ place, bytes }) => `${place} ${textOf(bytes)}`)]);
  t.same(groups, [["dock", "c3", ["cam 0 a", "cam 1 B"]], ["yard", "y", ["cam 0 y"]]]);
  await second.store.commit({ forgotten: ["dock"], checkpoints: [], journal: [], outbox: [] });
  await second.store.close();
  const { recovered } = await openStore(t, { folder });
  t.same(recovered.map((g) => g.groupId), ["yard"]);
});

await t.test("store: a state file from before there were backgrounds goes on", async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  await first.store.commit({ checkpoints: [{ groupId: "dock", bytes: bytesOf("c1") }], journal: [], outbox: [] });
  await first.store.close();
  const db = new Database(join(folder, STATE_FILE));
  db.exec("DROP TABLE background");
  db.pragma("user_version = 1");
  db.close();
  const { recovered } = await openStore(t, { folder });
  t.match(recovered, [{ groupId: "dock", backgrounds: [] }]);
});

await t.test("store: keeps its folder and files to itself", async (t) => {
  const folder = join(temporaryFolder(t), "state");
  await openStore(t, { folder });
  t.equal(statSync(folder).mode & 0o777, 0o700);
  for (const file of [STATE_FILE, `${STATE_FILE}-wal`, "lock"]) t.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
});

await t.test("store: refuses a folder that another one holds, and frees it when closed", async (t) => {
  const folder = temporaryFolder(t);
  const { store } = await openStore(t, { folder });
  const second = new SqliteStore({ folder, reserveBytes: 0 }, new RecordingStoreTelemetry());
  await t.rejects(second.open(), { code: "store_locked", message: new RegExp(folder) });
  await store.commit(batch(message("a", 1)));
  await store.close();
  await t.resolves(openStore(t, { folder }));
});

await t.test("store: refuses a folder that cannot be written, in one sentence", async (t) => {
  // Where not even root may make a folder.
  const store = new SqliteStore({ folder: "/sys/fusiond" }, new RecordingStoreTelemetry());
  await t.rejects(store.open(), { code: "store_unavailable", message: /cannot be written/ });
});

await t.test("store: refuses a folder that is a file, in one sentence", async (t) => {
  const { store } = await openStore(t, { folder: temporaryFolder(t) });
  await store.close();
  const broken = new SqliteStore({ folder: "/dev/null/state" }, new RecordingStoreTelemetry());
  await t.rejects(broken.open(), { code: "store_unavailable", message: /state folder .* cannot be written/ });
});

await t.test("store: refuses a state file of a newer fusiond and leaves it as it is", async (t) => {
  const folder = temporaryFolder(t);
  await (await openStore(t, { folder })).store.close();
  const db = new Database(join(folder, STATE_FILE));
  db.pragma("user_version = 99");
  db.close();
  const store = new SqliteStore({ folder }, new RecordingStoreTelemetry());
  await t.rejects(store.open(), { code: "store_version", message: /state version 99/ });
  const after = new Database(join(folder, STATE_FILE));
  t.equal(after.pragma("user_version", { simple: true }), 99);
  after.close();
});

await t.test("store: says what to do when the state file is no database", async (t) => {
  const folder = temporaryFolder(t);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(join(folder, STATE_FILE), "this is not a database, it is a sentence".repeat(100));
  const store = new SqliteStore({ folder }, new RecordingStoreTelemetry());
  await t.rejects(store.open(), { code: "store_unavailable", message: /is damaged .*move it away/ });
});

await t.test("store: writes commits together that queued up, each whole", async (t) => {
  const { store, telemetry } = await openStore(t, { folder: temporaryFolder(t) });
  await Promise.all(Array.from({ length: 500 }, (_, i) => store.commit(batch(message(`k${i}`, 1)))));
  t.equal((await store.counts()).pending, 500);
  t.ok(telemetry.commits.length < 250, `${telemetry.commits.length} transactions`);
});

await t.test("store: undoes one refused batch without its neighbours", async (t) => {
  const { store } = await openStore(t, { folder: temporaryFolder(t), maxBytes: 4_000 });
  const outcomes = await Promise.allSettled([
    store.commit(batch(message("a", 1))),
    store.commit({ ...batch(message("b", 1), message("c", 1, { bytes: 5_000 })), journal: [{ groupId: "g", bytes: bytesOf("x") }] }),
    store.commit(batch(message("d", 1))),
  ]);
  t.same(outcomes.map((o) => o.status), ["fulfilled", "rejected", "fulfilled"]);
  t.match(outcomes[1], { reason: { code: "outbox_full" } });
  t.same((await store.claim(9, [])).map((row) => row.messageId), ["a.1", "d.1"]);
  t.match(await store.counts(), { offered: 2, accepted: 2 });
});

await t.test("store: answers with the same error once its thread has gone", async (t) => {
  const { store } = await openStore(t, { folder: temporaryFolder(t) });
  const late = store.commit(batch(message("a", 1)));
  await store.close();
  await t.resolves(late);
  await t.rejects(store.counts(), { code: "store_unavailable" });
  await t.resolves(store.close());
});

await t.test("store: keeps the mark at the furthest acknowledgement, whatever the stream's date, until it is rebased", async (t) => {
  const folder = temporaryFolder(t);
  const { store } = await openStore(t, { folder });
  t.equal(await store.lastAcknowledged(), undefined);
  await store.commit(batch(message("a", 1), message("b", 1), message("c", 1)));
  const [a, b, c] = await store.claim(3, []);
  await store.acknowledge(a!.rowId, mark(5));
  await store.acknowledge(b!.rowId, mark(4));
  await store.acknowledge(c!.rowId, mark(9, "2026-02-02T00:00:00Z"));
  t.same(await store.lastAcknowledged(), mark(9, "2026-02-02T00:00:00Z"));
  await store.rebase(mark(2, "2026-02-02T00:00:00Z"));
  await store.close();
  const again = await openStore(t, { folder });
  t.same(await again.store.lastAcknowledged(), mark(2, "2026-02-02T00:00:00Z"));
  t.same((await again.store.retained(0, 2)).map((row) => row.messageId), ["a.1", "b.1"]);
  t.same((await again.store.retained(b!.rowId, 2)).map((row) => [row.messageId, row.attempted]), [["c.1", true]]);
  t.same(identity(await again.store.counts()), { door: 0, later: 0 });
});

await t.test("store: holds its reserve on the disk", async (t) => {
  const folder = temporaryFolder(t);
  await openStore(t, { folder, reserveBytes: 256 * 1024 });
  t.ok(existsSync(join(folder, "reserve")));
  t.equal(statSync(join(folder, "reserve")).size, 256 * 1024);
});
