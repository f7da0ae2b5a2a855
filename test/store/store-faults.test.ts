// What the store does when the process is killed, the disk lies, or there is no room.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { STATE_FILE } from "../../daemon/store/state-file.js";
import type { CommitBatch, Store } from "../../daemon/store/store.js";
import { batch, identity, message, openStore, temporaryFolder } from "./store-support.js";
import { debianEnvironment, programs } from "../support/debian.js";

const writer = fileURLToPath(new URL("./commit-writer.js", import.meta.url));
const big = (text: string) => Uint8Array.from(Buffer.from(text.repeat(400)));

/** Flips one bit of a file wherever the given text stands: SQLite leaves stale copies in free space. */
function flipBitAt(path: string, text: string): void {
  const bytes = readFileSync(path);
  let found = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at), found++) bytes[at] = bytes[at]! ^ 1;
  if (found === 0) throw new Error(`${text} is not in ${path}`);
  writeFileSync(path, bytes);
}

/** Commits, closes, flips a bit where the text stands in the state file, and opens again. */
async function damaged(t: Test, committed: CommitBatch, text: string) {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  await first.store.commit(committed);
  await first.store.close();
  flipBitAt(join(folder, STATE_FILE), text);
  return { folder, ...(await openStore(t, { folder })) };
}

function quarantined(folder: string): unknown[] {
  const db = new Database(join(folder, STATE_FILE), { readonly: true });
  const rows = db.prepare("SELECT table_name, row_key, reason FROM quarantine").all();
  db.close();
  return rows;
}

await t.test("store: every commit is whole or absent after SIGKILL, and what was reported is there", async (t) => {
  const folder = temporaryFolder(t);
  let killedBeforeReport = 0;
  for (let run = 0; run < 5; run++) {
    const child = spawn(process.execPath, [writer, folder, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
    let reported = -1;
    const enough = 5 + run * 17;
    createInterface({ input: child.stdout }).on("line", (line) => {
      reported = Number(line);
      if (reported >= enough) child.kill("SIGKILL");
    });
    await once(child, "close");
    const { store, recovered } = await openStore(t, { folder });
    const steps = recovered.find((group) => group.groupId === `run${run}`)?.journal.length ?? 0;
    const ofRun = (await allPending(store)).filter((id) => id.startsWith(`run${run}-`));
    t.equal(ofRun.length, 2 * steps, "journal and outbox changed together");
    t.ok(steps > reported, `reported ${reported}, found ${steps}`);
    if (steps > reported + 1) killedBeforeReport++;
    t.same(identity(await store.counts()), { door: 0, later: 0 });
    await store.close();
  }
  t.comment(`${killedBeforeReport} of 5 kills came between a commit and its report`);
});

async function allPending(store: Store): Promise<string[]> {
  return (await store.claim(1_000_000, [])).map((row) => row.messageId);
}

await t.test("store: is dead after the first fsync that fails, and everything it reported is there", async (t) => {
  const folder = temporaryFolder(t);
  const inject = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=25"];
  const child = spawn(programs.strace(), [...inject, process.execPath, writer, folder, "0"], { stdio: ["ignore", "pipe", "pipe"], env: debianEnvironment() });
  let reported = -1;
  let complaint = "";
  createInterface({ input: child.stdout }).on("line", (line) => (reported = Number(line)));
  child.stderr.on("data", (text) => (complaint += String(text)));
  const [code] = (await once(child, "close")) as [number];
  t.not(code, 0);
  t.match(complaint, /store_unavailable/);
  const { store, recovered } = await openStore(t, { folder });
  const steps = recovered[0]?.journal.length ?? 0;
  t.ok(reported >= 0 && steps > reported, `reported ${reported}, found ${steps}`);
  t.same(identity(await store.counts()), { door: 0, later: 0 });
});

await t.test("store: recovers the whole transactions of a write-ahead log that was cut short", async (t) => {
  const folder = temporaryFolder(t);
  const { store } = await openStore(t, { folder });
  for (let i = 0; i < 10; i++) await store.commit({ ...batch(message(`k${i}`, 1)), journal: [{ groupId: "g", bytes: big(`step${i}`) }] });
  const copy = join(temporaryFolder(t), "state");
  mkdirSync(copy); // as it lies on the disk while the daemon runs, without the clean end that empties the log
  for (const file of [STATE_FILE, `${STATE_FILE}-wal`]) copyFileSync(join(folder, file), join(copy, file));
  const wal = join(copy, `${STATE_FILE}-wal`);
  truncateSync(wal, statSync(wal).size - 7);
  const after = await openStore(t, { folder: copy });
  const steps = after.recovered[0]?.journal.length ?? 0;
  t.equal(steps, 9);
  t.equal((await after.store.counts()).pending, 9);
  t.same(identity(await after.store.counts()), { door: 0, later: 0 });
});

await t.test("store: puts a damaged message into quarantine, counts it and goes on", async (t) => {
  const outbox = ["a", "b", "c"].map((key) => message(key, 1, { body: big(`body-${key}`) }));
  const { folder, store, telemetry } = await damaged(t, batch(...outbox), "body-b");
  t.same((await store.claim(9, [])).map((row) => row.messageId), ["a.1", "c.1"]);
  const counts = await store.counts();
  t.equal(counts.corrupt, 1);
  t.equal(counts.shed.find((s) => s.class === "alert" && s.at === "later")?.count, 1);
  t.same(identity(counts), { door: 0, later: 0 });
  t.equal(telemetry.corruptRows, 1);
  t.match(telemetry.notes, [{ level: "error", message: /quarantine/ }]);
  t.same(quarantined(folder), [{ table_name: "outbox", row_key: "b.1", reason: "checksum" }]);
});

await t.test("store: gets rid of a message whose id was damaged, which no index finds any more", async (t) => {
  const outbox = ["a", "b", "c"].map((key) => message(key, 1, { messageId: `id-of-${key}`, subject: `subject-of-${key}` }));
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder });
  await first.store.commit(batch(...outbox));
  await first.store.close();
  const path = join(folder, STATE_FILE);
  const bytes = readFileSync(path);
  const row = bytes.indexOf("id-of-bb"); // the id and then the key: the row itself, not its index
  bytes[row] = bytes[row]! ^ 1;
  writeFileSync(path, bytes);
  const { store } = await openStore(t, { folder });
  t.same((await store.claim(9, [])).map((r) => r.messageId), ["id-of-a", "id-of-c"]);
  await store.commit(batch(message("d", 1)));
  t.same(identity(await store.counts()), { door: 0, later: 0 });
});

