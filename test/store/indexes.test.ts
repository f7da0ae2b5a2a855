// Flipped bytes in the pages of indexes: whatever was hit, every row that is whole is still delivered, each once.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t from "tap";
import { STATE_FILE } from "../../daemon/store/state-file.js";
import { batch, identity, message, openStore, temporaryFolder } from "./store-support.js";

const INDEXES = ["outbox_waiting", "outbox_waiting_key", "outbox_waiting_class", "outbox_retained_class", "sqlite_autoindex_outbox_1", "journal_group", "sqlite_autoindex_counter_1", "sqlite_autoindex_checkpoint_1", "sqlite_autoindex_meta_1"];
const WAITING = Array.from({ length: 60 }, (_, i) => `w${i}`);

/** A state file with waiting and acknowledged rows, a journal, checkpoints and a mark, closed. */
async function filled(folder: string, t: Parameters<typeof openStore>[0]): Promise<string> {
  const { store } = await openStore(t, { folder });
  await store.commit({
    checkpoints: ["g", "h"].map((groupId) => ({ groupId, bytes: Buffer.from(`state of ${groupId}`) })),
    journal: Array.from({ length: 20 }, (_, i) => ({ groupId: i % 2 === 0 ? "g" : "h", bytes: Buffer.from(`step ${i}`) })),
    outbox: [...Array.from({ length: 20 }, (_, i) => message(`r${i}`, 1)), ...WAITING.map((key) => message(key, 1, { bytes: 200 }))],
  });
  for (const row of await store.claim(20, [])) await store.acknowledge(row.rowId, { messageId: row.messageId, streamSequence: row.rowId, streamCreated: "c" });
  await store.close();
  return join(folder, STATE_FILE);
}

function rootPages(path: string): Map<string, number> {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare<[], { name: string; rootpage: number }>("SELECT name, rootpage FROM sqlite_schema WHERE type = 'index'").all();
  db.close();
  return new Map(rows.map(({ name, rootpage }) => [name, rootpage]));
}

/** mulberry32: the same bytes are hit in every run. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let x = Math.imul(a ^ (a >>> 15), 1 | a);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

for (const index of INDEXES) {
  await t.test(`store: rows survive flipped bytes in ${index}`, async (t) => {
    const original = await filled(temporaryFolder(t), t);
    const bytes = readFileSync(original);
    const page = rootPages(original).get(index);
    t.ok(page, "it is there");
    const next = random(page!);
    let mended = 0;
    for (let run = 0; run < 6; run++) {
      const damaged = Buffer.from(bytes);
      const start = (page! - 1) * 4096;
      // The head of the page, or its cells, which fill it from the end.
      for (let i = 0; i < 1 + run; i++) {
        const at = start + (run % 3 === 0 ? Math.floor(next() * 64) : 4095 - Math.floor(next() * 30));
        damaged[at] = damaged[at]! ^ (1 << Math.floor(next() * 8));
      }
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, STATE_FILE), damaged);
      const { store, recovered, telemetry } = await openStore(t, { folder });
      const rows = await store.claim(200, []);
      const retained = await store.retained(0, 200);
      const counts = await store.counts();
      if (telemetry.notes.some(({ message: said }) => said.includes("made anew"))) mended++;
      const whole =
        rows.length === WAITING.length &&
        new Set(rows.map((row) => row.messageId)).size === WAITING.length &&
        retained.length === 20 &&
        recovered.length === 2 &&
        recovered.every(({ journal, checkpoint }) => journal.length === 10 && checkpoint !== undefined) &&
        (await store.lastAcknowledged())?.streamSequence === 20;
      if (!whole) t.fail(`run ${run}`, { rows: rows.length, retained: retained.length, recovered: recovered.length, notes: telemetry.notes });
      t.same(identity(counts), { door: 0, later: 0 });
      await store.commit(batch(message("new", 1)));
      await store.close();
    }
    t.ok(mended > 0, `${mended} of 6 had to be mended`);
  });
}
