// The rules of the outbox: coalescing, shedding, retention and the counts. On the state file itself, with its own clock.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import t, { type Test } from "tap";
import { FusiondError } from "../../fusion/model/errors.js";
import { openStateDatabase, StateFile } from "../../daemon/store/state-file.js";
import type { OutboxRow } from "../../daemon/store/store.js";
import { batch, identity, message, RecordingStoreTelemetry, temporaryFolder } from "./store-support.js";

/** A state file without its thread: every call in a transaction, as the group commit makes them. */
class Harness {
  readonly telemetry = new RecordingStoreTelemetry();
  readonly folder: string;
  readonly maxBytes: number;
  wallMs = 1_700_000_000_000;
  monotonicMs = 0;
  diskShort = false;
  #sequence = 0;
  #db!: ReturnType<typeof openStateDatabase>;
  #file!: StateFile;

  constructor(folder: string, maxBytes = 100_000) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.open();
  }

  open(): void {
    const settings = { folder: this.folder, maxBytes: this.maxBytes, keepAcknowledgedMs: 600_000, reserveBytes: 0 };
    const clock = { wallNowMs: () => this.wallMs, monotonicNowMs: () => this.monotonicMs };
    this.#db = openStateDatabase(this.folder);
    this.#db.pragma("synchronous = OFF"); // the rules are tested here, not the disk
    this.#file = new StateFile(this.#db, settings, clock, this.telemetry, () => this.diskShort);
    this.do((file) => file.recover());
  }

  do<T>(call: (file: StateFile) => T): T {
    return this.#db.transaction(() => call(this.#file))();
  }

  offer(...messages: ReturnType<typeof message>[]): void {
    this.do((file) => file.commit(batch(...messages)));
  }

  claim(limit = 100, except: string[] = []): readonly OutboxRow[] {
    return this.do((file) => file.claim(limit, except));
  }

  acknowledge(rowId: number): void {
    const streamSequence = ++this.#sequence;
    this.do((file) => file.acknowledge(rowId, { messageId: "m", streamSequence, streamCreated: "c" }));
  }

  retained(): string[] {
    return this.do((file) => file.retained(0, 1000)).map((row) => row.messageId);
  }

  counts() {
    return this.do((file) => file.counts());
  }

  close(): void {
    this.#db.close();
  }
}

function harness(t: Test, maxBytes?: number): Harness {
  const made = new Harness(temporaryFolder(t), maxBytes);
  t.teardown(() => made.close());
  return made;
}

const ids = (rows: readonly OutboxRow[]) => rows.map((row) => row.messageId);

await t.test("outbox: coalesces what nobody was given yet into the newest of its key", (t) => {
  const h = harness(t);
  h.offer(message("a", 1), message("b", 1));
  h.offer(message("a", 2));
  h.offer(message("a", 3));
  t.same(ids(h.claim()), ["b.1", "a.3"]);
  t.match(h.counts(), { offered: 4, accepted: 4, superseded: 2, pending: 2 });
  t.end();
});

await t.test("outbox: never supersedes what may have been sent, and gives keys out one at a time and in order", (t) => {
  const h = harness(t);
  h.offer(message("a", 1));
  const [first] = h.claim();
  t.equal(first?.attempted, false);
  h.offer(message("a", 2));
  h.offer(message("a", 3));
  t.same(ids(h.claim(10, ["a"])), []);
  t.match(h.claim(), [{ messageId: "a.1", attempted: true }]);
  h.acknowledge(first!.rowId);
  t.same(ids(h.claim()), ["a.3"]);
  t.match(h.counts(), { superseded: 1, acknowledged: 1, pending: 1 });
  t.end();
});

await t.test("outbox: takes everything from before a restart as possibly sent", (t) => {
  const h = harness(t);
  h.offer(message("a", 1));
  h.close();
  h.open();
  h.offer(message("a", 2));
  t.match(h.claim(), [{ messageId: "a.1", attempted: true }]);
  t.equal(h.counts().superseded, 0);
  t.end();
});

await t.test("outbox: takes a message id once", (t) => {
  const h = harness(t);
  h.offer(message("a", 1));
  h.offer(message("a", 1));
  t.match(h.counts(), { offered: 1, accepted: 1, superseded: 0, pending: 1 });
  t.end();
});

await t.test("outbox: counts a row that is acknowledged twice once", (t) => {
  const h = harness(t);
  h.offer(message("a", 1));
  const [row] = h.claim();
  h.acknowledge(row!.rowId);
  h.acknowledge(row!.rowId);
  t.match(h.counts(), { acknowledged: 1, pending: 0 });
  t.end();
});

await t.test("outbox: sheds health messages at nine tenths, then those it holds, and never an alert", (t) => {
  const h = harness(t, 20_000);
  const health = (i: number) => message(`s${i}`, 1, { class: "health", bytes: 1_000 });
  for (let i = 0; i < 20; i++) h.offer(health(i));
  const { shed, bytes, pending } = h.counts();
  t.ok(bytes <= 18_000 && pending > 10);
  t.same(shed.find((s) => s.class === "health" && s.at === "door")?.count, 20 - pending);
  let alerts = 0;
  try {
    for (; alerts < 100; alerts++) h.offer(message(`a${alerts}`, 1, { bytes: 1_000 }));
    t.fail("the outbox took more than it can hold");
  } catch (error) {
    t.match(error, { code: "outbox_full" });
  }
  const full = h.counts();
  t.equal(full.shed.find((s) => s.class === "health" && s.at === "later")?.count, pending);
  t.equal(full.pending, alerts);
  t.ok(full.bytes <= 20_000);
  t.same(identity(full), { door: 0, later: 0 });
  t.end();
});