await t.test("store: leaves a damaged step of a journal out", async (t) => {
  const journal = ["one", "two", "six"].map((word) => ({ groupId: "g", bytes: big(`step-${word}`) }));
  const { recovered, telemetry, store } = await damaged(t, { checkpoints: [], journal, outbox: [] }, "step-two");
  t.same(recovered[0]?.journal.map((bytes) => Buffer.from(bytes).toString().slice(0, 8)), ["step-one", "step-six"]);
  t.match(telemetry.notes, [{ level: "error", message: /left out/ }]);
  t.equal((await store.counts()).corrupt, 1);
});

await t.test("store: begins a group anew whose checkpoint is damaged, and no other", async (t) => {
  const groups = ["dock", "yard"];
  const { recovered, telemetry } = await damaged(
    t,
    {
      checkpoints: groups.map((groupId) => ({ groupId, bytes: big(`state-${groupId}`) })),
      journal: groups.map((groupId) => ({ groupId, bytes: big("step") })),
      outbox: [],
    },
    "state-dock",
  );
  t.same(recovered.map((group) => [group.groupId, group.journal.length]), [["yard", 1]]);
  t.match(telemetry.notes, [{ level: "error", message: /begins anew/ }]);
});

await t.test("store: leaves a damaged background out, which its place learns anew", async (t) => {
  const backgrounds = ["one", "two"].map((word) => ({ place: `cam ${word}`, bytes: big(`look-${word}`) }));
  const checkpoints = [{ groupId: "g", bytes: big("state"), backgrounds }];
  const { folder, recovered, telemetry } = await damaged(t, { checkpoints, journal: [], outbox: [] }, "look-two");
  t.same(recovered.map((group) => group.backgrounds.map(({ place }) => place)), [["cam one"]]);
  t.match(telemetry.notes, [{ level: "error", message: /learned anew/ }]);
  t.same(quarantined(folder), [{ table_name: "background", row_key: "g cam two", reason: "checksum" }]);
});

/** A file system of the given size, or why there cannot be one. */
function smallDisk(t: Test, megabytes: number): string | undefined {
  const folder = temporaryFolder(t);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  t.teardown(() => execFileSync("umount", ["-l", folder]));
  return folder;
}

await t.test("store: goes on with alerts from its reserve when the disk is full, and with all when there is room again", async (t) => {
  const disk = smallDisk(t, 4);
  if (disk === undefined) {
    t.comment("SKIPPED: needs the right to mount a small file system");
    return;
  }
  const { store, telemetry } = await openStore(t, { folder: join(disk, "state"), reserveBytes: 512 * 1024 });
  const filler = join(disk, "filler");
  await store.commit(batch(message("first", 1)));
  execFileSync("sh", ["-c", `cat /dev/zero > ${filler} 2>/dev/null; true`]);
  let taken = 0;
  const failures: unknown[] = [];
  for (let i = 0; i < 400 && failures.length === 0; i++) {
    await store.commit(batch(message(`a${i}`, 1, { bytes: 4_000 }))).then(
      () => taken++,
      (error: unknown) => failures.push(error),
    );
  }
  t.ok(taken >= 50, `${taken} alerts were taken from the reserve`);
  t.match(failures, [{ code: "store_full", message: /free some of it/ }]);
  t.match(telemetry.places.at(-1), [{ reason: "disk_full", detail: /reserve.*free some room/ }]);
  const [row] = await store.claim(1, []);
  t.equal(row?.messageId, "first.1", "what is there can still be read");
  rmSync(filler);
  await store.commit(batch(message("after", 1)));
  const counts = await store.counts();
  t.equal(counts.pending, taken + 2);
  t.same(identity(counts), { door: 0, later: 0 });
});
