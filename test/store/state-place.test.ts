// The state folder as others leave it: somebody else's, deleted, replaced, without room for the reserve.
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { DiskReserve } from "../../daemon/store/disk-reserve.js";
import { STATE_FILE } from "../../daemon/store/state-file.js";
import { lockStateFolder, prepareStateFolder } from "../../daemon/store/state-folder.js";
import { StatePlace } from "../../daemon/store/state-place.js";
import { batch, message, openStore, temporaryFolder } from "./store-support.js";

const SOMEBODY = 12_345;
const asRoot = process.geteuid?.() === 0;
const skip = asRoot ? false : "needs root, to give files away";

await t.test("state folder: one that belongs to another user, or holds such a file, is refused in one sentence", { skip }, (t) => {
  const folder = temporaryFolder(t);
  chownSync(folder, SOMEBODY, SOMEBODY);
  t.throws(() => prepareStateFolder(folder), { code: "store_unavailable", message: /belongs to user 12345 and fusiond runs as root: run it as that user/ });
  chownSync(folder, 0, 0);
  prepareStateFolder(folder);
  for (const name of [STATE_FILE, `${STATE_FILE}-wal`, "reserve", "lock"]) {
    const path = join(folder, name);
    writeFileSync(path, "");
    chownSync(path, SOMEBODY, SOMEBODY);
    t.throws(() => prepareStateFolder(folder), { message: new RegExp(`${name} in the state folder .* belongs to user 12345`) });
    rmSync(path);
  }
  mkdirSync(join(folder, "nats"));
  chownSync(join(folder, "nats"), SOMEBODY, SOMEBODY);
  t.throws(() => prepareStateFolder(folder), { code: "store_unavailable" });
  t.end();
});

await t.test("state folder: a daemon without rights is told so about root's folder", { skip }, (t) => {
  const folder = temporaryFolder(t);
  process.seteuid!(SOMEBODY);
  t.teardown(() => process.seteuid!(0));
  t.throws(() => prepareStateFolder(folder), { code: "store_unavailable", message: /state folder/ });
  process.seteuid!(0);
  t.end();
});

await t.test("store: a folder that is deleted, moved or replaced is told and ends nothing, and over when it is put back", async (t) => {
  const above = temporaryFolder(t);
  const folder = join(above, "state");
  const { store, telemetry } = await openStore(t, { folder });
  await store.commit(batch(message("a", 1)));
  t.same(telemetry.places, []);
  renameSync(folder, join(above, "elsewhere"));
  await store.commit(batch(message("b", 1)));
  t.match(telemetry.places, [[{ reason: "folder_replaced", detail: /deleted or replaced.*put the folder back/ }]]);
  prepareStateFolder(folder);
  lockStateFolder(folder)();
  writeFileSync(join(folder, STATE_FILE), "another one");
  await store.commit(batch(message("c", 1)));
  t.equal(telemetry.places.length, 1, "told once");
  t.same((await store.claim(9, [])).map((row) => row.messageId), ["a.1", "b.1", "c.1"], "alerts go on");
  rmSync(folder, { recursive: true });
  renameSync(join(above, "elsewhere"), folder);
  await store.counts();
  t.same(telemetry.places.at(-1), []);
});

await t.test("state place: a reserve that somebody eats is taken again, and told while it cannot be", (t) => {
  const folder = temporaryFolder(t);
  const bytes = 256 * 1024;
  writeFileSync(join(folder, STATE_FILE), "");
  let nowMs = 0;
  const path = join(folder, "reserve");
  const reserve = new DiskReserve(path, bytes, () => nowMs);
  const place = new StatePlace(folder, bytes, reserve);
  t.equal(place.changed(), undefined, "all is well, and that is no news");
  truncateSync(path, 10);
  t.equal(place.changed(), undefined);
  t.equal(reserve.state, "held", "taken again at once");
  rmSync(path);
  mkdirSync(join(path, "x"), { recursive: true }); // nothing can be written there
  t.match(place.changed(), [{ reason: "reserve_missing", detail: /no room for the reserve of 262144 bytes.*free some/ }]);
  t.equal(place.changed(), undefined, "told once");
  rmSync(path, { recursive: true, force: true });
  t.equal(place.changed(), undefined, "a full disk stays full for a while: it is not asked all the time");
  nowMs += 30_000;
  t.same(place.changed(), []);
  t.ok(reserve.spend());
  writeFileSync(join(folder, "x"), "");
  t.match(place.changed(), [{ reason: "disk_full", detail: /use their reserve/ }]);
  nowMs += 30_000;
  t.same(place.changed(), []);
  t.end();
});

await t.test("store: says so when the disk has no room for the reserve from the start", { skip }, async (t) => {
  const disk = temporaryFolder(t);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    t.comment("SKIPPED: needs the right to mount a small file system");
    return;
  }
  t.teardown(() => execFileSync("umount", ["-l", disk]));
  const { store, telemetry } = await openStore(t, { folder: join(disk, "state"), reserveBytes: 4 * 1024 * 1024 });
  await store.commit(batch(message("a", 1)));
  t.match(telemetry.places, [[{ reason: "reserve_missing", detail: /4194304 bytes/ }]]);
  t.equal((await store.counts()).pending, 1);
});