await t.test("outbox: lets acknowledged alerts go before it refuses new ones, and says so once", (t) => {
  const h = harness(t, 10_000);
  for (let i = 0; i < 7; i++) h.offer(message(`a${i}`, 1, { bytes: 1_000 }));
  for (const row of h.claim()) h.acknowledge(row.rowId);
  for (let i = 7; i < 12; i++) h.offer(message(`a${i}`, 1, { bytes: 1_000 }));
  t.equal(h.counts().pending, 5);
  t.same(h.retained(), ["a5.1", "a6.1"]);
  t.match(h.telemetry.notes, [{ level: "warn", message: /nearly full/ }]);
  t.equal(h.telemetry.notes.length, 1);
  t.end();
});

await t.test("outbox: sheds health messages while the disk is short of room, except to replace one", (t) => {
  const h = harness(t);
  h.offer(message("s", 1, { class: "health" }));
  h.diskShort = true;
  h.offer(message("s", 2, { class: "health" }), message("r", 1, { class: "health" }), message("a", 1));
  t.same(ids(h.claim()), ["s.2", "a.1"]);
  t.same(identity(h.counts()), { door: 0, later: 0 });
  t.end();
});

await t.test("outbox: keeps acknowledged rows for as long as the stream is known to hold them", (t) => {
  const h = harness(t);
  h.offer(message("a", 1), message("b", 1));
  const [a, b] = h.claim();
  h.acknowledge(a!.rowId);
  h.monotonicMs += 10_000_000;
  h.wallMs += 365 * 24 * 3_600_000;
  h.offer(message("x", 1));
  t.same(h.retained(), ["a.1"], "no broker, no time passes, whatever the wall clock does");
  h.do((file) => file.ageRetained(true));
  h.monotonicMs += 300_000;
  h.acknowledge(b!.rowId);
  h.monotonicMs += 300_000;
  h.offer(message("x", 2));
  t.same(h.retained(), ["b.1"]);
  h.do((file) => file.ageRetained(false));
  h.monotonicMs += 10_000_000;
  h.offer(message("x", 3));
  t.same(h.retained(), ["b.1"]);
  h.do((file) => file.ageRetained(true));
  h.monotonicMs += 300_000;
  h.offer(message("x", 4));
  t.same(h.retained(), []);
  t.end();
});

await t.test("outbox: keeps retained rows their full time again after a restart and after a rebase", (t) => {
  const h = harness(t);
  h.offer(message("a", 1));
  h.acknowledge(h.claim()[0]!.rowId);
  h.do((file) => file.ageRetained(true));
  h.monotonicMs += 599_000;
  h.close();
  h.open();
  h.do((file) => file.ageRetained(true));
  h.monotonicMs += 599_000;
  h.offer(message("x", 1));
  t.same(h.retained(), ["a.1"]);
  h.do((file) => file.rebase(undefined));
  h.monotonicMs += 599_000;
  h.offer(message("x", 2));
  t.same(h.retained(), ["a.1"]);
  h.monotonicMs += 2_000;
  h.offer(message("x", 3));
  t.same(h.retained(), []);
  t.end();
});

/** One step of a random life of the outbox. */
type Step =
  | { do: "offer"; key: string; health: boolean; bytes: number }
  | { do: "claim"; limit: number }
  | { do: "acknowledge"; pick: number }
  | { do: "reopen" }
  | { do: "wait"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("offer" as const), key: fc.constantFrom("a", "b", "c", "d"), health: fc.boolean(), bytes: fc.nat(900) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("claim" as const), limit: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("acknowledge" as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(900_000) }) },
);

function perform(h: Harness, step: Step, claimed: number[], revision: number): void {
  switch (step.do) {
    case "offer":
      try {
        h.offer(message(step.key, revision, { class: step.health ? "health" : "alert", bytes: step.bytes }));
      } catch (error) {
        if (!(error instanceof FusiondError) || error.code !== "outbox_full") throw error;
      }
      return;
    case "claim":
      claimed.push(...h.claim(step.limit).map((row) => row.rowId));
      return;
    case "acknowledge":
      if (claimed.length > 0) h.acknowledge(claimed[step.pick % claimed.length]!);
      return;
    case "reopen":
      h.close();
      h.open();
      h.do((file) => file.ageRetained(true));
      return;
    case "wait":
      h.monotonicMs += step.ms;
  }
}

await t.test("outbox: the counts add up at any moment of any life, and no alert goes but acknowledged or superseded", (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const folder = mkdtempSync(join(tmpdir(), "fusiond-outbox-"));
      const h = new Harness(folder, 6_000);
      try {
        const claimed: number[] = [];
        for (const [i, next] of steps.entries()) {
          perform(h, next, claimed, i + 1);
          const counts = h.counts();
          const off = identity(counts);
          const alertsShed = counts.shed.find((s) => s.class === "alert" && s.at === "later")?.count ?? 0;
          if (off.door !== 0 || off.later !== 0 || alertsShed !== 0 || counts.bytes > 6_000) return false;
        }
        return h.telemetry.notes.every((note) => note.level !== "error");
      } finally {
        h.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
  t.end();
});
